//! Values of options: formats of times and durations, and hints for refused values.

use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::Value;

/// Command that mints a token without a store.
const MINT: [&str; 5] = ["token", "mint", "--secret-env", "SECRET", "--alg=HS256"];

fn sandbox_with_secret() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", "a secret of at least thirty-two bytes");
    sandbox
}

#[test]
fn time_options_set_the_time_claims_of_a_minted_token() {
    let sandbox = sandbox_with_secret();
    let arguments = ["--issued-at", "-2h", "--not-before", "now", "--expires-at", "+1d12h"];
    let claims = payload(&sandbox.stdout_of(&[&MINT[..], &arguments].concat()));
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap();
    assert_eq!(seconds("nbf") - seconds("iat"), 7_200);
    assert_eq!(seconds("exp") - seconds("nbf"), 129_600);
    for (text, expected) in [
        ("2030-01-31", 1_896_048_000),
        ("1896048000", 1_896_048_000),
        ("2030-01-31T01:00:00+01:00", 1_896_048_000),
    ] {
        let claims = payload(&sandbox.stdout_of(&[&MINT[..], &["--expires-at", text]].concat()));
        assert_eq!(claims["exp"], expected, "{text}");
    }
}

#[test]
fn time_options_accept_the_same_formats() {
    let sandbox = Sandbox::with_admin();
    let app_token = sandbox.stdout_of(&["token", "create", "ci", "--expires-at", "+10d"]);
    let options: [(&[&str], &str); 9] = [
        (&["token", "create", "ci"], "--expires-at"),
        (&["token", "mint"], "--issued-at"),
        (&["token", "mint"], "--not-before"),
        (&["token", "mint"], "--expires-at"),
        (&["token", "fixtures"], "--at"),
        (&["token", "list"], "--before"),
        (&["token", "revoke", "--dry-run", "--all-users", "--yes"], "--before"),
        (&["audit", "list"], "--since"),
        (&["audit", "list"], "--until"),
    ];
    for time in ["now", "+1h", "-1h", "1h ago", "2030-01-31", "2030-01-31T12:00:00Z", "1896048000"]
    {
        for (command, option) in options {
            let output = sandbox.run(&[command, &[option, time]].concat());
            assert!(!output.stderr.contains("invalid value"), "{option} {time}: {}", output.stderr);
        }
        let output = sandbox.run(&["token", "verify", &app_token, "--at", time]);
        assert!(matches!(output.code, 0 | 10 | 11), "{time}: {}", output.stderr);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "long snapshots")]
fn refused_option_values_have_hints() {
    let sandbox = sandbox_with_secret();
    let mint = |arguments: &[&str]| sandbox.run(&[&MINT[..], arguments].concat());
    assert_snapshot!(mint(&["--ttl", "-1h"]), @"
    --- exit code 2, stderr
    error: invalid value '-1h' for '--ttl <DURATION>': duration: expected a duration above zero
    hint: for an expired token, use `--defect expired` or `--expires-at -1h`
    ");
    assert_snapshot!(mint(&["--ttl", "1y"]), @"
    --- exit code 2, stderr
    error: invalid value '1y' for '--ttl <DURATION>': duration: months and years have no fixed length
    hint: use `365d`
    ");
    assert_snapshot!(mint(&["--ttl", "0s"]), @"
    --- exit code 2, stderr
    error: invalid value '0s' for '--ttl <DURATION>': duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    ");
    assert_snapshot!(mint(&["--ttl", "3600"]), @"
    --- exit code 2, stderr
    error: invalid value '3600' for '--ttl <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `3600s` for seconds
    ");
    assert_snapshot!(mint(&["--expires-at", "1h"]), @"
    --- exit code 2, stderr
    error: invalid value '1h' for '--expires-at <TIME>': time: expected RFC 3339 (`<time>`), a date, Unix seconds, `now`, `+1h` or `-1h`
    hint: use `+1h` or `-1h`
    ");
    assert_snapshot!(mint(&["--expires-at", "+1y6mo"]), @"
    --- exit code 2, stderr
    error: invalid value '+1y6mo' for '--expires-at <TIME>': time: months and years have no fixed length
    hint: use `+545d`
    ");
    assert_snapshot!(mint(&["--expires-at", "1999999999000"]), @"
    --- exit code 2, stderr
    error: invalid value '1999999999000' for '--expires-at <TIME>': time: out of range: after <time>
    hint: use seconds: `1999999999`
    ");
    assert_snapshot!(mint(&["--expires-at", "-99999w"]), @"
    --- exit code 2, stderr
    error: time: out of range: `--expires-at` is not in the years 1970–9999
    hint: use a time in the years 1970–9999, such as `+1h`
    ");
    assert_snapshot!(mint(&["--expires-at", "--sub", "a"]), @"
    --- exit code 2, stderr
    error: a value is required for '--expires-at <TIME>' but none was supplied
    hint: add the value of `--expires-at`
    ");
    assert_snapshot!(mint(&["--sub", "-x"]), @"
    --- exit code 2, stderr
    error: unexpected argument '-x' found
    hint: use `--sub=-x` for this value
    ");
    assert_snapshot!(mint(&["--count", "-1"]), @"
    --- exit code 2, stderr
    error: invalid value '-1' for '--count <N>': number: expected a number from 1 to 4294967295
    hint: see `jeton token mint --help`
    ");
    // The value `token` of `--token-file` is not mistaken for the name of a command.
    let output = sandbox.run(&["--token-file", "token", "users", "list", "--page", "x"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'x' for '--page <N>': number: expected a number from 1 to 4294967295
    hint: see `jeton users list --help`
    ");
    let output = sandbox.run(&["token", "renew", "7", "--ttl", "-1h"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value '-1h' for '--ttl <DURATION>': duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    ");
    // `-1h` is parsed as the value of the setting, not as an option. The command fails before it
    // checks the value, because the store is missing.
    let output = sandbox.run(&["settings", "set", "token.ttl", "-1h"]);
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
}

#[test]
fn refused_leeway_has_a_hint_with_an_accepted_value() {
    let sandbox = Sandbox::new();
    let verify = |leeway| {
        let output = sandbox.run(&["token", "verify", "x.y.z", "--leeway", leeway]);
        output.stderr.replace("error: invalid value ", "")
    };
    let messages = ["0", "0s", "-1m", "1y", "60", "3600", "10m", "1001y"].map(verify);
    assert_snapshot!(messages.concat(), @"
    '0' for '--leeway <DURATION>': duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    '0s' for '--leeway <DURATION>': duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    '-1m' for '--leeway <DURATION>': duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    '1y' for '--leeway <DURATION>': duration: months and years have no fixed length
    hint: use a duration from `1s` to `5m`
    '60' for '--leeway <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `60s` for seconds
    '3600' for '--leeway <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use a duration from `1s` to `5m`
    '10m' for '--leeway <DURATION>': leeway: more than the maximum of `5m`
    hint: use a duration from `1s` to `5m`
    '1001y' for '--leeway <DURATION>': duration: months and years have no fixed length
    hint: use a duration from `1s` to `5m`
    ");
}
