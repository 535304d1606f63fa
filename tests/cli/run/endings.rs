//! Ways for the command to end, or not to begin: the exit code, and the token, which is revoked.

use super::{Running, audit, is_dead, nothing_lives, run_shell, shell};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;

#[test]
fn its_exit_code_is_passed_on() {
    for code in [0, 1, 3, 12, 75, 126, 127, 130, 255] {
        let sandbox = Sandbox::with_admin();
        let output = run_shell(&sandbox, &[], &format!("echo \"$API_TOKEN\"; exit {code}"));
        assert_eq!((output.code, output.stderr.as_str()), (code, ""));
        is_dead(&sandbox, &output.stdout);
    }
}

#[test]
fn a_signal_that_kills_it_is_128_and_its_number() {
    for (signal, code) in [("HUP", 129), ("INT", 130), ("ABRT", 134), ("KILL", 137), ("TERM", 143)]
    {
        let sandbox = Sandbox::with_admin();
        let output = run_shell(&sandbox, &[], &format!("echo \"$API_TOKEN\"; kill -{signal} $$"));
        assert_eq!((output.code, output.stderr.as_str()), (code, ""), "{signal}");
        is_dead(&sandbox, &output.stdout);
    }
}

#[test]
fn one_that_is_not_there_is_127_and_one_that_cannot_be_executed_126() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("text"), "no program").unwrap();
    std::fs::write(sandbox.home().join("strange"), "no program either").unwrap();
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(sandbox.home().join("strange"), executable).unwrap();
    let mut outputs = String::new();
    for command in
        ["there-is-none", "./there\u{1b}-is-none", "./text", ".", "./strange", "./text/x"]
    {
        let test_token = sandbox.run(&["run", "--", command]);
        let app_token = sandbox.run(&["run", "--app", "ci", "--", command]);
        assert_eq!(test_token.to_string(), app_token.to_string());
        outputs += &test_token.with_heading(command.escape_default());
    }
    assert_snapshot!(outputs, @r"
    there-is-none
    --- exit code 127, stderr
    error: command `there-is-none` not found
    hint: use `sh -c '…'` for shell syntax and built-in commands
    ./there\u{1b}-is-none
    --- exit code 127, stderr
    error: command `./there\u{1b}-is-none` not found
    hint: use `sh -c '…'` for shell syntax and built-in commands
    ./text
    --- exit code 126, stderr
    error: `./text` cannot be executed: Permission denied (os error 13)
    .
    --- exit code 126, stderr
    error: `.` cannot be executed: Permission denied (os error 13)
    ./strange
    --- exit code 126, stderr
    error: `./strange` cannot be executed: Exec format error (os error 8)
    ./text/x
    --- exit code 126, stderr
    error: `./text/x` cannot be executed: Not a directory (os error 20)
    ");
    nothing_lives(&sandbox, 12);
    assert_eq!(audit(&sandbox).len(), 24, "nothing was refused");
}

#[test]
fn a_token_that_cannot_be_revoked_is_named_and_the_exit_code_is_1() {
    let mut outputs = String::new();
    for (form, code) in [("text", 0), ("json", 5)] {
        let sandbox = Sandbox::with_admin();
        let line = format!("echo \"$API_TOKEN\"; read line; exit {code}");
        let mut run = Running::start(shell(&sandbox, &["--wait", "0s", "-o", form], &line));
        let token = run.line();
        let other = rusqlite::Connection::open(sandbox.store()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        run.answer("go on");
        let (exit, talk) = run.ends();
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(exit, Some(1));
        outputs += &talk;
        outputs += "--- exit code 1\n";
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
        sandbox.run(&["token", "revoke", "1"]).ok();
        is_dead(&sandbox, &token);
    }
    assert_snapshot!(outputs, @r#"
    error: the command exited with 0, and token 1 could not be revoked: timed out waiting for a lock on the store
    hint: revoke it: jeton token revoke 1
    --- exit code 1
    {"error":{"kind":"Internal","code":"internal","exit_code":1,"message":"the command exited with 5, and token 1 could not be revoked: timed out waiting for a lock on the store","hint":"revoke it: jeton token revoke 1","details":{"token_id":1,"command_exit_code":5}}}
    --- exit code 1
    "#);
}

#[test]
fn a_store_that_the_command_removes_is_missed() {
    let sandbox = Sandbox::with_admin();
    let output = run_shell(&sandbox, &[], "rm .local/share/jeton/*");
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the command exited with 0, and token 1 could not be revoked: store `~/.local/share/jeton/jeton.db` not found
    hint: revoke it: jeton token revoke 1
    ");
}

#[test]
fn nothing_is_revoked_in_another_store() {
    let sandbox = Sandbox::with_admin();
    let line =
        "rm -r .local .config && \"$0\" init eve -q && \"$0\" token create app -q >/dev/null";
    let output = run_shell(&sandbox, &[], line);
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the command exited with 0, and token 1 could not be revoked: the store of the token was replaced by another store
    hint: revoke it: jeton token revoke 1
    ");
    assert_eq!(sandbox.sql("SELECT id || ' ' || count(revoked_at) FROM tokens"), ["1 0"]);
}
