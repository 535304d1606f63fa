//! Concurrent processes on one store: bounded waits, no lock errors, and single changes happen
//! once.

mod admins;
mod logins;
mod passwords;
mod refresh;
mod registrations;
mod revocation;
mod tokens;

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use serde_json::Value;
use std::process::Command;

/// Runs the commands concurrently. Asserts that none reports a lock, panics or ends with a signal.
fn race(commands: impl IntoIterator<Item = Command>) -> Vec<RunOutput> {
    let all = Sandbox::run_at_once(commands);
    for output in &all {
        is_decent(output);
    }
    all
}

fn is_decent(output: &RunOutput) {
    assert!(!output.stdout.contains("database is locked"), "{output:?}");
    for word in ["locked", "busy", "panicked"] {
        assert!(!output.stderr.contains(word), "{output:?}");
    }
    assert!((0..=78).contains(&output.code), "{output:?}");
}

/// Counts the commands with that exit code.
fn ended(all: &[RunOutput], code: i32) -> usize {
    all.iter().filter(|output| output.code == code).count()
}

fn number(sandbox: &Sandbox, question: &str) -> usize {
    sandbox.sql(question)[0].parse().unwrap()
}

fn register(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = sandbox.command(&["register", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// A command with its own configuration directory, hence its own session.
fn command_of(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.env("JETON_CONFIG_DIR", sandbox.home().join("config").join(name));
    command
}

fn log_in(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = command_of(sandbox, name, &["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// Reads the session file of that configuration directory.
fn session(sandbox: &Sandbox, name: &str) -> Value {
    let sessions = sandbox.home().join("config").join(name).join("sessions");
    let mut files = std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
