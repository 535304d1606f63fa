//! Errors of commands that are refused because of the session or because of the role of the user.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::json;

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn error_for_refused_session_states_the_reason() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    let mut add_output =
        |heading: &str, output: RunOutput| outputs += &output.with_heading(heading);
    for (heading, change, undo) in [
        (
            "retired key",
            "UPDATE keys SET state = 'retired', verify_until = 1700000000",
            "UPDATE keys SET state = 'active', verify_until = NULL",
        ),
        ("revoked key", "UPDATE keys SET state = 'revoked'", "UPDATE keys SET state = 'active'"),
        (
            "password changed",
            "UPDATE sessions SET ended_at = 1700000000, end_reason = 'password'",
            "UPDATE sessions SET ended_at = NULL, end_reason = NULL",
        ),
        (
            "disabled user",
            "UPDATE users SET disabled_at = 1700000000",
            "UPDATE users SET disabled_at = NULL",
        ),
        (
            "password changed, then disabled user",
            "UPDATE sessions SET ended_at = 1700000000, end_reason = 'password';
            UPDATE users SET disabled_at = 1700000000",
            "UPDATE sessions SET ended_at = NULL, end_reason = NULL;
            UPDATE users SET disabled_at = NULL",
        ),
    ] {
        change.split(';').for_each(|statement| drop(sandbox.sql(statement)));
        let command = ["settings", "set", "token.quota", "5"];
        add_output(heading, sandbox.run(&command));
        let error = sandbox.json_error(&command);
        let reason = &error["details"]["reasons"][0];
        assert_eq!(reason["code"], error["details"]["reason"], "{heading}");
        let reason_details = reason["message"].as_str().unwrap().split_once(": ").unwrap().1;
        assert!(error["message"].as_str().unwrap().ends_with(reason_details), "{error}");
        undo.split(';').for_each(|statement| drop(sandbox.sql(statement)));
    }
    sandbox.run(&["whoami"]).ok();
    assert_snapshot!(outputs, @"
    retired key
    --- exit code 10, stderr
    error: a token of your session was signed by a retired key: `<key>` was accepted until <time> (<ago>)
    hint: log in again: jeton login
    revoked key
    --- exit code 12, stderr
    error: a token of your session was signed by a revoked key: `<key>`
    hint: log in again: jeton login
    password changed
    --- exit code 12, stderr
    error: your session has ended: password changed, <time> (<ago>)
    hint: log in again: jeton login
    disabled user
    --- exit code 10, stderr
    error: your account is disabled: `ada`, since <time> (<ago>)
    hint: ask an admin to enable the account: jeton users enable ada
    password changed, then disabled user
    --- exit code 10, stderr
    error: your account is disabled: `ada`, since <time> (<ago>)
    hint: ask an admin to enable the account: jeton users enable ada
    ");
}

#[test]
fn insufficient_role_error_names_user_and_role() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run(&["settings", "set", "issuer", "x"]), @"
    --- exit code 7, stderr
    error: only admins can change settings: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let error = sandbox.json_error(&["users", "set-role", "john", "admin"]);
    assert_eq!(error["details"], json!({"user": "john", "role": "user", "required_role": "admin"}));
    assert_snapshot!(sandbox.run(&["token", "mint"]), @"
    --- exit code 7, stderr
    error: only minters and admins can mint test tokens: logged in as `john` with role `user`
    hint: ask an admin to change the role: jeton users set-role john minter
    ");
    assert_snapshot!(sandbox.run(&["whoami", "--require-role", "admin"]).diagnostics(), @"
    --- exit code 9, stderr
    error: role of `john` too low: found `user`, expected `admin`
    ");
    // Without a session, the error has no user and no role to name.
    sandbox.run(&["logout"]).ok();
    let words = ["register", "eve", "--role", "admin", "--password-stdin"];
    assert_snapshot!(sandbox.run_with_input(&words, "123456"), @"
    --- exit code 7, stderr
    error: only admins can assign roles: not logged in
    hint: log in: jeton login
    ");
}
