//! Concurrent logins in one configuration directory: the session of the last login stays open, and
//! every other session ends.

use super::{count_with_code, query_number, register_command, run_concurrently};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::process::Command;

const OPEN_SESSION_COUNT_SQL: &str = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";

const ROUNDS: usize = 8;

/// Returns a command that logs in with the default configuration directory.
fn default_log_in_command(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = sandbox.command(&["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

fn sandbox_with_users(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_admin();
    for name in names {
        run_concurrently([register_command(&sandbox, name)]).remove(0).ok();
    }
    sandbox
}

/// Counts the logins that ended the previous session of the configuration directory.
fn count_session_replacements(outputs: &[RunOutput]) -> usize {
    let message = "ended the previous session\n";
    outputs.iter().filter(|output| output.stderr.starts_with(message)).count()
}

/// Asserts that the session in the default configuration directory is the only open session of the
/// store and can be refreshed. Returns the name of its user.
fn sole_session_user(sandbox: &Sandbox) -> String {
    let whoami = sandbox.json(&["whoami"]);
    assert_eq!(query_number(sandbox, OPEN_SESSION_COUNT_SQL), 1);
    let sessions = sandbox.json(&["sessions", "list"]);
    assert_eq!(sessions["items"][0]["sid"], whoami["session"]["sid"], "{sessions}");
    assert_eq!(whoami["session"]["sid"], sandbox.session_member("sid"));
    sandbox.run(&["refresh"]).ok();
    whoami["user"]["username"].as_str().unwrap().to_owned()
}

#[test]
fn concurrent_logins_leave_one_session() {
    let sandbox = sandbox_with_users(&["john"]);
    for _ in 0..ROUNDS {
        let outputs = run_concurrently((0..2).map(|_| default_log_in_command(&sandbox, "john")));
        assert_eq!(
            (count_with_code(&outputs, 0), count_session_replacements(&outputs)),
            (2, 2),
            "{outputs:?}"
        );
        assert_eq!(sole_session_user(&sandbox), "john");
    }
}

#[test]
fn concurrent_logins_after_a_logout_leave_one_session() {
    let sandbox = sandbox_with_users(&["john"]);
    for _ in 0..ROUNDS {
        sandbox.run(&["logout"]).ok();
        let outputs = run_concurrently((0..2).map(|_| default_log_in_command(&sandbox, "john")));
        assert_eq!(
            (count_with_code(&outputs, 0), count_session_replacements(&outputs)),
            (2, 1),
            "{outputs:?}"
        );
        assert_eq!(sole_session_user(&sandbox), "john");
    }
}

#[test]
fn concurrent_logins_of_two_users_leave_one_session() {
    let sandbox = sandbox_with_users(&["john", "eve"]);
    let mut remaining_users = BTreeSet::new();
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { ["john", "eve"] } else { ["eve", "john"] };
        let outputs = run_concurrently(order.map(|name| default_log_in_command(&sandbox, name)));
        assert_eq!(
            (count_with_code(&outputs, 0), count_session_replacements(&outputs)),
            (2, 2),
            "{outputs:?}"
        );
        remaining_users.insert(sole_session_user(&sandbox));
    }
    println!("users with the last session: {remaining_users:?}");
    let is_expected = |name: &String| ["john", "eve"].contains(&name.as_str());
    assert!(remaining_users.iter().all(is_expected), "{remaining_users:?}");
}
