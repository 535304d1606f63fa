//! Commands whose result is a secret, with a standard output that loses it.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::process::Command;

/// The commands; `REFRESH` is a file with the refresh token, `KEY` the id of a key.
const SECRETS: &[&str] = &[
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

/// Redirections of standard output to where nothing can be written.
const CLOSED: &[&str] = &[">&-", "1</dev/null"];

fn run(sandbox: &Sandbox, words: &str, redirection: &str) -> RunOutput {
    let mut command = Command::new("sh");
    let jeton = env!("CARGO_BIN_EXE_jeton");
    let line = format!("exec {jeton} {words} {redirection} <refresh");
    command.args(["-c", &line]).env_clear().env("HOME", sandbox.home()).current_dir(sandbox.home());
    RunOutput::of(command)
}

fn rows(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT 'tokens ' || count(*) FROM tokens UNION ALL
         SELECT 'pairs ' || count(*) || ' ' || count(spent_at) FROM pairs UNION ALL
         SELECT 'sessions ' || count(*) || ' ' || count(ended_at) FROM sessions UNION ALL
         SELECT 'keys ' || count(*) FROM keys UNION ALL
         SELECT 'changes ' || count(*) FROM audit WHERE outcome = 'done'",
    )
}

#[test]
fn secret_for_a_closed_standard_output_is_not_created() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("password"), "lovelace").unwrap();
    std::fs::write(sandbox.home().join("refresh"), sandbox.session("refresh")).unwrap();
    sandbox.get(&["token", "create", "app"]);
    let key = sandbox.get(&["keys", "generate"]);
    let before = rows(&sandbox);
    for words in SECRETS {
        for closed in CLOSED {
            let output = run(&sandbox, &words.replace("KEY", &key), closed);
            allow_duplicates!(assert_snapshot!(output, @"
            --- exit code 1, stderr
            error: standard output is closed: the secret would be lost
            "));
            assert_eq!(rows(&sandbox), before, "{words} {closed}");
        }
    }
}

#[test]
fn other_results_may_be_discarded() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("refresh"), "").unwrap();
    for closed in CLOSED {
        let output = run(&sandbox, "whoami", closed).ok();
        assert_eq!(output.stderr, "");
    }
    // A user who asks for it may throw a token away.
    run(&sandbox, "token create app", ">/dev/null").ok();
    run(&sandbox, "token create app", "<>/dev/null >&0").ok();
    assert_eq!(sandbox.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["2"]);
}
