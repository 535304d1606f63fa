//! `jeton token verify`

use crate::run_output::{RunOutput, reason_codes};
use crate::sandbox::{Sandbox, payload, tampered};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn verify(sandbox: &Sandbox, arguments: &[&str]) -> RunOutput {
    sandbox.run(&[&["token", "verify"], arguments].concat())
}

/// Asserts that `token verify` prints only `valid`.
#[track_caller]
fn assert_valid(sandbox: &Sandbox, arguments: &[&str]) {
    let output = verify(sandbox, arguments);
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "valid\n", ""));
}

#[test]
fn valid_token_is_reported_with_its_claims() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app", "-p", "read"]);
    assert_valid(&sandbox, &[&token]);
    let claims = payload(&token);
    let stdout = format!(
        "{{\"valid\":true,\"kind\":\"app\",\"reasons\":[],\"claims\":{claims},\
         \"token_id\":1,\"status\":\"live\"}}\n"
    );
    let output = sandbox.run_json(&["token", "verify", &token]);
    assert_eq!((output.code, output.stdout, output.stderr), (0, stdout, String::new()));
}

#[test]
fn invalid_token_is_reported_on_stdout_and_stderr() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(verify(&sandbox, &[&token]), @"
    invalid: token_revoked: <time> (<ago>)
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    let expiry = payload(&token)["exp"].to_string();
    let output = sandbox.run(&["token", "verify", &token, "--at", &expiry, "-o", "json"]);
    let result: Value = serde_json::from_str(&output.stdout).unwrap();
    let names: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["valid", "kind", "reasons", "claims", "token_id", "status"]);
    assert_eq!((&result["valid"], &result["status"]), (&json!(false), &json!("revoked")));
    assert_eq!(reason_codes(&result["reasons"]), ["token_revoked", "token_expired"]);
    let error = output.error();
    assert_eq!((output.code, &error["code"]), (12, &json!("token_revoked")));
    assert_eq!(error["details"]["reason"], "token_revoked");
    assert_eq!(error["details"]["reasons"], result["reasons"]);
}

#[test]
fn claims_are_reported_only_after_a_valid_signature() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    for (token, reason, message) in [
        ("nonsense".to_owned(), "malformed", "token malformed: expected three parts"),
        (tampered(&token, 2), "bad_signature", "token signature invalid"),
        (tampered(&token, 1), "bad_signature", "token signature invalid"),
    ] {
        let output = sandbox.run(&["token", "verify", &token, "-o", "json"]);
        let stdout = format!(
            "{{\"valid\":false,\"kind\":null,\"reasons\":[{{\"code\":\"{reason}\",\"message\":\"{message}\",\
             \"claim\":null,\"found\":null,\"expected\":null}}],\"claims\":null,\
             \"token_id\":null,\"status\":null}}\n"
        );
        assert_eq!((output.code, output.stdout.as_str()), (10, stdout.as_str()));
        assert_eq!(output.error()["details"]["reason"], reason);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn type_option_accepts_only_tokens_of_its_kind() {
    let sandbox = Sandbox::with_admin();
    let tokens = [
        ("app", sandbox.stdout_of(&["token", "create", "app"])),
        ("access", sandbox.session_member("access")),
        ("refresh", sandbox.session_member("refresh")),
        ("test", sandbox.stdout_of(&["token", "mint"])),
    ];
    let mut outputs = String::new();
    for (kind, token) in &tokens {
        assert_valid(&sandbox, &[token, "--type", kind]);
        assert_valid(&sandbox, &[token, "--type", "any"]);
        assert_eq!(sandbox.json(&["token", "verify", token, "--type", "any"])["kind"], *kind);
        // `--type app` is the default. The runs without `--type` below test this type.
        for (other_kind, _) in
            tokens.iter().filter(|(other_kind, _)| other_kind != kind && *other_kind != "app")
        {
            outputs += &verify(&sandbox, &[token, "--type", other_kind])
                .with_heading(format_args!("{kind} token, --type {other_kind}"));
        }
    }
    assert_snapshot!(outputs, @"
    app token, --type access
    invalid: wrong_type: found `app`, expected `access`
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `access`
    app token, --type refresh
    invalid: wrong_type: found `app`, expected `refresh`
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `refresh`
    app token, --type test
    invalid: wrong_type: found `app`, `access` or `refresh`, expected `test`
    --- exit code 10, stderr
    error: token type mismatch: found `app`, `access` or `refresh`, expected `test`
    access token, --type refresh
    invalid: wrong_type: found `access`, expected `refresh`
    --- exit code 10, stderr
    error: token type mismatch: found `access`, expected `refresh`
    access token, --type test
    invalid: wrong_type: found `app`, `access` or `refresh`, expected `test`
    --- exit code 10, stderr
    error: token type mismatch: found `app`, `access` or `refresh`, expected `test`
    refresh token, --type access
    invalid: wrong_type: found `refresh`, expected `access`
    --- exit code 10, stderr
    error: token type mismatch: found `refresh`, expected `access`
    refresh token, --type test
    invalid: wrong_type: found `app`, `access` or `refresh`, expected `test`
    --- exit code 10, stderr
    error: token type mismatch: found `app`, `access` or `refresh`, expected `test`
    test token, --type access
    invalid: wrong_type: found `test`, expected `access`
    --- exit code 10, stderr
    error: token type mismatch: found `test`, expected `access`
    hint: verify test tokens with `jeton token verify --type test`
    test token, --type refresh
    invalid: wrong_type: found `test`, expected `refresh`
    --- exit code 10, stderr
    error: token type mismatch: found `test`, expected `refresh`
    hint: verify test tokens with `jeton token verify --type test`
    ");
    let session_outputs: String = tokens[1..3]
        .iter()
        .map(|(kind, token)| verify(&sandbox, &[token]).with_heading(format_args!("{kind} token")))
        .collect();
    assert_snapshot!(session_outputs, @"
    access token
    invalid: blocked: found `access`, expected `app`
    --- exit code 10, stderr
    error: session token not accepted: found `access`, expected `app`
    hint: verify this token with `jeton token verify --type access`
    refresh token
    invalid: blocked: found `refresh`, expected `app`
    --- exit code 10, stderr
    error: session token not accepted: found `refresh`, expected `app`
    hint: verify this token with `jeton token verify --type refresh`
    ");
    assert_snapshot!(verify(&sandbox, &[&tokens[3].1]), @"
    invalid: wrong_type: found `test`, expected `app`
    --- exit code 10, stderr
    error: token type mismatch: found `test`, expected `app`
    hint: verify test tokens with `jeton token verify --type test`
    ");
}

#[test]
fn issuer_and_audience_must_match_the_options() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app", "--aud", "a", "--aud", "b"]);
    assert_valid(&sandbox, &[&token, "--iss", "jeton", "--aud", "b"]);
    assert_snapshot!(verify(&sandbox, &[&token, "--iss", "x"]), @"
    invalid: issuer: found `jeton`, expected `x`
    --- exit code 10, stderr
    error: issuer mismatch: found `jeton`, expected `x`
    ");
    assert_snapshot!(verify(&sandbox, &[&token, "--aud", "c"]), @r#"
    invalid: audience: found `["a","b"]`, expected `c`
    --- exit code 10, stderr
    error: audience mismatch: found `["a","b"]`, expected `c`
    "#);
}

#[test]
fn unmet_permission_claim_or_lifetime_requirement_exits_9() {
    let sandbox = Sandbox::with_john();
    let token =
        sandbox.stdout_of(&["token", "create", "app", "-p", "read,write", "--claim", "tier=gold"]);
    assert_valid(
        &sandbox,
        &[&token, "-p", "read,write", "--require", "tier=gold", "--min-ttl", "6d"],
    );
    assert_valid(
        &sandbox,
        &[&token, "--permission", "read", "--permission", "write", "--require", "id=2"],
    );
    assert_snapshot!(verify(&sandbox, &[&token, "-p", "read,deploy"]), @"
    invalid: permission: found `read write` in `permissions`, expected `deploy`
    --- exit code 9, stderr
    error: permission missing: found `read write` in `permissions`, expected `deploy`
    ");
    assert_snapshot!(verify(&sandbox, &[&token, "--require", "tier=silver"]), @"
    invalid: require: `tier`: found `gold`, expected `silver`
    --- exit code 9, stderr
    error: claim `tier` mismatch: found `gold`, expected `silver`
    ");
    assert_snapshot!(verify(&sandbox, &[&token, "--require", "absent="]), @"
    invalid: require: `absent`: found none, expected an empty string
    --- exit code 9, stderr
    error: claim `absent` mismatch: found none, expected an empty string
    ");
    assert_snapshot!(verify(&sandbox, &[&token, "--min-ttl", "8d"]), @"
    invalid: min_ttl: found 7d (expires <time>), expected at least 8d
    --- exit code 9, stderr
    error: remaining lifetime too short: found 7d (expires <time>), expected at least 8d
    ");
    let error = sandbox.run(&["token", "verify", &token, "-p", "x", "-o", "json"]).error();
    assert_eq!((&error["kind"], &error["code"]), (&json!("CheckFailed"), &json!("check_failed")));
}

#[test]
fn at_option_sets_the_reference_time_and_leeway_extends_the_validity() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app", "--ttl", "1h"]);
    let claim_plus =
        |name: &str, seconds: i64| (payload(&token)[name].as_i64().unwrap() + seconds).to_string();
    assert_valid(&sandbox, &[&token, "--at", &claim_plus("exp", -1)]);
    assert_snapshot!(verify(&sandbox, &[&token, "--at", &claim_plus("exp", 0)]), @"
    invalid: token_expired: <time>
    --- exit code 11, stderr
    error: token expired: <time>
    hint: use `--leeway 1m` to allow for clock skew
    ");
    assert_valid(&sandbox, &[&token, "--at", &claim_plus("exp", 59), "--leeway", "1m"]);
    assert_snapshot!(verify(&sandbox, &[&token, "--at", &claim_plus("exp", 60), "--leeway", "1m"]), @"
    invalid: token_expired: <time> (1 m before <time>)
    --- exit code 11, stderr
    error: token expired: <time> (1 m before <time>)
    hint: use `--leeway 5m` to allow for clock skew
    ");
    assert_snapshot!(verify(&sandbox, &[&token, "--at", &claim_plus("iat", -1)]), @"
    invalid: not_yet_valid: `iat` <time> (1 s after <time>)
    --- exit code 10, stderr
    error: token not yet valid: `iat` <time> (1 s after <time>)
    hint: use `--leeway 1m` to allow for clock skew
    ");
    assert_valid(&sandbox, &[&token, "--at", &claim_plus("iat", -1), "--leeway", "1s"]);
    assert_snapshot!(verify(&sandbox, &[&token, "--at", "2000-01-01T00:00:00Z"]), @"
    invalid: not_yet_valid: `iat` <time> (<ago>)
    --- exit code 10, stderr
    error: token not yet valid: `iat` <time> (<ago>)
    ");
}

#[test]
fn disabled_owner_or_missing_token_row_invalidates_the_token() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.sql("UPDATE users SET disabled_at = 1 WHERE id = 2");
    assert_snapshot!(verify(&sandbox, &[&token]), @"
    invalid: user_disabled: `john`, since <time> (<ago>)
    --- exit code 10, stderr
    error: token owner disabled: `john`, since <time> (<ago>)
    ");
    sandbox.sql("DELETE FROM tokens");
    assert_snapshot!(verify(&sandbox, &[&token]), @"
    invalid: unknown_token: `jti` `<uuid>`
    --- exit code 10, stderr
    error: token not found in the store: `jti` `<uuid>`
    ");
    // The missing row of an expired token is not reported: the row was probably pruned.
    let expiry = payload(&token)["exp"].to_string();
    assert_snapshot!(verify(&sandbox, &[&token, "--at", &expiry]), @"
    invalid: token_expired: <time>
    --- exit code 11, stderr
    error: token expired: <time>
    ");
    let output_with_leeway = verify(&sandbox, &[&token, "--at", &expiry, "--leeway", "1m"]);
    assert_eq!(output_with_leeway.code, 10, "leeway does not make the token valid");
}
