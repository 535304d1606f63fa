//! Logins in one configuration directory: the last one stays, and no other session is left open.

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

/// How many of the two ended the session that stood there.
fn replaced(all: &[RunOutput]) -> usize {
    let talk = "the session that was open here is ended\n";
    all.iter().filter(|output| output.stderr.starts_with(talk)).count()
}

/// Whoever is logged in here now; it must be in the only session that is open.
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
fn two_logins_at_once_in_one_directory_leave_one_session() {
    let sandbox = with_users(&["john"]);
    for _ in 0..ROUNDS {
        let all = race((0..2).map(|_| log_in_here(&sandbox, "john")));
        assert_eq!((ended(&all, 0), replaced(&all)), (2, 2), "{all:?}");
        assert_eq!(the_one(&sandbox), "john");
    }
}

#[test]
fn two_logins_at_once_where_nobody_was_logged_in_leave_one_session() {
    let sandbox = with_users(&["john"]);
    for _ in 0..ROUNDS {
        sandbox.run(&["logout"]).ok();
        let all = race((0..2).map(|_| log_in_here(&sandbox, "john")));
        assert_eq!((ended(&all, 0), replaced(&all)), (2, 1), "{all:?}");
        assert_eq!(the_one(&sandbox), "john");
    }
}

#[test]
fn two_users_who_log_in_at_once_in_one_directory_leave_one_session() {
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
