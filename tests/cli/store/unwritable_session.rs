//! A session file that cannot be written is detected before a command creates a store or a session.
//! The module `privileged::read_only_session` also tests the refresh of a session.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;

/// Returns a vector with one string: the number of open sessions and the number of spent
/// (exchanged) refresh tokens, separated by a space.
pub(super) fn open_session_and_spent_token_counts(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql(
        "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
             || (SELECT count(*) FROM pairs WHERE spent_at IS NOT NULL)",
    )
}

#[test]
fn session_directory_inside_a_regular_file_is_refused() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("file"), "").unwrap();
    let run_with_directory_inside_file = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        let directory = sandbox.home().join("file/config");
        command.env("JETON_CONFIG_DIR", directory).env("JETON_PASSWORD", "lovelace");
        RunOutput::capture(command)
    };
    assert_snapshot!(run_with_directory_inside_file(&["login", "ada"]), @"
    --- exit code 78, stderr
    error: `~/file/config/sessions`: the session file cannot be used: Not a directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_snapshot!(run_with_directory_inside_file(&["init", "eve", "--store", "new/store.db"]), @"
    --- exit code 78, stderr
    error: `~/file/config/sessions`: the session file cannot be used: Not a directory
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert!(!sandbox.home().join("new").exists(), "no store is created without a session file");
    // `refresh` finds no session file at this path.
    assert_snapshot!(run_with_directory_inside_file(&["refresh"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_eq!(open_session_and_spent_token_counts(&sandbox), ["1 0"]);
    sandbox.run(&["refresh"]).ok();
}
