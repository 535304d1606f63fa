//! `jeton token verify`: invalid options, missing stores and oversized tokens

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
fn invalid_verify_options_are_refused() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    let mut outputs = String::new();
    for (flag, value) in [
        ("--type", "id"),
        ("--leeway", "6m"),
        ("--min-ttl", "5"),
        ("--require", "x"),
        ("--permission", ""),
    ] {
        let output = sandbox.run(&["token", "verify", &token, flag, value]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token verify '<token>' --type id
    --- exit code 2, stderr
    error: invalid value 'id' for '--type <TYPE>': type: expected `app`, `access`, `refresh`, `test` or `any`
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --leeway 6m
    --- exit code 2, stderr
    error: invalid value '6m' for '--leeway <DURATION>': leeway: more than the maximum of `5m`
    hint: use a duration from `1s` to `5m`
    $ jeton token verify '<token>' --min-ttl 5
    --- exit code 2, stderr
    error: invalid value '5' for '--min-ttl <DURATION>': duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `5s` for seconds
    $ jeton token verify '<token>' --require x
    --- exit code 2, stderr
    error: invalid value 'x' for '--require <NAME=VALUE>': value: not in the format `name=value`
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --permission ''
    --- exit code 2, stderr
    error: invalid value '' for '--permission <P[,P]>': permission: must not be empty, and must not start or end with whitespace
    hint: see `jeton token verify --help`
    ");
}

#[test]
fn verify_without_key_options_requires_a_store() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run(&["token", "verify", "a.b.c"]), @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
    assert!(!sandbox.has_store());
}

#[test]
fn oversized_token_or_input_is_malformed() {
    let sandbox = Sandbox::with_admin();
    let token = format!("{}.e30.AAAA", "A".repeat(70_000));
    assert_snapshot!(sandbox.run_with_input(&["token", "verify", "-"], &token), @"
    invalid: malformed: larger than 64 KiB
    --- exit code 10, stderr
    error: token malformed: larger than 64 KiB
    ");
    // The command reads only the start of the input. It refuses the valid first token because it
    // does not know whether a second token follows.
    let valid_token = sandbox.stdout_of(&["token", "create", "shop"]);
    let input = format!("{valid_token}\n{}{valid_token}", " ".repeat(1_000_000));
    assert_snapshot!(sandbox.run_with_input(&["token", "verify", "-"], &input), @"
    invalid: malformed: input larger than 768 KiB found, expected a token
    --- exit code 10, stderr
    error: token malformed: input larger than 768 KiB found, expected a token
    hint: pass only the token, from `ey` to the end of the signature
    ");
}
