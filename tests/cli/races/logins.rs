//! Concurrent logins in one configuration directory: the last login stays, and no other session
//! stays open.

use super::{ended, number, race, register};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::process::Command;

const OPEN: &str = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";

const ROUNDS: usize = 8;

fn log_in_here(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = sandbox.command(&["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

fn with_users(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_admin();
    for name in names {
        race([register(&sandbox, name)]).remove(0).ok();
    }
    sandbox
}

/// Counts the logins that ended a previous session.
fn replaced(all: &[RunOutput]) -> usize {
    let talk = "the session that was open here is ended\n";
    all.iter().filter(|output| output.stderr.starts_with(talk)).count()
}

/// Returns the name of the logged-in user, whose session must be the only open session.
fn the_one(sandbox: &Sandbox) -> String {
    let who = sandbox.json(&["whoami"]);
    assert_eq!(number(sandbox, OPEN), 1);
    let open = sandbox.json(&["sessions", "list"]);
    assert_eq!(open["items"][0]["sid"], who["session"]["sid"], "{open}");
    assert_eq!(who["session"]["sid"], sandbox.session("sid"));
    sandbox.run(&["refresh"]).ok();
    who["user"]["username"].as_str().unwrap().to_owned()
}

#[test]
fn concurrent_logins_leave_one_session() {
    let sandbox = with_users(&["john"]);
    for _ in 0..ROUNDS {
        let all = race((0..2).map(|_| log_in_here(&sandbox, "john")));
        assert_eq!((ended(&all, 0), replaced(&all)), (2, 2), "{all:?}");
        assert_eq!(the_one(&sandbox), "john");
    }
}

#[test]
fn concurrent_first_logins_leave_one_session() {
    let sandbox = with_users(&["john"]);
    for _ in 0..ROUNDS {
        sandbox.run(&["logout"]).ok();
        let all = race((0..2).map(|_| log_in_here(&sandbox, "john")));
        assert_eq!((ended(&all, 0), replaced(&all)), (2, 1), "{all:?}");
        assert_eq!(the_one(&sandbox), "john");
    }
}

#[test]
fn concurrent_logins_of_two_users_leave_one_session() {
    let sandbox = with_users(&["john", "eve"]);
    let mut last = BTreeSet::new();
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { ["john", "eve"] } else { ["eve", "john"] };
        let all = race(order.map(|name| log_in_here(&sandbox, name)));
        assert_eq!((ended(&all, 0), replaced(&all)), (2, 2), "{all:?}");
        last.insert(the_one(&sandbox));
    }
    println!("the last: {last:?}");
    assert!(last.iter().all(|name| ["john", "eve"].contains(&name.as_str())), "{last:?}");
}
