//! Every documented exit code, with the JSON error. Some codes have tests elsewhere: code 8 (quota
//! exceeded) in `tokens/create.rs`, code 74 in `crash/fsync_failure.rs`, code 78 in
//! `unusable_store.rs`, and codes 130 and 143 in `prompts/signals.rs`.

mod unusable_store;

use crate::output::closed_pipe;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;

/// Asserts the exit code of a failed command, and the members of the JSON error: their names, the
/// kind and the error code. Returns the JSON error.
#[track_caller]
fn assert_error(output: &RunOutput, exit_code: i32, kind: &str, error_code: &str) -> Value {
    assert_eq!(output.code, exit_code, "{output:?}");
    let error = output.error();
    let members: Vec<&String> = error.as_object().unwrap().keys().collect();
    assert_eq!(members, ["kind", "code", "exit_code", "message", "hint", "details"]);
    assert_eq!((&error["kind"], &error["code"]), (&json!(kind), &json!(error_code)), "{output:?}");
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert!(error["hint"].is_null() || error["hint"].is_string());
    assert!(error["details"].is_object());
    error
}

/// Runs the command with `-o json` and asserts its failure and an empty stdout. Returns the JSON
/// error.
#[track_caller]
fn assert_fails(
    sandbox: &Sandbox,
    words: &[&str],
    exit_code: i32,
    kind: &str,
    error_code: &str,
) -> Value {
    let output = sandbox.run(&[words, &["-o", "json"]].concat());
    assert_eq!(output.stdout, "");
    assert_error(&output, exit_code, kind, error_code)
}

#[test]
fn success_with_and_without_a_change_exits_0() {
    let sandbox = Sandbox::with_admin();
    assert_eq!(sandbox.json(&["init", "--exist-ok"])["changed"], false);
    let register = ["register", "ada", "--exist-ok", "--password-stdin", "-o", "json"];
    let output = sandbox.run_with_input(&register, "x").ok();
    assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap()["changed"], false);
    sandbox.stdout_of(&["token", "create", "x"]);
    assert_eq!(sandbox.json(&["token", "revoke", "1"])["changed"], true);
    assert_eq!(sandbox.json(&["token", "revoke", "1"])["changed"], false);
    assert_eq!(sandbox.json(&["logout"]), json!({"changed": true}));
    assert_eq!(sandbox.json(&["logout"]), json!({"changed": false}));
}

#[test]
fn undelivered_token_is_revoked_and_exits_1() {
    let sandbox = Sandbox::with_admin();
    let full_device = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let create = |stdout: Stdio| {
        RunOutput::capture(sandbox.command(&["token", "create", "lost"]).stdout(stdout))
    };
    assert_snapshot!(create(full_device().into()), @"
    --- exit code 1, stderr
    error: the token could not be written; token 1 was revoked
    ");
    assert_snapshot!(create(closed_pipe().into()), @"
    --- exit code 1, stderr
    error: the token could not be written; token 2 was revoked
    ");
    let mut command = sandbox.command(&["token", "create", "lost", "-o", "json"]);
    assert_error(&RunOutput::capture(command.stdout(full_device())), 1, "Internal", "internal");
    let revoked = sandbox.json(&["token", "list", "--status", "revoked"]);
    let ids: Vec<&Value> =
        revoked["items"].as_array().unwrap().iter().map(|token| &token["id"]).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(sandbox.json(&["token", "list"])["total"], 0);
    let audit = sandbox.sql(
        "SELECT concat_ws(' ', action, target_kind, target_id) FROM audit
         WHERE outcome = 'undelivered'",
    );
    assert_eq!(audit, ["token create token 1", "token create token 2", "token create token 3"]);
}

#[test]
fn usage_error_exits_2() {
    let sandbox = Sandbox::with_admin();
    assert_fails(&sandbox, &["frobnicate"], 2, "Usage", "usage");
    assert_fails(&sandbox, &["token", "create"], 2, "Usage", "usage");
    assert_fails(&sandbox, &["token", "create", "x", "--ttl", "7"], 2, "Usage", "invalid_input");
    assert_fails(&sandbox, &["register", "--email", "nobody"], 2, "Usage", "invalid_input");
    assert_fails(&sandbox, &["register", "eve"], 2, "Usage", "usage");
    assert_fails(&sandbox, &["token", "verify"], 2, "Usage", "usage");
}

#[test]
fn missing_object_exits_3() {
    assert_fails(&Sandbox::new(), &["whoami"], 3, "NotFound", "store_not_found");
    let sandbox = Sandbox::with_admin();
    assert_fails(&sandbox, &["users", "show", "nobody"], 3, "NotFound", "user_not_found");
    assert_fails(&sandbox, &["token", "show", "7"], 3, "NotFound", "token_not_found");
}

#[test]
fn missing_login_exits_4() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run_json(&["whoami"]), @r#"
    --- exit code 4, stderr
    {"error":{"kind":"TokenMissing","code":"authorization_header","exit_code":4,"message":"not logged in","hint":"log in: jeton login","details":{}}}
    "#);
}

#[test]
fn conflict_exits_5() {
    let sandbox = Sandbox::with_admin();
    assert_fails(&sandbox, &["init"], 5, "Conflict", "store_exists");
    assert_fails(&sandbox, &["users", "delete", "ada", "--yes"], 5, "Conflict", "last_admin");
    let output =
        sandbox.run_with_input(&["register", "ada", "--password-stdin", "-o", "json"], "x");
    assert_error(&output, 5, "Conflict", "user_exists");
}

#[test]
fn wrong_password_exits_6() {
    let sandbox = Sandbox::with_admin();
    let login_with_empty_password = ["login", "ada", "--password-file", "/dev/null"];
    assert_fails(&sandbox, &login_with_empty_password, 6, "LoginInvalid", "login_invalid");
}

#[test]
fn forbidden_action_exits_7() {
    let sandbox = Sandbox::with_john();
    assert_fails(&sandbox, &["users", "delete", "ada", "--yes"], 7, "Forbidden", "forbidden");
    assert_fails(&sandbox, &["token", "mint"], 7, "Forbidden", "forbidden");
    assert_fails(&sandbox, &["settings", "set", "issuer", "x"], 7, "Forbidden", "forbidden");
}

#[test]
fn failed_check_exits_9() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "x", "-p", "read", "--ttl", "1h"]);
    for (options, reason) in [
        (["--permission", "write"], "permission"),
        (["--require", "app=y"], "require"),
        (["--min-ttl", "2h"], "min_ttl"),
    ] {
        let output =
            sandbox.run(&["token", "verify", &token, options[0], options[1], "-o", "json"]);
        let error = assert_error(&output, 9, "CheckFailed", "check_failed");
        assert_eq!(error["details"]["reason"], reason);
        assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap()["valid"], false);
    }
    let expiring = ["token", "list", "--expiring-within", "7d", "--fail-if-any", "-o", "json"];
    let output = sandbox.run(&expiring);
    assert_error(&output, 9, "CheckFailed", "check_failed");
    assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap()["total"], 1);
}

#[test]
fn invalid_token_exits_10() {
    let sandbox = Sandbox::with_admin();
    let error =
        assert_fails(&sandbox, &["token", "inspect", "x"], 10, "TokenInvalid", "invalid_token");
    assert_eq!(
        error["details"],
        json!({"reason": "malformed", "reasons": [
            {"code": "malformed", "message": "token malformed: expected three parts",
                "claim": null, "found": null, "expected": null}
        ]})
    );
}

#[test]
fn expired_token_exits_11() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    let output =
        sandbox.run(&["token", "verify", &token, "--at", "2099-01-01T00:00:00Z", "-o", "json"]);
    assert_error(&output, 11, "TokenExpired", "token_expired");
}

#[test]
fn revoked_token_exits_12() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_fails(&sandbox, &["token", "inspect", &token], 12, "TokenRevoked", "token_revoked");
}

#[test]
fn invalid_key_file_exits_65() {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("keys.json"), "{}").unwrap();
    let words = ["keys", "import", "--from-file", "keys.json"];
    assert_fails(&sandbox, &words, 65, "BadData", "bad_data");
}

#[test]
fn write_to_locked_store_exits_75() {
    let sandbox = Sandbox::with_admin();
    let lock = WriteLock::acquire(&sandbox);
    let create = ["token", "create", "x", "--wait", "1s"];
    assert_snapshot!(sandbox.run_json(&create), @r#"
    --- exit code 75, stderr
    {"error":{"kind":"Busy","code":"busy","exit_code":75,"message":"timed out waiting for a lock","hint":"try again, or wait longer with `--wait`","details":{}}}
    "#);
    sandbox.run(&["users", "list"]).ok();
    drop(lock);
    sandbox.stdout_of(&create);
}

#[test]
fn change_of_locked_session_file_exits_75() {
    let sandbox = Sandbox::with_admin();
    let lock = fs::File::open(sandbox.session_file().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    assert_fails(&sandbox, &["refresh", "--wait", "0s"], 75, "Busy", "busy");
    assert_fails(&sandbox, &["logout", "--wait", "0s"], 75, "Busy", "busy");
    sandbox.run(&["whoami"]).ok();
    // Closing the file might not release the lock: a process that another test is starting may
    // have inherited the descriptor.
    lock.unlock().unwrap();
    sandbox.run(&["refresh", "--wait", "0s"]).ok();
}

#[test]
fn unrunnable_command_exits_126_or_127() {
    let sandbox = Sandbox::with_admin();
    let run = |command| sandbox.run(&["run", "-o", "json", "--", command]);
    assert_error(&run("/"), 126, "NotExecutable", "not_executable");
    assert_error(&run("/nowhere"), 127, "CommandNotFound", "command_not_found");
}
