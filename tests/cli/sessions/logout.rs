//! `jeton logout`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn it_kills_both_tokens_and_removes_the_file() {
    let sandbox = Sandbox::with_john();
    let file = sandbox.session_file();
    let (access, refresh) = (sandbox.session("access"), sandbox.session("refresh"));
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert!(!file.exists());
    for token in [access, refresh] {
        let output = sandbox.run(&["token", "verify", &token, "--type", "any"]);
        assert_eq!((output.code, output.stdout.as_str()), (12, "invalid: session_ended\n"));
    }
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn nobody_logged_in_is_no_error() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":true}"#);
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":false}"#);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    let empty = Sandbox::new();
    assert_snapshot!(empty.run(&["logout"]), @"
    --- stderr
    not logged in
    ");
    assert!(!empty.store().exists());
}

#[test]
fn it_works_when_the_session_is_over_or_unknown() {
    for sql in [
        "UPDATE pairs SET access_expires_at = 1, refresh_expires_at = 1",
        "UPDATE sessions SET ended_at = 1",
        "DELETE FROM pairs",
    ] {
        let sandbox = Sandbox::with_john();
        let file = sandbox.session_file();
        rusqlite::Connection::open(sandbox.store()).unwrap().execute_batch(sql).unwrap();
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout"]), @"
        --- stderr
        logged out
        "));
        assert!(!file.exists(), "{sql}");
    }
}

#[test]
fn a_damaged_file_is_removed() {
    let sandbox = Sandbox::with_john();
    let file = sandbox.session_file();
    std::fs::write(&file, "{").unwrap();
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 4, stderr
    error: the session file is damaged
    hint: log in again: jeton login
    ");
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert!(!file.exists());
}

#[test]
fn a_given_token_ends_its_own_session_and_leaves_the_file() {
    let mut sandbox = Sandbox::with_john();
    let elsewhere = sandbox.session("access");
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("john", "123456");
    let here = sandbox.session("access");
    sandbox.set("JETON_TOKEN", &elsewhere);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- stderr
    logged out
    ");
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":false}"#);
    assert_eq!(sandbox.session("access"), here);
    let state = |token: &str| sandbox.run(&["token", "verify", token, "--type", "access"]).stdout;
    assert_eq!(state(&elsewhere), "invalid: session_ended\n");
    assert_eq!(state(&here), "valid\n");
}

#[test]
fn a_given_token_of_no_session_is_refused() {
    let mut sandbox = Sandbox::with_john();
    let app = sandbox.get(&["token", "create", "app"]);
    sandbox.set("JETON_TOKEN", &app);
    assert_snapshot!(sandbox.run(&["logout"]), @"
    --- exit code 10, stderr
    error: token type mismatch
    ");
    assert!(sandbox.session_file().exists());
}

#[test]
fn a_copy_leaves_the_login_of_the_original_alone() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    let file = std::fs::read(sandbox.session_file()).unwrap();
    for more in [&[][..], &["--all"]] {
        let output = sandbox.run(&[&["--store", "copy.db", "logout"], more].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        not logged in
        "));
    }
    assert_eq!(std::fs::read(sandbox.session_file()).unwrap(), file);
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn all_ends_the_others_once_and_says_so() {
    let sandbox = Sandbox::with_john();
    let elsewhere = sandbox.session("access");
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("john", "123456");
    let all = ["logout", "--all"];
    assert_snapshot!(sandbox.run(&all), @"
    --- stderr
    ended 1 other session
    logged out
    ");
    assert_eq!(sandbox.run(&["token", "verify", &elsewhere, "--type", "access"]).code, 12);
    assert_snapshot!(sandbox.run(&all), @"
    --- stderr
    not logged in
    ");
    assert_snapshot!(sandbox.run_json(&all), @r#"{"changed":false}"#);
    let empty = Sandbox::new();
    assert_snapshot!(empty.run(&all), @"
    --- stderr
    not logged in
    ");
    let outcomes = "SELECT DISTINCT outcome FROM audit WHERE action = 'logout'";
    assert_eq!(sandbox.sql(outcomes), ["done"]);
}

#[test]
fn all_of_a_session_that_is_over_removes_the_file_and_ends_no_other() {
    const HERE: &str = "(SELECT max(id) FROM sessions)";
    for sql in [
        format!("UPDATE sessions SET ended_at = 1 WHERE id = {HERE}"),
        format!("DELETE FROM pairs WHERE session_id = {HERE}"),
    ] {
        let sandbox = Sandbox::with_john();
        let elsewhere = sandbox.session("access");
        std::fs::remove_file(sandbox.session_file()).unwrap();
        sandbox.log_in("john", "123456");
        let file = sandbox.session_file();
        rusqlite::Connection::open(sandbox.store()).unwrap().execute_batch(&sql).unwrap();
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
        --- stderr
        warning: other sessions remain: the local one had already ended and cannot authorize `--all`
        hint: log in to end all sessions: jeton login && jeton logout --all
        logged out
        "));
        assert!(!file.exists(), "{sql}");
        allow_duplicates!(assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
        --- stderr
        not logged in
        "));
        sandbox.run(&["token", "verify", &elsewhere, "--type", "access"]).ok();
        assert_eq!(sandbox.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
    }
}

#[test]
fn all_of_an_expired_session_ends_that_one() {
    let sandbox = Sandbox::with_admin();
    for setting in ["session.access_ttl", "session.refresh_ttl"] {
        sandbox.run(&["settings", "set", setting, "1s"]).ok();
    }
    sandbox.log_in("ada", "lovelace");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- stderr
    warning: other sessions remain: the local one had already ended and cannot authorize `--all`
    hint: log in to end all sessions: jeton login && jeton logout --all
    logged out
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["0"]);
    assert_eq!(sandbox.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
}

#[test]
fn programs_are_told_whether_all_are_ended() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run_json(&["logout", "--all"]), @r#"{"changed":true,"all":true}"#);
    sandbox.log_in("john", "123456");
    sandbox.sql("UPDATE sessions SET ended_at = 1");
    assert_snapshot!(sandbox.run_json(&["logout", "--all"]), @r#"{"changed":true,"all":false}"#);
    sandbox.log_in("john", "123456");
    assert_snapshot!(sandbox.run_json(&["logout"]), @r#"{"changed":true}"#);
}

#[test]
fn all_by_a_token_that_was_given_needs_a_good_one() {
    let mut sandbox = Sandbox::with_john();
    let refresh = sandbox.session("refresh");
    sandbox.set("JETON_TOKEN", &refresh);
    assert_snapshot!(sandbox.run(&["logout", "--all"]), @"
    --- exit code 10, stderr
    error: token type mismatch
    hint: use an access token of a session in JETON_TOKEN
    ");
}
