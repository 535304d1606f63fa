//! `jeton passwd` and `jeton recover`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

/// Command that reads the current and the new password from two lines of standard input.
const PASSWD: [&str; 2] = ["passwd", "--password-stdin"];

#[test]
fn passwd_replaces_password_and_ends_other_sessions_only() {
    let mut sandbox = Sandbox::with_john();
    let other_access_token = sandbox.session_member("access");
    // Without a session file, the login does not end the first session.
    std::fs::remove_file(sandbox.session_file()).unwrap();
    sandbox.log_in("john", "123456");
    let output = sandbox.run_with_input(&PASSWD, "123456\n87654321\n");
    assert_snapshot!(output, @"
    --- stderr
    changed the password, ended 1 other session
    ");
    sandbox.run(&["whoami"]).ok();
    let output = sandbox.run_with_input(&["login", "john", "--password-stdin"], "123456");
    assert_snapshot!(output, @"
    --- exit code 6, stderr
    error: wrong name or password
    ");
    sandbox.log_in("john", "87654321");
    sandbox.set_variable("JETON_TOKEN", &other_access_token);
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: session ended: password changed, <time> (<ago>)
    hint: check the token in JETON_TOKEN
    ");
}

#[test]
fn json_output_counts_ended_sessions() {
    let sandbox = Sandbox::with_john();
    let output =
        sandbox.run_with_input(&["passwd", "-o", "json", "--password-stdin"], "123456\nx y");
    assert_snapshot!(output, @r#"{"changed":true,"sessions_ended":0}"#);
    let arguments = ["recover", "john", "--password-stdin", "-o", "json"];
    let output = sandbox.run_with_input(&arguments, "abc");
    assert_snapshot!(output, @r#"{"changed":true,"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"},"sessions_ended":1}"#);
}

#[test]
fn passwd_requires_current_and_new_password() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run_with_input(&PASSWD, "wrong\n654321\n");
    assert_snapshot!(output, @"
    --- exit code 6, stderr
    error: wrong password
    ");
    for input in ["123456\n", "123456", "123456\na\nb\n"] {
        let output = sandbox.run_with_input(&PASSWD, input);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: two lines required: the current password, then the new password
        "));
    }
    let output = sandbox.run_with_input(&PASSWD, "123456\n\n");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: password: must not be empty
    ");
    assert_snapshot!(sandbox.run(&["passwd"]), @"
    --- exit code 2, stderr
    error: current and new password required, but standard input is not a terminal
    hint: pass both on two lines with `--password-stdin` or `--password-file FILE`
    ");
    sandbox.log_in("john", "123456");
}

#[test]
fn passwd_requires_session() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["logout"]).ok();
    let output = sandbox.run_with_input(&PASSWD, "lovelace\nx\n");
    assert_snapshot!(output, @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn recover_requires_no_session_ends_sessions_and_warns_if_user_is_disabled() {
    let sandbox = Sandbox::with_john();
    let output =
        sandbox.run_with_input(&["recover", "John@example.com", "--password-stdin"], "long enough");
    assert_snapshot!(output, @"
    --- stderr
    set a new password for john, ended 1 session
    ");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 12, stderr
    error: your session has ended: password changed, <time> (<ago>)
    hint: log in again: jeton login
    ");
    sandbox.run(&["logout"]).ok();
    let output = sandbox.run_with_input(&["recover", "2", "--password-stdin"], "even longer");
    assert_snapshot!(output, @"
    --- stderr
    set a new password for john, ended 0 sessions
    ");
    sandbox.log_in("john", "even longer");
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["users", "disable", "john"]).ok();
    let output = sandbox.run_with_input(&["recover", "john", "--password-stdin"], "even longer");
    assert_snapshot!(output, @"
    --- stderr
    set a new password for john, ended 0 sessions
    warning: john is disabled
    hint: as an admin, enable the user: jeton users enable john
    ");
    let audit = sandbox.sql("SELECT concat_ws(' ', target_kind, target_id, outcome) FROM audit WHERE action = 'recover'");
    assert_eq!(audit, ["user 2 done"; 3]);
}

#[test]
fn recover_is_refused_for_unknown_user_missing_password_or_missing_store() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run_with_input(&["recover", "nobody", "--password-stdin"], "x");
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: user `nobody` not found
    ");
    assert_snapshot!(sandbox.run(&["recover", "john"]), @"
    --- exit code 2, stderr
    error: password required, but standard input is not a terminal
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    ");
    let sandbox_without_store = Sandbox::new();
    let output =
        sandbox_without_store.run_with_input(&["recover", "john", "--password-stdin"], "x");
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
}

#[test]
fn password_below_min_length_setting_is_refused() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "password.min_length", "8"]).ok();
    let output = sandbox.run_with_input(&PASSWD, "lovelace\nseven77\n");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: password shorter than 8 characters
    ");
    let output = sandbox.run_with_input(&["recover", "ada", "--password-stdin"], "seven77");
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: password shorter than 8 characters
    ");
}

#[test]
fn short_new_password_causes_warning_by_default() {
    let warning = "warning: password shorter than 8 characters\n";
    let sandbox = Sandbox::new();
    let init = sandbox.run_with_input(&["init", "ada", "--password-stdin"], "seven77");
    let register = sandbox.run_with_input(&["register", "john", "--password-stdin"], "short");
    let recover = sandbox.run_with_input(&["recover", "john", "--password-stdin"], "123456");
    let passwd = sandbox.run_with_input(&PASSWD, "seven77\nshort\n");
    for output in [init, register, recover, passwd] {
        assert!(output.ok().stderr.contains(warning));
    }
    let long_password_output =
        sandbox.run_with_input(&["recover", "john", "--password-stdin"], "\u{fc}12345678");
    assert!(!long_password_output.ok().stderr.contains("warning"));
}
