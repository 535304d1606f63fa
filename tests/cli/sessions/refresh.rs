//! `jeton refresh`, and the automatic refresh by other commands.

use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::time::Duration;

const REFRESH_FROM_STDIN: [&str; 2] = ["refresh", "--token-stdin"];

/// Returns the access token and the refresh token in the session file.
fn read_token_pair(sandbox: &Sandbox) -> (String, String) {
    (sandbox.session_member("access"), sandbox.session_member("refresh"))
}

/// Waits until a token with a lifetime of one second has expired.
fn wait_for_expiry() {
    std::thread::sleep(Duration::from_secs(2));
}

#[test]
fn refresh_stores_a_new_token_pair_of_the_same_session() {
    let sandbox = Sandbox::with_john();
    let (old_pair, sid) = (read_token_pair(&sandbox), sandbox.session_member("sid"));
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- stderr
    refreshed the session, access token expires <time>
    ");
    let new_pair = read_token_pair(&sandbox);
    assert!(old_pair.0 != new_pair.0 && old_pair.1 != new_pair.1);
    assert_eq!(payload(&new_pair.0)["fresh"], json!(false));
    let output = sandbox.run(&["refresh", "-o", "json"]);
    assert_snapshot!(output, @r#"{"changed":true,"sid":"<uuid>","access_expires_at":"<time>"}"#);
    let result: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&result["sid"], sandbox.session_member("sid")), (&json!(sid), sid));
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn refresh_from_stdin_prints_the_new_pair_and_leaves_the_session_file_unchanged() {
    let sandbox = Sandbox::with_john();
    let session_bytes = std::fs::read(sandbox.session_file()).unwrap();
    let output = sandbox.run_with_input(&REFRESH_FROM_STDIN, &sandbox.session_member("refresh"));
    assert_snapshot!(output, @"
    <token>
    <token>
    ");
    let lines: Vec<_> = output.stdout.lines().collect();
    let types = [payload(lines[0])["type"].clone(), payload(lines[1])["type"].clone()];
    assert_eq!(types, ["access", "refresh"]);
    let input = format!("Bearer {}\n", lines[1]);
    let output = sandbox.run_with_input(&["refresh", "--token-stdin", "-o", "json"], &input);
    assert_snapshot!(output, @r#"{"message":"Refreshed","tokens":{"access":"<token>","refresh":"<token>"},"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"},"access_expires_at":"<time>","refresh_expires_at":"<time>","sid":"<uuid>"}"#);
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), session_bytes);
}

#[test]
fn reused_refresh_token_ends_the_session() {
    let sandbox = Sandbox::with_john();
    let refresh_token = sandbox.session_member("refresh");
    sandbox.run_with_input(&REFRESH_FROM_STDIN, &refresh_token).ok();
    assert_snapshot!(sandbox.run_with_input(&REFRESH_FROM_STDIN, &refresh_token), @"
    --- exit code 12, stderr
    error: refresh token reused; session ended
    ");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: your session has ended: used refresh token presented again, <time> (<ago>)
    hint: log in again: jeton login
    ");
    assert_snapshot!(sandbox.run_with_input(&REFRESH_FROM_STDIN, &refresh_token), @"
    --- exit code 12, stderr
    error: token revoked: <time> (<ago>)
    ");
    let outcomes = sandbox.sql("SELECT outcome FROM audit WHERE action = 'refresh' ORDER BY id");
    assert_eq!(outcomes, ["done", "token_reused", "token_revoked"]);
}

#[test]
fn refresh_accepts_refresh_tokens_only() {
    let sandbox = Sandbox::with_john();
    let app_token = sandbox.stdout_of(&["token", "create", "app"]);
    let mut outputs = String::new();
    for token in [sandbox.session_member("access"), app_token, "nonsense".to_owned(), String::new()]
    {
        let output = sandbox.run_with_input(&REFRESH_FROM_STDIN, &token);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton refresh --token-stdin
    --- exit code 10, stderr
    error: token type mismatch: found `access`, expected `refresh`
    $ jeton refresh --token-stdin
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `refresh`
    $ jeton refresh --token-stdin
    --- exit code 10, stderr
    error: token malformed: expected three parts
    $ jeton refresh --token-stdin
    --- exit code 10, stderr
    error: token malformed: empty
    ");
    sandbox.run(&["refresh"]).ok();
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn refresh_refuses_a_bearer_token() {
    let mut sandbox = Sandbox::with_john();
    let old_pair = read_token_pair(&sandbox);
    sandbox.set_variable("JETON_TOKEN", &old_pair.0);
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 2, stderr
    error: the token in JETON_TOKEN cannot be refreshed
    hint: pass a refresh token with `--token-stdin`, or omit the bearer token
    ");
    assert_eq!(read_token_pair(&sandbox), old_pair);
}

#[test]
fn expired_access_token_is_refreshed_automatically() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["settings", "set", "session.access_ttl", "15m"]).ok();
    let old_pair = read_token_pair(&sandbox);
    wait_for_expiry();
    let output = sandbox.run(&["whoami"]).ok();
    assert_eq!(output.stderr, "", "the refresh prints no message");
    let new_pair = read_token_pair(&sandbox);
    assert!(old_pair.0 != new_pair.0 && old_pair.1 != new_pair.1);
    let output = sandbox.run(&["token", "verify", &old_pair.0, "--type", "access"]);
    assert_snapshot!(output, @"
    invalid: token_expired: <time> (<ago>)
    --- exit code 11, stderr
    error: token expired: <time> (<ago>)
    hint: use `--leeway 1m` to allow for clock skew
    ");
    sandbox.run(&["whoami"]).ok();
    assert_eq!(read_token_pair(&sandbox), new_pair, "a valid token pair is not refreshed again");
}

#[test]
fn expired_refresh_token_requires_a_login() {
    let sandbox = Sandbox::with_admin();
    for name in ["session.refresh_ttl", "session.access_ttl"] {
        sandbox.run(&["settings", "set", name, "1s"]).ok();
    }
    sandbox.log_in("ada", "lovelace");
    wait_for_expiry();
    for command in [["whoami"], ["refresh"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(&command), @"
        --- exit code 11, stderr
        error: your session has expired: <time> (<ago>)
        hint: log in again: jeton login
        "));
    }
    assert_eq!(sandbox.json_error(&["whoami"])["code"], "token_expired");
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn interrupted_refresh_is_completed_by_the_next_refresh() {
    let sandbox = Sandbox::with_john();
    let file = sandbox.session_file();
    // An interrupted refresh leaves the new token pair in the store. The session file has the old
    // pair, and the `jti`s of the new pair as `pending`.
    let mut interrupted_session: Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    sandbox.run(&["refresh"]).ok();
    let (access, refresh) = read_token_pair(&sandbox);
    interrupted_session["pending"] =
        json!({"access": payload(&access)["jti"], "refresh": payload(&refresh)["jti"]});
    std::fs::write(&file, interrupted_session.to_string()).unwrap();
    sandbox.run(&["refresh"]).ok();
    let reissued_pair = read_token_pair(&sandbox);
    assert_eq!(payload(&reissued_pair.0), payload(&access));
    assert_eq!(payload(&reissued_pair.1), payload(&refresh));
    let pair_count = sandbox.sql("SELECT count(*) FROM pairs");
    assert_eq!(pair_count, ["3"], "one token pair of ada and two token pairs of john");
    sandbox.run(&["refresh"]).ok();
    sandbox.run(&["whoami"]).ok();
}
