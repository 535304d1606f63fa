//! Concurrent processes on one store: no command reports a lock error, and a change that is allowed
//! once happens once.

pub(crate) mod admins;
mod logins;
pub(crate) mod passwords;
pub(crate) mod refresh;
pub(crate) mod registrations;
mod revocation;
pub(crate) mod tokens;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::process::Command;

/// Runs the commands concurrently, and returns their outputs in the same order. Asserts that no
/// command reports a lock error, panics or is ended by a signal.
pub(crate) fn run_concurrently(commands: impl IntoIterator<Item = Command>) -> Vec<RunOutput> {
    let outputs = Sandbox::run_in_parallel(commands);
    for output in &outputs {
        assert_no_lock_error_or_crash(output);
    }
    outputs
}

/// Asserts that the command reported no lock error, did not panic and was not ended by a signal.
fn assert_no_lock_error_or_crash(output: &RunOutput) {
    assert!(!output.stdout.contains("database is locked"), "{output:?}");
    for word in ["locked", "busy", "panicked"] {
        assert!(!output.stderr.contains(word), "{output:?}");
    }
    assert!((0..=78).contains(&output.code), "{output:?}");
}

/// Counts the commands with the exit code.
pub(crate) fn count_with_code(outputs: &[RunOutput], code: i32) -> usize {
    outputs.iter().filter(|output| output.code == code).count()
}

/// Runs a query, and returns the number in the first column of the first row.
pub(crate) fn query_number(sandbox: &Sandbox, query: &str) -> usize {
    sandbox.sql(query)[0].parse().unwrap()
}

pub(crate) fn register_command(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = sandbox.command(&["register", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// Returns a command with the configuration directory `config_name`. Each configuration directory
/// has a separate session.
pub(crate) fn command_of(sandbox: &Sandbox, config_name: &str, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.env("JETON_CONFIG_DIR", sandbox.home().join("config").join(config_name));
    command
}

/// Returns a command that logs a user in, with a configuration directory that has the name of the
/// user.
pub(crate) fn log_in_command(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = command_of(sandbox, name, &["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// Returns the content of a session file in the configuration directory `config_name`.
fn read_session_file(sandbox: &Sandbox, config_name: &str) -> Value {
    let sessions = sandbox.home().join("config").join(config_name).join("sessions");
    let mut files = std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path());
    let file =
        files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
