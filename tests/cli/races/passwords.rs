//! A password change during concurrent refreshes: one session remains, in any order.

use super::{command_of, ended, is_decent, number, race, register};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::process::Command;

const SESSIONS: [&str; 5] = ["desk", "laptop", "phone", "job", "server"];

const PASSWORDS: [&str; 2] = ["123456", "654321"];

const OPEN: &str = "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE u.username = 'john' AND s.ended_at IS NULL";

fn log_in_at(sandbox: &Sandbox, place: &str, password: &str) -> Command {
    let mut command = command_of(sandbox, place, &["login", "john"]);
    command.env("JETON_PASSWORD", password);
    command
}

fn passwd(sandbox: &Sandbox, place: &str, old: &str, new: &str) -> Command {
    let file = sandbox.home().join("passwords");
    std::fs::write(&file, format!("{old}\n{new}\n")).unwrap();
    command_of(sandbox, place, &["passwd", "--password-file", file.to_str().unwrap()])
}

/// Refreshes all sessions concurrently. Returns the number of open sessions other than `current`.
fn refresh_all(sandbox: &Sandbox, stays: &str) -> usize {
    let all = race(SESSIONS.iter().map(|place| command_of(sandbox, place, &["refresh"])));
    for (place, output) in SESSIONS.iter().zip(&all) {
        assert!(output.code == 0 || (output.code == 12 && *place != stays), "{place}: {output:?}");
    }
    ended(&all, 0) - 1
}

fn only_one_is_left(sandbox: &Sandbox, stays: &str) {
    for place in SESSIONS {
        let expected = if place == stays { 0 } else { 12 };
        for words in [["whoami"], ["refresh"]] {
            let output = race([command_of(sandbox, place, &words)]).remove(0);
            assert_eq!(output.code, expected, "{place}: {output:?}");
        }
    }
    assert_eq!(number(sandbox, OPEN), 1);
}

#[test]
fn password_change_during_refreshes_leaves_one_session() {
    let sandbox = Sandbox::with_admin();
    race([register(&sandbox, "john")]).remove(0).ok();
    let (mut open, mut over) = (0, 0);
    for (round, stays) in SESSIONS.iter().enumerate() {
        let [old, new] = [PASSWORDS[round % 2], PASSWORDS[(round + 1) % 2]];
        let all = race(SESSIONS.iter().map(|place| log_in_at(&sandbox, place, old)));
        assert_eq!(ended(&all, 0), SESSIONS.len(), "{all:?}");
        let mut change = Sandbox::start(&mut passwd(&sandbox, stays, old, new));
        // Repeated, so that some refreshes precede the change and some follow.
        while change.try_wait().unwrap().is_none() {
            open += refresh_all(&sandbox, stays);
        }
        over += SESSIONS.len() - 1 - refresh_all(&sandbox, stays);
        let changed = RunOutput::from(change.wait_with_output().unwrap());
        is_decent(&changed);
        allow_duplicates!(assert_snapshot!(changed, @"
        --- stderr
        warning: password shorter than 8 characters
        password changed, 4 other sessions ended
        "));
        only_one_is_left(&sandbox, stays);
        assert_eq!(race([log_in_at(&sandbox, "elsewhere", old)]).remove(0).code, 6);
    }
    println!("{open} refreshes before the change");
    assert!(open > 0 && over == SESSIONS.len() * (SESSIONS.len() - 1), "{open} {over}");
    assert_eq!(number(&sandbox, "SELECT count(*) FROM audit WHERE outcome = 'token_reused'"), 0);
}
