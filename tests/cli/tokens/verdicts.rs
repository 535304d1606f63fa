//! Rejections by `token verify` and `token inspect`: reported claims, values, times and hints.

use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Options of `token verify` with the shared secret in the file `secret`.
const KEY_OPTIONS: [&str; 4] = ["--key", "secret", "--alg", "HS256"];

/// Creates a sandbox without a store. The file `secret` contains a shared secret.
fn sandbox_with_secret_file() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.home().join("secret"), "0123456789".repeat(7)).unwrap();
    sandbox
}

/// Mints a token signed with the shared secret, valid from 2030-01-01T10:00:00Z to 11:00:00Z.
fn mint(sandbox: &Sandbox, options: &[&str]) -> String {
    let command = [
        &["token", "mint", "--key-file", "secret", "--alg", "HS256"][..],
        &["--issued-at", "2030-01-01T10:00:00Z", "--expires-at", "2030-01-01T11:00:00Z"],
    ];
    sandbox.stdout_of(&[&command.concat()[..], options].concat())
}

/// Verifies a token at 2030-01-01T10:30:00Z, or at the time of the option `--at`.
fn verify(sandbox: &Sandbox, token: &str, options: &[&str]) -> RunOutput {
    let at = ["--at", "2030-01-01T10:30:00Z"];
    let at = if options.contains(&"--at") { &[][..] } else { &at };
    sandbox.run(&[&["token", "verify", token], &KEY_OPTIONS[..], at, options].concat())
}

#[test]
fn rejection_of_invalid_claim_shows_the_value() {
    let sandbox = sandbox_with_secret_file();
    let mut outputs = String::new();
    for claim in
        ["sub=1234", "exp=1999999999000", "exp=\"1893495600\"", "aud=[\"api\",7]", "iss=null"]
    {
        let token = mint(&sandbox, &["--claim-json", claim]);
        outputs += &verify(&sandbox, &token, &[]).with_heading(claim);
    }
    assert_snapshot!(outputs, @r#"
    sub=1234
    invalid: bad_claim: `sub`: found `1234`, expected a string
    --- exit code 10, stderr
    error: claim `sub` invalid: found `1234`, expected a string
    exp=1999999999000
    invalid: bad_claim: `exp`: found `1999999999000`, expected seconds since 1970, not milliseconds
    --- exit code 10, stderr
    error: claim `exp` invalid: found `1999999999000`, expected seconds since 1970, not milliseconds
    exp="1893495600"
    invalid: bad_claim: `exp`: found `"1893495600"`, expected seconds since 1970
    --- exit code 10, stderr
    error: claim `exp` invalid: found `"1893495600"`, expected seconds since 1970
    aud=["api",7]
    invalid: bad_claim: `aud`: found `["api",7]`, expected a string or an array of strings
    --- exit code 10, stderr
    error: claim `aud` invalid: found `["api",7]`, expected a string or an array of strings
    iss=null
    invalid: bad_claim: `iss`: found `null`, expected a string
    --- exit code 10, stderr
    error: claim `iss` invalid: found `null`, expected a string
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn rejection_for_a_mismatch_shows_found_and_expected_value() {
    let sandbox = sandbox_with_secret_file();
    let token =
        mint(
            &sandbox,
            &[
                &[
                    "--iss",
                    "https://idp.example/",
                    "--aud",
                    "api",
                    "--aud",
                    "web",
                    "--scope",
                    "read",
                ][..],
                &["--claim", "team=a\u{1b}[2J", "--claim-json", "level=3"],
            ]
            .concat(),
        );
    let mut outputs = String::new();
    for options in [
        &["--iss", "https://idp.example"][..],
        &["--aud", "mobile"],
        &["--aud", "mobile", "--aud", "desktop"],
        &["--permission", "write"],
        &["--typ", "at+jwt"],
        &["--require", "team=a", "--require", "level=4", "--require", "tenant=x"],
        &["--require-claim", "email"],
        &["--min-ttl", "45m"],
    ] {
        outputs += &verify(&sandbox, &token, options).with_heading(options.join(" "));
    }
    assert_snapshot!(outputs, @r#"
    --iss https://idp.example
    invalid: issuer: found `https://idp.example/`, expected `https://idp.example`
    --- exit code 10, stderr
    error: issuer mismatch: found `https://idp.example/`, expected `https://idp.example`
    --aud mobile
    invalid: audience: found `["api","web"]`, expected `mobile`
    --- exit code 10, stderr
    error: audience mismatch: found `["api","web"]`, expected `mobile`
    --aud mobile --aud desktop
    invalid: audience: found `["api","web"]`, expected `mobile` or `desktop`
    --- exit code 10, stderr
    error: audience mismatch: found `["api","web"]`, expected `mobile` or `desktop`
    --permission write
    invalid: permission: found `read` in `scope`, expected `write`
    --- exit code 9, stderr
    error: permission missing: found `read` in `scope`, expected `write`
    --typ at+jwt
    invalid: wrong_type: found `JWT` in `typ`, expected `at+jwt`
    --- exit code 10, stderr
    error: token type mismatch: found `JWT` in `typ`, expected `at+jwt`
    --require team=a --require level=4 --require tenant=x
    invalid: require: `team`: found `a\u{1b}[2J`, expected `a`
    invalid: require: `level`: found `3`, expected `4`
    invalid: require: `tenant`: found none, expected `x`
    --- exit code 9, stderr
    error: claim `team` mismatch: found `a\u{1b}[2J`, expected `a`
    --require-claim email
    invalid: require: `email`: found none, expected any value except `null`
    --- exit code 9, stderr
    error: claim `email` missing
    --min-ttl 45m
    invalid: min_ttl: found 30m (expires <time>), expected at least 45m
    --- exit code 9, stderr
    error: remaining lifetime too short: found 30m (expires <time>), expected at least 45m
    "#);
    for options in [["--aud", "web", "--aud", "mobile"], ["--aud", "mobile", "--aud", "api"]] {
        assert_eq!(verify(&sandbox, &token, &options).stdout, "valid\n", "one match is sufficient");
    }
    let token_without_iss_and_aud = mint(&sandbox, &["--claim", "permissions=none"]);
    let options = ["--iss", "x", "--aud", "y", "--aud", "z", "-p", "read"];
    assert_snapshot!(verify(&sandbox, &token_without_iss_and_aud, &options), @"
    invalid: issuer: found none, expected `x`
    invalid: audience: found none, expected `y` or `z`
    invalid: permission: found `none` in `permissions`, expected `read`
    --- exit code 10, stderr
    error: issuer mismatch: found none, expected `x`
    ");
}

#[test]
fn time_rejection_shows_difference_and_only_a_sufficient_leeway() {
    let sandbox = sandbox_with_secret_file();
    let token = mint(&sandbox, &[]);
    let mut outputs = String::new();
    for (time, suggested_leeway) in [
        ("2030-01-01T11:00:20Z", "1m"),
        ("2030-01-01T11:04:00Z", "5m"),
        ("2030-01-01T09:59:55Z", "1m"),
        ("2030-01-01T14:00:00Z", ""),
        ("2030-01-01T09:00:00Z", ""),
    ] {
        let output = verify(&sandbox, &token, &["--at", time]);
        outputs += &output.with_heading(time);
        let suggestion = format!("use `--leeway {suggested_leeway}` to allow for clock skew");
        assert_eq!(output.stderr.contains(&suggestion), !suggested_leeway.is_empty(), "{output:?}");
        if !suggested_leeway.is_empty() {
            let options = ["--at", time, "--leeway", suggested_leeway];
            assert_eq!(verify(&sandbox, &token, &options).stdout, "valid\n", "{time}");
        }
    }
    assert_snapshot!(outputs, @"
    <time>
    invalid: token_expired: <time> (20 s before <time>)
    --- exit code 11, stderr
    error: token expired: <time> (20 s before <time>)
    hint: use `--leeway 1m` to allow for clock skew
    <time>
    invalid: token_expired: <time> (4 m before <time>)
    --- exit code 11, stderr
    error: token expired: <time> (4 m before <time>)
    hint: use `--leeway 5m` to allow for clock skew
    <time>
    invalid: not_yet_valid: `iat` <time> (5 s after <time>)
    --- exit code 10, stderr
    error: token not yet valid: `iat` <time> (5 s after <time>)
    hint: use `--leeway 1m` to allow for clock skew
    <time>
    invalid: token_expired: <time> (3 h before <time>)
    --- exit code 11, stderr
    error: token expired: <time> (3 h before <time>)
    <time>
    invalid: not_yet_valid: `iat` <time> (1 h after <time>)
    --- exit code 10, stderr
    error: token not yet valid: `iat` <time> (1 h after <time>)
    ");
    let options = ["--at", "2030-01-01T11:00:20Z", "--iss", "x"];
    let output = verify(&sandbox, &token, &options);
    assert!(!output.stderr.contains("hint"), "leeway does not make the token valid: {output:?}");
}

#[test]
fn json_reason_has_the_claim_and_the_found_and_expected_value() {
    let sandbox = sandbox_with_secret_file();
    let token = mint(&sandbox, &["--iss", "https://idp.example/"]);
    let options = [
        "--at",
        "2030-01-01T14:00:00Z",
        "--iss",
        "https://idp.example",
        "--aud",
        "a",
        "-o",
        "json",
    ];
    let output = verify(&sandbox, &token, &options);
    let result: Value = serde_json::from_str(&output.stdout).unwrap();
    let message = "token expired: 2030-01-01T11:00:00Z (3 h before 2030-01-01T14:00:00Z)";
    let issuer_message =
        "issuer mismatch: found `https://idp.example/`, expected `https://idp.example`";
    let expected = json!([
        {"code": "token_expired", "message": message, "claim": "exp", "found": "2030-01-01T11:00:00Z",
            "expected": "later than 2030-01-01T14:00:00Z"},
        {"code": "issuer", "message": issuer_message, "claim": "iss", "found": "https://idp.example/",
            "expected": "https://idp.example"},
        {"code": "audience", "message": "audience mismatch: found none, expected `a`", "claim": "aud", "found": null, "expected": "a"},
    ]);
    assert_eq!(result["reasons"], expected);
    let error = output.error();
    assert_eq!(error["details"], json!({"reason": "token_expired", "reasons": expected}));
    assert_eq!(error["message"], message);
}

#[test]
fn report_of_token_without_verified_signature_contains_no_claims() {
    let sandbox = sandbox_with_secret_file();
    let token = mint(&sandbox, &["--iss", "https://idp.example/", "--claim-json", "sub=1234"]);
    let other_alg = sandbox.run(&[
        "token", "verify", &token, "--key", "secret", "--alg", "HS384", "--iss", "x", "-o", "json",
    ]);
    let bad_signature = verify(&sandbox, &tampered(&token, 2), &["--iss", "x", "-o", "json"]);
    let alg_message = "token algorithm not allowed: expected `HS384`";
    for (output, code, message, expected) in [
        (other_alg, "alg_not_allowed", alg_message, Some("HS384")),
        (bad_signature, "bad_signature", "token signature invalid", None),
    ] {
        let result: Value = serde_json::from_str(&output.stdout).unwrap();
        let reason = json!({"code": code, "message": message, "claim": null, "found": null,
            "expected": expected});
        assert_eq!((&result["reasons"], &result["claims"]), (&json!([reason]), &Value::Null));
        assert!(!output.stderr.contains("idp.example"), "{output:?}");
    }
}

#[test]
fn rejection_of_store_token_shows_the_cause() {
    let sandbox = Sandbox::with_admin();
    let revoked_token = sandbox.stdout_of(&["token", "create", "one"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    let live_token = sandbox.stdout_of(&["token", "create", "two", "-p", "read"]);
    let mut outputs = String::new();
    let mut append = |heading: &str, output: RunOutput| outputs += &output.with_heading(heading);
    append("revoked", sandbox.run(&["token", "verify", &revoked_token]));
    append("permission", sandbox.run(&["token", "verify", &live_token, "-p", "write"]));
    let access = sandbox.session_member("access");
    append("session token", sandbox.run(&["token", "verify", &access]));
    sandbox.sql("UPDATE users SET disabled_at = 1700000000");
    append("disabled", sandbox.run(&["token", "inspect", &live_token]));
    sandbox.sql("UPDATE users SET disabled_at = NULL");
    sandbox.sql("UPDATE keys SET state = 'retired', verify_until = 1700000000");
    append("retired key", sandbox.run(&["token", "inspect", &live_token]));
    sandbox.sql("UPDATE keys SET state = 'revoked'");
    append("revoked key", sandbox.run(&["token", "inspect", &live_token]));
    assert_snapshot!(outputs, @"
    revoked
    invalid: token_revoked: <time> (<ago>)
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    permission
    invalid: permission: found `read` in `permissions`, expected `write`
    --- exit code 9, stderr
    error: permission missing: found `read` in `permissions`, expected `write`
    session token
    invalid: blocked: found `access`, expected `app`
    --- exit code 10, stderr
    error: session token not accepted: found `access`, expected `app`
    hint: verify this token with `jeton token verify --type access`
    disabled
    --- exit code 10, stderr
    error: token owner disabled: `ada`, since <time> (<ago>)
    retired key
    --- exit code 10, stderr
    error: signing key retired: `<key>` was accepted until <time> (<ago>)
    revoked key
    --- exit code 12, stderr
    error: signing key revoked: `<key>`
    ");
}
