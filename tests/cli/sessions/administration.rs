//! `jeton sessions …`, `jeton logout --all` and `jeton whoami --require-role`.

use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;

/// Runs a command with the configuration directory `second`, which contains its own session file.
fn run_in_second_directory(
    sandbox: &Sandbox,
    arguments: &[&str],
    input: &str,
) -> crate::run_output::RunOutput {
    let mut command = sandbox.command(arguments);
    command.env("JETON_CONFIG_DIR", sandbox.home().join("second"));
    Sandbox::run_command_with_input(command, input)
}

/// Returns a sandbox with two sessions of john: one in the default configuration directory, and one
/// in the configuration directory `second`.
fn sandbox_with_two_sessions() -> Sandbox {
    let sandbox = Sandbox::with_john();
    run_in_second_directory(&sandbox, &["login", "john", "--password-stdin"], "123456").ok();
    sandbox
}

#[test]
fn session_list_marks_the_current_session() {
    let sandbox = sandbox_with_two_sessions();
    let list = sandbox.json(&["sessions", "list"]);
    let items = list["items"].as_array().unwrap();
    let current_flags: Vec<bool> = items.iter().map(|item| item["current"] == true).collect();
    assert_eq!(current_flags, [true, false]);
    assert_eq!(items[0]["sid"], sandbox.session_member("sid"));
    let member_names: Vec<_> = items[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        member_names,
        [
            "sid",
            "user_id",
            "user",
            "created_at",
            "refreshed_at",
            "refresh_expires_at",
            "expires_at",
            "current"
        ]
    );
    let text = sandbox.run(&["session", "ls"]).ok().stdout;
    assert!(text.lines().nth(1).unwrap().ends_with("  yes"), "{text}");
}

#[test]
fn session_list_of_all_users_requires_an_admin() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run(&["sessions", "list", "--all-users"]), @"
    --- exit code 7, stderr
    error: only admins can see sessions of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
}

#[test]
fn session_is_ended_by_id() {
    let sandbox = sandbox_with_two_sessions();
    let list = sandbox.json(&["sessions", "list"]);
    let other_sid = list["items"][1]["sid"].as_str().unwrap().to_owned();
    assert_snapshot!(sandbox.run(&["sessions", "revoke", &other_sid]), @"
    --- stderr
    ended 1 session
    ");
    assert_snapshot!(run_in_second_directory(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: your session has ended: revoked, <time> (<ago>)
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).ok();
    // The session has ended already. The id is case-insensitive.
    let other_sid = other_sid.to_uppercase();
    assert_snapshot!(sandbox.run_json(&["sessions", "revoke", &other_sid]), @r#"{"changed":false,"sessions_ended":0}"#);
    // If one id is refused, no session is ended.
    let unknown_sid = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    assert_snapshot!(sandbox.run(&["sessions", "revoke", &sandbox.session_member("sid"), unknown_sid]), @"
    --- exit code 7, stderr
    error: only admins can end sessions of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.run(&["whoami"]).ok();
    assert_eq!(sandbox.run(&["sessions", "revoke", "1"]).code, 2);
}

#[test]
fn only_admins_end_sessions_of_other_users() {
    let sandbox = sandbox_with_two_sessions();
    let sid_of_john = sandbox.session_member("sid");
    let run_as_admin = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("JETON_CONFIG_DIR", sandbox.home().join("admin"));
        Sandbox::run_command_with_input(command, "lovelace")
    };
    run_as_admin(&["login", "ada", "--password-stdin"]).ok();
    let list = run_as_admin(&["sessions", "list", "-o", "json"]).ok().stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let admin_sid = list["items"][0]["sid"].as_str().unwrap();
    assert_snapshot!(sandbox.run(&["sessions", "revoke", admin_sid]), @"
    --- exit code 7, stderr
    error: only admins can end sessions of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let revoke_for_unknown_user = ["sessions", "revoke", "--user", "nobody", "--all"];
    assert_snapshot!(sandbox.run(&revoke_for_unknown_user), @"
    --- exit code 7, stderr
    error: only admins can see other accounts: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    run_as_admin(&["sessions", "revoke", &sid_of_john]).ok();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: your session has ended: revoked, <time> (<ago>)
    hint: log in again: jeton login
    ");
    let revoke_all = ["sessions", "revoke", "--user", "john", "--all"];
    let output = run_as_admin(&revoke_all);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    assert_snapshot!(run_as_admin(&[&revoke_all[..], &["--yes"]].concat()), @"
    --- stderr
    ended 1 session
    ");
    assert_snapshot!(run_in_second_directory(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: your session has ended: revoked, <time> (<ago>)
    hint: log in again: jeton login
    ");
}

#[test]
fn logout_all_ends_every_session_of_the_user() {
    let sandbox = sandbox_with_two_sessions();
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- stderr
    ended 1 other session
    logged out
    ");
    assert_snapshot!(run_in_second_directory(&sandbox, &["whoami"], ""), @"
    --- exit code 12, stderr
    error: your session has ended: revoked, <time> (<ago>)
    hint: log in again: jeton login
    ");
    sandbox.run(&["whoami"]).fails(4);
}

#[test]
fn sessions_token_refreshes_a_soon_expiring_access_token_but_no_bearer_token() {
    let sandbox = Sandbox::with_admin();
    let initial_token = sandbox.session_member("access");
    assert_eq!(sandbox.stdout_of(&["sessions", "token"]), initial_token, "no refresh");
    assert_eq!(payload(&initial_token)["type"], "access");
    sandbox.run(&["settings", "set", "session.access_ttl", "30s"]).ok();
    sandbox.run(&["refresh"]).ok();
    let token_that_expires_soon = sandbox.session_member("access");
    sandbox.run(&["settings", "unset", "session.access_ttl"]).ok();
    let new_token = sandbox.stdout_of(&["sessions", "token"]);
    assert_ne!(new_token, token_that_expires_soon, "30 s are below the minimum remaining lifetime");
    assert_eq!(new_token, sandbox.session_member("access"));
    let mut command = sandbox.command(&["sessions", "token"]);
    command.env("JETON_TOKEN", &token_that_expires_soon);
    let output = Sandbox::run_command_with_input(command, "");
    assert_eq!(
        output.ok().stdout,
        format!("{token_that_expires_soon}\n"),
        "a bearer token is never refreshed"
    );
}

#[test]
fn require_role_option_fails_for_a_lower_role() {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["whoami", "--require-role", "user", "-q"]).ok();
    let output = sandbox.run(&["whoami", "--require-role", "minter", "-q"]);
    assert_snapshot!(output, @"
    id            2
    uid           <uuid>
    username      john
    email         john@example.com
    name          -
    role          user
    status        active
    quota         default
    created       <time>
    session       <uuid>
    session ends  <time>
    credential    ~/.config/jeton/sessions/<uuid>.json
    --- exit code 9, stderr
    error: role of `john` too low: found `user`, expected `minter`
    ");
    let error = sandbox.json_error(&["whoami", "--require-role", "admin"]);
    assert_eq!(error["code"], "check_failed");
}
