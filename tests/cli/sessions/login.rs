//! `jeton login`: passwords, failures, and the session that a login replaces.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;

fn log_in(sandbox: &Sandbox, name: &str, password: &str) -> RunOutput {
    sandbox.run_with_input(&["login", name, "--password-stdin"], password)
}

/// Creates a sandbox with the admin ada and the user john, who are both logged out.
fn sandbox_with_logged_out_users() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["logout"]).ok();
    sandbox
}

#[test]
fn username_and_email_log_in_case_insensitively() {
    let sandbox = sandbox_with_logged_out_users();
    for name in ["john", "JOHN", "john@example.com", "John@Example.com"] {
        allow_duplicates!(assert_snapshot!(log_in(&sandbox, name, "123456"), @"
        --- stderr
        logged in as john
        "));
        assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "john");
        sandbox.run(&["logout"]).ok();
    }
    let output = sandbox.run_with_input(&["login", "john", "-q", "--password-stdin"], "123456\n");
    assert_snapshot!(output, @"");
}

#[test]
fn json_login_prints_the_stored_tokens() {
    let sandbox = sandbox_with_logged_out_users();
    let arguments = ["login", "john", "--password-stdin", "-o", "json"];
    let output = sandbox.run_with_input(&arguments, "123456");
    assert_snapshot!(output, @r#"{"message":"Logged in","tokens":{"access":"<token>","refresh":"<token>"},"user":{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","name":null,"role":"user","status":"active","quota":null,"created_at":"<time>"},"access_expires_at":"<time>","refresh_expires_at":"<time>","sid":"<uuid>"}"#);
    let result: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(result["tokens"]["access"], sandbox.session_member("access"));
    assert_eq!(result["tokens"]["refresh"], sandbox.session_member("refresh"));
    assert_eq!(result["sid"], sandbox.session_member("sid"));
}

#[test]
fn login_ends_the_previous_session() {
    let sandbox = Sandbox::with_john();
    let previous_access = sandbox.session_member("access");
    assert_snapshot!(log_in(&sandbox, "ada", "lovelace"), @"
    --- stderr
    ended the previous session
    logged in as ada
    ");
    let output = sandbox.run(&["token", "verify", &previous_access, "--type", "access"]);
    assert_snapshot!(output, @"
    invalid: session_ended: replaced by a later login, <time> (<ago>)
    --- exit code 12, stderr
    error: session ended: replaced by a later login, <time> (<ago>)
    ");
    let output = sandbox.run(&["logout"]);
    assert_snapshot!(output, @"
    --- stderr
    logged out
    ");
    assert_snapshot!(log_in(&sandbox, "ada", "lovelace"), @"
    --- stderr
    logged in as ada
    ");
}

#[test]
fn failed_login_keeps_the_session() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(log_in(&sandbox, "ada", "wrong"), @"
    --- exit code 6, stderr
    error: wrong name or password
    ");
    assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "john");
}

#[test]
fn login_failures_are_indistinguishable() {
    let sandbox = sandbox_with_logged_out_users();
    sandbox.register("disabled", "123456");
    sandbox.sql("UPDATE users SET disabled_at = 1 WHERE username = 'disabled'");
    let arguments = |name| ["login", name, "--password-stdin", "-o", "json"];
    let wrong_password = sandbox.run_with_input(&arguments("john"), "1234567");
    assert_eq!(wrong_password.error()["code"], "login_invalid");
    for (name, password) in [
        ("john", "1234567"),
        ("john", ""),
        ("john", "\u{7}"),
        ("nobody", "123456"),
        ("nobody@example.com", "123456"),
        ("not a name", "123456"),
        ("2", "123456"),
        ("disabled", "123456"),
    ] {
        let output = log_in(&sandbox, name, password);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 6, stderr
        error: wrong name or password
        "));
        let output = sandbox.run_with_input(&arguments(name), password);
        assert_eq!(
            (output.code, output.stdout, output.stderr),
            (6, String::new(), wrong_password.stderr.clone()),
            "{name}"
        );
    }
    assert_eq!(sandbox.run(&["whoami"]).code, 4);
    let failure_count = sandbox.sql("SELECT count(*) FROM audit WHERE outcome = 'login_invalid'");
    assert_eq!(failure_count, ["17"], "each failure is recorded");
}

#[test]
fn password_is_read_from_a_file_or_variable() {
    let mut sandbox = sandbox_with_logged_out_users();
    fs::write(sandbox.home().join("secret.txt"), "123456\n").unwrap();
    let output = sandbox.run(&["login", "john", "--password-file", "secret.txt"]);
    assert_snapshot!(output, @"
    --- stderr
    logged in as john
    ");
    sandbox.run(&["logout"]).ok();
    let output = sandbox.run_with_input(&["login", "john", "--password-file", "-"], "123456\r\n");
    assert_snapshot!(output, @"
    --- stderr
    logged in as john
    ");
    sandbox.run(&["logout"]).ok();
    sandbox.set_variable("JETON_PASSWORD", "123456");
    assert_snapshot!(sandbox.run(&["login", "john"]), @"
    --- stderr
    logged in as john
    ");
    // `--password-stdin` has precedence over the variable.
    let output = log_in(&sandbox, "john", "wrong");
    assert_snapshot!(output, @"
    --- exit code 6, stderr
    error: wrong name or password
    ");
}

#[test]
fn conflicting_unreadable_and_missing_password_sources_are_usage_errors() {
    let sandbox = sandbox_with_logged_out_users();
    let output = sandbox.run(&["login", "john", "--password-stdin", "--password-file", "x"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--password-stdin' cannot be used with '--password-file <FILE>'
    hint: omit `--password-stdin` or `--password-file`
    ");
    let output = sandbox.run(&["login", "john", "--password-file", "nowhere"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the file with the password (value of `--password-file`) cannot be read: No such file or directory
    ");
    assert_snapshot!(sandbox.run(&["login", "john"]), @"
    --- exit code 2, stderr
    error: password required, but standard input is not a terminal
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    ");
    assert_snapshot!(sandbox.run(&["login", "john", "--no-input"]), @"
    --- exit code 2, stderr
    error: password required, but `--no-input` disables prompts
    hint: use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`
    ");
}

#[test]
fn os_user_is_the_default_login() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_PASSWORD", "123456");
    sandbox.run(&["init"]).ok();
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["login"]), @"
    --- stderr
    logged in as root
    ");
}

#[test]
fn copied_store_does_not_share_the_session() {
    let sandbox = Sandbox::with_john();
    let copy = sandbox.home().join("copy.db");
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let copy = copy.to_str().unwrap();
    assert_eq!(sandbox.run(&["whoami", "--store", copy, "-q"]).code, 4);
    let login_to_copy = ["login", "john", "--store", copy, "--password-stdin"];
    let output = sandbox.run_with_input(&login_to_copy, "123456");
    assert_snapshot!(output, @"
    --- stderr
    warning: this session replaces the session of `~/.local/share/jeton/jeton.db`, another copy of this store
    hint: to stay logged in to both stores, use a different `JETON_CONFIG_DIR` for one store
    logged in as john
    ");
    let output = sandbox.run(&["whoami"]);
    assert_eq!(output.code, 4, "both stores use the same session file: {output:?}");
    assert_snapshot!(log_in(&sandbox, "john", "123456"), @"
    --- stderr
    warning: this session replaces the session of `~/copy.db`, another copy of this store
    hint: to stay logged in to both stores, use a different `JETON_CONFIG_DIR` for one store
    logged in as john
    ");
    assert_eq!(sandbox.run(&["whoami", "--store", copy]).code, 4);
    sandbox.run_with_input(&login_to_copy, "123456").ok();
    // A login that replaces the session of a deleted copy causes no warning.
    fs::remove_file(copy).unwrap();
    assert_snapshot!(log_in(&sandbox, "john", "123456"), @"
    --- stderr
    logged in as john
    ");
}

#[test]
fn password_recovery_ends_open_sessions() {
    let sandbox = Sandbox::with_john();
    sandbox.run_with_input(&["recover", "john", "--password-stdin"], "654321").ok();
    assert_snapshot!(sandbox.run(&["token", "list"]), @"
    --- exit code 12, stderr
    error: your session has ended: password changed, <time> (<ago>)
    hint: log in again: jeton login
    ");
    assert_snapshot!(log_in(&sandbox, "john", "654321"), @"
    --- stderr
    logged in as john
    ");
}
