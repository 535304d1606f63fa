//! Standard output that is closed or not open for writing: a command that prints a secret fails
//! before it changes the store. "Closed" means that file descriptor 1 is missing, not that the
//! reader closed a pipe.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::process::Command;

/// Commands that print a secret, with `KEY` in place of a key id.
const SECRET_COMMANDS: &[&str] = &[
    "token create app",
    "token renew 1",
    "token mint",
    "token mint --record",
    "token mint --record --count 3",
    "token mint --count 3 -o json",
    "token fixtures",
    "sessions token",
    "refresh --token-stdin",
    "login ada --password-file password -o json",
    "keys export --yes --private KEY",
];

/// Redirections of standard output that make writes fail.
const REDIRECTIONS: &[&str] = &[">&-", "1</dev/null"];

/// Runs jeton in a shell, with a redirection of standard output, and with the file `refresh` as
/// standard input.
fn run(sandbox: &Sandbox, arguments: &str, redirection: &str) -> RunOutput {
    let mut command = Command::new("sh");
    let jeton = env!("CARGO_BIN_EXE_jeton");
    let shell_line = format!("exec {jeton} {arguments} {redirection} <refresh");
    command
        .args(["-c", &shell_line])
        .env_clear()
        .env("HOME", sandbox.home())
        .envs(sandbox.variables())
        .current_dir(sandbox.home());
    RunOutput::capture(command)
}

/// Returns the numbers of tokens, token pairs, sessions, keys and audit events with the outcome
/// `done`, and how many of the pairs were used for a refresh and how many of the sessions have
/// ended.
fn count_rows(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT 'tokens ' || count(*) FROM tokens UNION ALL
         SELECT 'pairs ' || count(*) || ' ' || count(spent_at) FROM pairs UNION ALL
         SELECT 'sessions ' || count(*) || ' ' || count(ended_at) FROM sessions UNION ALL
         SELECT 'keys ' || count(*) FROM keys UNION ALL
         SELECT 'events ' || count(*) FROM audit WHERE outcome = 'done'",
    )
}

#[test]
fn command_that_prints_a_secret_changes_nothing_if_stdout_is_not_open_for_writing() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("password"), "lovelace").unwrap();
    std::fs::write(sandbox.home().join("refresh"), sandbox.session_member("refresh")).unwrap();
    sandbox.stdout_of(&["token", "create", "app"]);
    let key = sandbox.stdout_of(&["keys", "generate"]);
    let rows_before = count_rows(&sandbox);
    for arguments in SECRET_COMMANDS {
        for redirection in REDIRECTIONS {
            let output = run(&sandbox, &arguments.replace("KEY", &key), redirection);
            if arguments.contains("json") {
                allow_duplicates!(assert_snapshot!(output, @r#"
                --- exit code 1, stderr
                {"error":{"kind":"Internal","code":"internal","exit_code":1,"message":"standard output is not open for writing: the secret cannot be delivered","hint":null,"details":{}}}
                "#));
            } else {
                allow_duplicates!(assert_snapshot!(output, @"
                --- exit code 1, stderr
                error: standard output is not open for writing: the secret cannot be delivered
                "));
            }
            assert_eq!(count_rows(&sandbox), rows_before, "{arguments} {redirection}");
        }
    }
}

#[test]
fn unwritable_stdout_for_a_public_result_and_dev_null_for_a_secret_are_accepted() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("refresh"), "").unwrap();
    for redirection in REDIRECTIONS {
        let output = run(&sandbox, "whoami", redirection).ok();
        assert_eq!(output.stderr, "");
    }
    // A redirection to `/dev/null` that is open for writing discards the token on purpose.
    run(&sandbox, "token create app", ">/dev/null").ok();
    run(&sandbox, "token create app", "<>/dev/null >&0").ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["2"]);
}
