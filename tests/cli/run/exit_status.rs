//! Exit codes of `jeton run`, the revocation of the token on every exit, and failures of this
//! revocation.

use super::{RunProcess, assert_all_revoked, assert_revoked, run_events, run_shell, shell_command};
use crate::sandbox::Sandbox;
use crate::write_lock::WriteLock;
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;

#[test]
fn run_exits_with_the_exit_code_of_the_command() {
    for code in [0, 1, 3, 12, 75, 126, 127, 130, 255] {
        let sandbox = Sandbox::with_admin();
        let output = run_shell(&sandbox, &[], &format!("echo \"$API_TOKEN\"; exit {code}"));
        assert_eq!((output.code, output.stderr.as_str()), (code, ""));
        assert_revoked(&sandbox, &output.stdout);
    }
}

#[test]
fn run_exits_with_128_plus_the_signal_that_killed_the_command() {
    for (signal, code) in [("HUP", 129), ("INT", 130), ("ABRT", 134), ("KILL", 137), ("TERM", 143)]
    {
        let sandbox = Sandbox::with_admin();
        let output = run_shell(&sandbox, &[], &format!("echo \"$API_TOKEN\"; kill -{signal} $$"));
        assert_eq!((output.code, output.stderr.as_str()), (code, ""), "{signal}");
        assert_revoked(&sandbox, &output.stdout);
    }
}

#[test]
fn run_exits_with_127_for_a_missing_command_and_126_for_an_unexecutable_file() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("text"), "not a program").unwrap();
    std::fs::write(sandbox.home().join("garbage"), "not a program either").unwrap();
    std::fs::write(sandbox.home().join("script"), "#!/nonexistent\n").unwrap();
    for name in ["garbage", "script"] {
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(sandbox.home().join(name), executable).unwrap();
    }
    let mut outputs = String::new();
    for command in
        ["nonexistent", "./non\u{1b}existent", "./script", "./text", ".", "./garbage", "./text/x"]
    {
        let test_token_output = sandbox.run(&["run", "--", command]);
        let app_token_output = sandbox.run(&["run", "--app", "ci", "--", command]);
        assert_eq!(test_token_output.to_string(), app_token_output.to_string());
        outputs += &test_token_output.with_heading(command.escape_default());
    }
    assert_snapshot!(outputs, @r"
    nonexistent
    --- exit code 127, stderr
    error: command `nonexistent` not found
    hint: use `sh -c '…'` for shell syntax and built-in commands
    ./non\u{1b}existent
    --- exit code 127, stderr
    error: command `./non\u{1b}existent` not found
    hint: use `sh -c '…'` for shell syntax and built-in commands
    ./script
    --- exit code 127, stderr
    error: interpreter of `./script` not found
    ./text
    --- exit code 126, stderr
    error: `./text` cannot be executed: Permission denied
    .
    --- exit code 126, stderr
    error: `.` cannot be executed: Permission denied
    ./garbage
    --- exit code 126, stderr
    error: `./garbage` cannot be executed: Exec format error
    ./text/x
    --- exit code 126, stderr
    error: `./text/x` cannot be executed: Not a directory
    ");
    assert_all_revoked(&sandbox, 14);
    assert_eq!(run_events(&sandbox).len(), 28, "each of the 14 runs records two events");
}

#[test]
fn failed_revocation_names_the_token_and_exits_1() {
    let mut outputs = String::new();
    for (format, command_code) in [("text", 0), ("json", 5)] {
        let sandbox = Sandbox::with_admin();
        let line = format!("echo \"$API_TOKEN\"; read line; exit {command_code}");
        let mut run =
            RunProcess::start(shell_command(&sandbox, &["--wait", "0s", "-o", format], &line));
        let token = run.read_line();
        let lock = WriteLock::acquire(&sandbox);
        run.send_line("continue");
        let (exit_code, stderr) = run.finish();
        drop(lock);
        assert_eq!(exit_code, Some(1));
        outputs += &stderr;
        outputs += "--- exit code 1\n";
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
        sandbox.run(&["token", "revoke", "1"]).ok();
        assert_revoked(&sandbox, &token);
    }
    assert_snapshot!(outputs, @r#"
    error: the command exited with code 0, and token 1 could not be revoked: timed out waiting for a lock
    hint: revoke the token: jeton token revoke 1
    --- exit code 1
    {"error":{"kind":"Internal","code":"internal","exit_code":1,"message":"the command exited with code 5, and token 1 could not be revoked: timed out waiting for a lock","hint":"revoke the token: jeton token revoke 1","details":{"token_id":1,"command_exit_code":5}}}
    --- exit code 1
    "#);
}

#[test]
fn store_removed_by_the_command_is_reported() {
    let sandbox = Sandbox::with_admin();
    let output = run_shell(&sandbox, &[], "rm .local/share/jeton/*");
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the command exited with code 0, and token 1 could not be revoked: store `~/.local/share/jeton/jeton.db` not found
    hint: revoke the token: jeton token revoke 1
    ");
}

#[test]
fn replaced_store_is_not_changed() {
    let sandbox = Sandbox::with_admin();
    let line =
        "rm -r .local .config && \"$0\" init eve -q && \"$0\" token create app -q >/dev/null";
    let output = run_shell(&sandbox, &[], line);
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: the command exited with code 0, and token 1 could not be revoked: the store was replaced by another store
    hint: revoke the token: jeton token revoke 1
    ");
    assert_eq!(
        sandbox.sql("SELECT id || ' ' || count(revoked_at) FROM tokens GROUP BY id"),
        ["1 0"]
    );
}
