//! `jeton token verify`

use crate::sandbox::{Sandbox, payload, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// `invalid:` on standard output and the sentence on standard error.
#[track_caller]
fn invalid(sandbox: &Sandbox, arguments: &[&str], code: i32, reason: &str, talk: &str) {
    let ran = sandbox.run(&[&["token", "verify"], arguments].concat());
    let said = (ran.code, ran.stdout.as_str(), ran.stderr.as_str());
    assert_eq!(
        said,
        (code, format!("invalid: {reason}\n").as_str(), format!("error: {talk}\n").as_str())
    );
}

#[track_caller]
fn valid(sandbox: &Sandbox, arguments: &[&str]) {
    let output = sandbox.run(&[&["token", "verify"], arguments].concat());
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "valid\n", ""));
}

#[test]
fn a_valid_token_is_told_with_all_about_it() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app", "-p", "read"]);
    valid(&sandbox, &[&token]);
    let claims = payload(&token);
    let out = format!(
        "{{\"valid\":true,\"kind\":\"app\",\"reasons\":[],\"claims\":{claims},\
         \"token_id\":1,\"status\":\"live\"}}\n"
    );
    let output = sandbox.run_json(&["token", "verify", &token]);
    assert_eq!((output.code, output.stdout, output.stderr), (0, out, String::new()));
}

#[test]
fn a_refused_token_is_told_as_a_result_and_as_an_error() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    invalid(&sandbox, &[&token], 12, "token_revoked", "the token is revoked");
    let end = payload(&token)["exp"].to_string();
    let output = sandbox.run(&["token", "verify", &token, "--at", &end, "-o", "json"]);
    let result: Value = serde_json::from_str(&output.stdout).unwrap();
    let names: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["valid", "kind", "reasons", "claims", "token_id", "status"]);
    assert_eq!((&result["valid"], &result["status"]), (&json!(false), &json!("revoked")));
    assert_eq!(result["reasons"], json!(["token_revoked", "token_expired"]));
    let error = output.error();
    assert_eq!((output.code, &error["code"]), (12, &json!("token_revoked")));
    assert_eq!(error["details"]["reason"], "token_revoked");
    assert_eq!(error["details"]["reasons"], json!(["token_revoked", "token_expired"]));
}

#[test]
fn before_a_good_signature_nothing_is_known() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    for (token, reason) in [
        ("nonsense".to_owned(), "malformed"),
        (tampered(&token, 2), "bad_signature"),
        (tampered(&token, 1), "bad_signature"),
    ] {
        let output = sandbox.run(&["token", "verify", &token, "-o", "json"]);
        let out = format!(
            "{{\"valid\":false,\"kind\":null,\"reasons\":[\"{reason}\"],\"claims\":null,\
             \"token_id\":null,\"status\":null}}\n"
        );
        assert_eq!((output.code, output.stdout.as_str()), (10, out.as_str()));
        assert_eq!(output.error()["details"]["reason"], reason);
    }
}

#[test]
fn each_kind_is_accepted_as_what_it_is() {
    let sandbox = Sandbox::with_admin();
    let tokens = [
        ("app", sandbox.get(&["token", "create", "app"])),
        ("access", sandbox.session("access")),
        ("refresh", sandbox.session("refresh")),
        ("test", sandbox.get(&["token", "mint"])),
    ];
    let wrong = "the token is of another type";
    for (kind, token) in &tokens {
        valid(&sandbox, &[token, "--type", kind]);
        valid(&sandbox, &[token, "--type", "any"]);
        assert_eq!(sandbox.json(&["token", "verify", token, "--type", "any"])["kind"], *kind);
        for (other, _) in tokens.iter().filter(|(other, _)| other != kind && *other != "app") {
            let talk = match *kind {
                "test" => format!(
                    "{wrong}\nhint: it is a test token: check it with `jeton token verify --type test`"
                ),
                _ => wrong.to_owned(),
            };
            invalid(&sandbox, &[token, "--type", other], 10, "wrong_type", &talk);
        }
    }
    for session in &tokens[1..3] {
        let talk = "the token is a session's, not an application's";
        invalid(&sandbox, &[&session.1], 10, "blocked", talk);
    }
    let talk = format!(
        "{wrong}\nhint: it is a test token: check it with `jeton token verify --type test`"
    );
    invalid(&sandbox, &[&tokens[3].1], 10, "wrong_type", &talk);
}

#[test]
fn issuer_and_audience_are_compared_when_asked() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app", "--aud", "a", "--aud", "b"]);
    valid(&sandbox, &[&token, "--iss", "jeton", "--aud", "b"]);
    invalid(&sandbox, &[&token, "--iss", "x"], 10, "issuer", "the token has another issuer");
    invalid(&sandbox, &[&token, "--aud", "c"], 10, "audience", "the token is for another audience");
}

#[test]
fn a_token_that_lacks_something_fails_the_check() {
    let sandbox = Sandbox::with_john();
    let token =
        sandbox.get(&["token", "create", "app", "-p", "read,write", "--claim", "tier=gold"]);
    valid(&sandbox, &[&token, "-p", "read,write", "--require", "tier=gold", "--min-ttl", "6d"]);
    valid(
        &sandbox,
        &[&token, "--permission", "read", "--permission", "write", "--require", "id=2"],
    );
    let lacks = "the token lacks a permission: deploy";
    invalid(&sandbox, &[&token, "-p", "read,deploy"], 9, "permission", lacks);
    for (wanted, name) in [("tier=silver", "tier"), ("absent=", "absent")] {
        let value = format!("a required claim is missing or has another value: {name}");
        invalid(&sandbox, &[&token, "--require", wanted], 9, "require", &value);
    }
    invalid(&sandbox, &[&token, "--min-ttl", "8d"], 9, "min_ttl", "the token ends too soon");
    let error = sandbox.run(&["token", "verify", &token, "-p", "x", "-o", "json"]).error();
    assert_eq!((&error["kind"], &error["code"]), (&json!("CheckFailed"), &json!("check_failed")));
}

#[test]
fn times_are_judged_as_of_then_and_with_leeway() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app", "--ttl", "1h"]);
    let at =
        |name: &str, seconds: i64| (payload(&token)[name].as_i64().unwrap() + seconds).to_string();
    valid(&sandbox, &[&token, "--at", &at("exp", -1)]);
    invalid(
        &sandbox,
        &[&token, "--at", &at("exp", 0)],
        11,
        "token_expired",
        "the token has expired",
    );
    valid(&sandbox, &[&token, "--at", &at("exp", 59), "--leeway", "1m"]);
    let expired = "the token has expired";
    invalid(
        &sandbox,
        &[&token, "--at", &at("exp", 60), "--leeway", "1m"],
        11,
        "token_expired",
        expired,
    );
    let early = "the token is not valid yet";
    invalid(&sandbox, &[&token, "--at", &at("iat", -1)], 10, "not_yet_valid", early);
    valid(&sandbox, &[&token, "--at", &at("iat", -1), "--leeway", "1s"]);
    invalid(&sandbox, &[&token, "--at", "2000-01-01T00:00:00Z"], 10, "not_yet_valid", early);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
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
    error: invalid value 'id' for '--type <TYPE>': type: `app`, `access`, `refresh`, `test` or `any`
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --leeway 6m
    --- exit code 2, stderr
    error: invalid value '6m' for '--leeway <DURATION>': leeway: five minutes at most
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --min-ttl 5
    --- exit code 2, stderr
    error: invalid value '5' for '--min-ttl <DURATION>': duration: a number needs a unit (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --require x
    --- exit code 2, stderr
    error: invalid value 'x' for '--require <NAME=VALUE>': value: not of the form `name=value`
    hint: see `jeton token verify --help`
    $ jeton token verify '<token>' --permission ''
    --- exit code 2, stderr
    error: invalid value '' for '--permission <P[,P]>': permission: must not be empty or begin or end with white space
    hint: see `jeton token verify --help`
    ");
}

#[test]
fn what_became_of_the_owner_counts() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.get(&["token", "create", "app"]);
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute_batch("UPDATE users SET disabled_at = 1 WHERE id = 2").unwrap();
    invalid(&sandbox, &[&token], 10, "user_disabled", "the token's owner is disabled");
    store.execute_batch("DELETE FROM tokens").unwrap();
    invalid(&sandbox, &[&token], 10, "unknown_token", "the token is not in the store");
    let end = payload(&token)["exp"].to_string();
    invalid(&sandbox, &[&token, "--at", &end], 11, "token_expired", "the token has expired");
}

#[test]
fn verifying_needs_a_store_and_no_login() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run(&["token", "verify", "a.b.c"]), @"
    --- exit code 3, stderr
    error: there is no store at `~/.local/share/jeton/jeton.db`
    hint: make one: jeton init
    ");
    assert!(!sandbox.store().exists());
}

#[test]
fn what_is_too_large_is_not_read_to_its_end() {
    let sandbox = Sandbox::with_admin();
    let token = format!("{}.e30.AAAA", "A".repeat(70_000));
    for input in [token, "A".repeat(1_000_000)] {
        let output = sandbox.run_with_input(&["token", "verify", "-"], &input);
        assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: malformed\n"));
        assert_eq!(
            output.stderr,
            "error: the token is malformed: the token is larger than 64 KiB\n"
        );
    }
}
