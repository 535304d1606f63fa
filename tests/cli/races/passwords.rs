//! A password change during concurrent refreshes: one session remains, whether a refresh
//! precedes or follows the change.

use super::{
    assert_no_lock_error_or_crash, command_of, count_with_code, query_number, register_command,
    run_concurrently,
};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::process::Command;

/// Configuration directories in which john is logged in.
const CONFIG_DIRS: [&str; 5] = ["desk", "laptop", "phone", "job", "server"];

/// Passwords of john. Each round changes one of them to the other.
pub(crate) const PASSWORDS: [&str; 2] = ["123456", "654321"];

/// Counts the open sessions of john.
pub(crate) const OPEN_SESSION_COUNT_SQL: &str =
    "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE u.username = 'john' AND s.ended_at IS NULL";

/// Returns a command that logs john in with the configuration directory `config_dir`.
pub(crate) fn john_log_in_command(sandbox: &Sandbox, config_dir: &str, password: &str) -> Command {
    let mut command = command_of(sandbox, config_dir, &["login", "john"]);
    command.env("JETON_PASSWORD", password);
    command
}

/// Returns a command that changes the password, with the configuration directory `config_dir`.
pub(crate) fn passwd_command(sandbox: &Sandbox, config_dir: &str, old: &str, new: &str) -> Command {
    let file = sandbox.home().join("passwords");
    std::fs::write(&file, format!("{old}\n{new}\n")).unwrap();
    command_of(sandbox, config_dir, &["passwd", "--password-file", file.to_str().unwrap()])
}

/// Refreshes the sessions in all of [`CONFIG_DIRS`] concurrently. Asserts that the refresh in
/// `current`, the directory in which the password is changed, succeeds, and that each other refresh
/// succeeds or is refused (12). Returns the number of other directories in which the refresh
/// succeeds.
fn refresh_all(sandbox: &Sandbox, current: &str) -> usize {
    let outputs = run_concurrently(
        CONFIG_DIRS.iter().map(|config_dir| command_of(sandbox, config_dir, &["refresh"])),
    );
    for (config_dir, output) in CONFIG_DIRS.iter().zip(&outputs) {
        assert!(
            output.code == 0 || (output.code == 12 && *config_dir != current),
            "{config_dir}: {output:?}"
        );
    }
    count_with_code(&outputs, 0) - 1
}

/// Asserts that john has only one session: the session in the configuration directory `current`.
fn assert_one_session_left(sandbox: &Sandbox, current: &str) {
    for config_dir in CONFIG_DIRS {
        let expected = if config_dir == current { 0 } else { 12 };
        for words in [["whoami"], ["refresh"]] {
            let output = run_concurrently([command_of(sandbox, config_dir, &words)]).remove(0);
            assert_eq!(output.code, expected, "{config_dir}: {output:?}");
        }
    }
    assert_eq!(query_number(sandbox, OPEN_SESSION_COUNT_SQL), 1);
}

#[test]
fn password_change_during_refreshes_leaves_one_session() {
    let sandbox = Sandbox::with_admin();
    run_concurrently([register_command(&sandbox, "john")]).remove(0).ok();
    let (mut refreshes_before, mut refusals_after) = (0, 0);
    for (round, current) in CONFIG_DIRS.iter().enumerate() {
        let [old, new] = [PASSWORDS[round % 2], PASSWORDS[(round + 1) % 2]];
        let outputs = run_concurrently(
            CONFIG_DIRS.iter().map(|config_dir| john_log_in_command(&sandbox, config_dir, old)),
        );
        assert_eq!(count_with_code(&outputs, 0), CONFIG_DIRS.len(), "{outputs:?}");
        let mut change = Sandbox::start(&mut passwd_command(&sandbox, current, old, new));
        // The refreshes are repeated until the process exits: some precede the change of the
        // password in the store, and some may follow.
        while change.try_wait().unwrap().is_none() {
            refreshes_before += refresh_all(&sandbox, current);
        }
        refusals_after += CONFIG_DIRS.len() - 1 - refresh_all(&sandbox, current);
        let output = RunOutput::from(change.wait_with_output().unwrap());
        assert_no_lock_error_or_crash(&output);
        allow_duplicates!(assert_snapshot!(output, @"
        --- stderr
        warning: password shorter than 8 characters
        changed the password, ended 4 other sessions
        "));
        assert_one_session_left(&sandbox, current);
        assert_eq!(
            run_concurrently([john_log_in_command(&sandbox, "another-machine", old)])
                .remove(0)
                .code,
            6
        );
    }
    println!("{refreshes_before} refreshes before the change");
    assert!(
        refreshes_before > 0 && refusals_after == CONFIG_DIRS.len() * (CONFIG_DIRS.len() - 1),
        "{refreshes_before} refreshes before the change, {refusals_after} refusals after"
    );
    assert_eq!(
        query_number(&sandbox, "SELECT count(*) FROM audit WHERE outcome = 'token_reused'"),
        0
    );
}
