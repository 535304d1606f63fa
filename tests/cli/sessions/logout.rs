//! `jeton logout`: the session file, ended sessions, bearer tokens, and `--all`.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn logout_invalidates_both_tokens_and_removes_the_session_file() {
    let sandbox = Sandbox::with_john();
    let file = sandbox.session_file();
    let (access, refresh) = (sandbox.session_member("access"), sandbox.session_member("refresh"));
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert!(!file.exists());
    for token in [access, refresh] {
        let output = sandbox.run(&["token", "verify", &token, "--type", "any"]);
        assert_eq!((output.code, &*output.verdict()), (12, "invalid: session_ended"));
    }
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn logout_without_a_session_succeeds() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":true}"#);
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":false}"#);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    let empty_sandbox = Sandbox::new();
    assert_snapshot!(empty_sandbox.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    assert!(!empty_sandbox.has_store());
}

#[test]
fn logout_succeeds_if_tokens_are_unknown_or_the_session_has_ended_or_expired() {
    for sql in [
        "UPDATE pairs SET access_expires_at = 1, refresh_expires_at = 1",
        "UPDATE sessions SET ended_at = 1",
        "DELETE FROM pairs",
    ] {
        let sandbox = Sandbox::with_john();
        let file = sandbox.session_file();
        sandbox.sql(sql);
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout"]), @"
        --- stderr
        logged out
        "));
        assert!(!file.exists(), "{sql}");
    }
}

#[test]
fn logout_ends_a_session_with_tokens_of_a_retired_key_that_is_no_longer_accepted() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["keys", "rotate"]).ok();
    sandbox.sql("UPDATE keys SET verify_until = 1 WHERE state = 'retired'");
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert_eq!(sandbox.sql("SELECT end_reason FROM sessions"), ["logout"]);
    let event_sql = "SELECT target_kind || ' ' || outcome FROM audit WHERE action = 'logout'";
    assert_eq!(sandbox.sql(event_sql), ["session done"]);
}

#[test]
fn logout_with_a_pending_login_and_a_damaged_store_keeps_the_session_file() {
    let sandbox = Sandbox::with_admin();
    let file = sandbox.session_file();
    let text = std::fs::read_to_string(&file).unwrap();
    // The member `beginning` marks the login as pending, as after an interrupted login.
    let pending_text = format!(r#"{{"beginning":{{"before":null}},{}"#, &text[1..]);
    std::fs::write(&file, &pending_text).unwrap();
    sandbox.sql("UPDATE sessions SET expires_at = -1");
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- exit code 78, stderr
    error: store damaged: invalid time -1
    ");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), pending_text);
}

#[test]
fn logout_removes_a_damaged_session_file() {
    let sandbox = Sandbox::with_john();
    let file = sandbox.session_file();
    std::fs::write(&file, "{").unwrap();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 4, stderr
    error: `~/.config/jeton/sessions`: the session file is damaged
    hint: log in again: jeton login
    ");
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert!(!file.exists());
}

#[test]
fn logout_with_a_bearer_token_ends_only_the_session_of_the_token() {
    let mut sandbox = Sandbox::with_john();
    let other_access = sandbox.session_member("access");
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("john", "123456");
    let current_access = sandbox.session_member("access");
    sandbox.set_variable("JETON_TOKEN", &other_access);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":false}"#);
    assert_eq!(sandbox.session_member("access"), current_access);
    let verify =
        |token: &str| sandbox.run(&["token", "verify", token, "--type", "access"]).verdict();
    assert_eq!(verify(&other_access), "invalid: session_ended");
    assert_eq!(verify(&current_access), "valid");
}

#[test]
fn logout_refuses_an_app_token_as_bearer_token() {
    let mut sandbox = Sandbox::with_john();
    let app_token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.set_variable("JETON_TOKEN", &app_token);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- exit code 10, stderr
    error: token type mismatch: found `app`, expected `access`
    ");
    assert!(sandbox.session_file().exists());
}

#[test]
fn logout_with_a_copied_store_keeps_the_session_file() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    let session_bytes = std::fs::read(sandbox.session_file()).unwrap();
    for flags in [&[][..], &["--all"]] {
        let output = sandbox.run(&[&["--store", "copy.db", "logout"], flags].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        not logged in
        "));
    }
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), session_bytes);
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn logout_all_reports_the_number_of_other_sessions() {
    let sandbox = Sandbox::with_john();
    let other_access = sandbox.session_member("access");
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("john", "123456");
    let logout_all = ["logout", "--all"];
    assert_snapshot!(sandbox.run(&logout_all), @"
    --- stderr
    ended 1 other session
    logged out
    ");
    assert_eq!(sandbox.run(&["token", "verify", &other_access, "--type", "access"]).code, 12);
    assert_snapshot!(sandbox.run(&logout_all), @"
    --- stderr
    not logged in
    ");
    assert_snapshot!(sandbox.run_json(&logout_all), @r#"{"changed":false}"#);
    let empty_sandbox = Sandbox::new();
    assert_snapshot!(empty_sandbox.run(&logout_all), @"
    --- stderr
    not logged in
    ");
    let outcomes_sql = "SELECT DISTINCT outcome FROM audit WHERE action = 'logout'";
    assert_eq!(sandbox.sql(outcomes_sql), ["done"]);
}

#[test]
fn logout_all_with_an_ended_session_or_unknown_tokens_ends_no_other_session() {
    const CURRENT_SESSION_ID_SQL: &str = "(SELECT max(id) FROM sessions)";
    for sql in [
        format!("UPDATE sessions SET ended_at = 1 WHERE id = {CURRENT_SESSION_ID_SQL}"),
        format!("DELETE FROM pairs WHERE session_id = {CURRENT_SESSION_ID_SQL}"),
    ] {
        let sandbox = Sandbox::with_john();
        let other_access = sandbox.session_member("access");
        std::fs::remove_file(sandbox.session_file()).unwrap();
        sandbox.log_in("john", "123456");
        let file = sandbox.session_file();
        sandbox.sql(&sql);
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
        --- stderr
        warning: other sessions were not ended: the session file has no valid session
        hint: log in to end all sessions: jeton login && jeton logout --all
        logged out
        "));
        assert!(!file.exists(), "{sql}");
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
        --- stderr
        not logged in
        "));
        sandbox.run(&["token", "verify", &other_access, "--type", "access"]).ok();
        assert_eq!(sandbox.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
    }
}

#[test]
fn logout_all_with_an_expired_session_ends_that_session_with_a_warning() {
    let sandbox = Sandbox::with_admin();
    for setting in ["session.access_ttl", "session.refresh_ttl"] {
        sandbox.run(&["settings", "set", setting, "1s"]).ok();
    }
    sandbox.log_in("ada", "lovelace");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- stderr
    warning: other sessions were not ended: the session file has no valid session
    hint: log in to end all sessions: jeton login && jeton logout --all
    logged out
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["0"]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
}

#[test]
fn json_logout_reports_whether_all_sessions_ended() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run_json(&["logout", "--all"]), @r#"{"changed":true,"all":true}"#);
    sandbox.log_in("john", "123456");
    sandbox.sql("UPDATE sessions SET ended_at = 1");
    assert_snapshot!(sandbox.run_json(&["logout", "--all"]), @r#"{"changed":true,"all":false}"#);
    sandbox.log_in("john", "123456");
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":true}"#);
}

#[test]
fn logout_all_refuses_a_refresh_token_as_bearer_token() {
    let mut sandbox = Sandbox::with_john();
    let refresh_token = sandbox.session_member("refresh");
    sandbox.set_variable("JETON_TOKEN", &refresh_token);
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- exit code 10, stderr
    error: token type mismatch: found `refresh`, expected `access`
    hint: replace the token in JETON_TOKEN with the access token of a session
    ");
}
