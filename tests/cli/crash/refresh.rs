//! A refresh spends a token that works once: the instants between spending it and keeping its
//! successor are the ones that could lose a session.

use super::{
    LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, of_copy, one, traced,
};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

/// What the kills met on the way, so that a test which never hit the instants that matter fails.
#[derive(Debug, Default)]
struct Met {
    /// Successors chosen, token not spent.
    chosen: usize,
    /// Token spent, successors not kept.
    spent: usize,
    /// A session file half written, under its other name.
    half: usize,
}

impl Met {
    fn look(&mut self, sandbox: &Sandbox, when: &str) {
        self.half += usize::from(no_litter(sandbox, when));
        let text = std::fs::read_to_string(sandbox.session_file()).unwrap();
        let session: Value = serde_json::from_str(&text).unwrap();
        if session["pending"].is_null() {
            return;
        }
        // The program is asked, not SQLite, which would copy the log back and leave no trace of
        // the kill to the next command.
        let refresh = session["refresh"].as_str().unwrap();
        match sandbox.run(&["token", "verify", "--type", "refresh", refresh]).code {
            0 => self.chosen += 1,
            12 => self.spent += 1,
            code => panic!("{when}: {code}"),
        }
    }

    fn is_everything(&self) -> bool {
        self.chosen > 0 && self.spent > 0 && self.half > 0
    }
}

/// Asserts that there is one session, still open, and that no token of it was taken for stolen.
fn same_session(sandbox: &Sandbox, sid: &str) {
    assert_eq!(sandbox.json(&["whoami"])["session"]["sid"], sid);
    assert_eq!(one(sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
    assert_eq!(one(sandbox, "SELECT count(*) FROM sessions"), "1");
    assert_eq!(one(sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_eq!(one(sandbox, "SELECT count(*) FROM pairs WHERE spent_at IS NULL"), "1");
    is_sound(sandbox);
}

#[test]
fn a_refresh_killed_at_any_call_loses_nothing() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    let names = calls(&sandbox, &["refresh"]);
    let mut met = Met::default();
    let kills = kill_at_each(
        &names,
        |call, nth| killed(&sandbox, &["refresh"], call, nth),
        |when| {
            met.look(&sandbox, when);
            let who = sandbox.run(&["whoami"]);
            assert_eq!(who.code, 0, "{when}: {who:?}");
            let again = sandbox.run(&["refresh"]);
            assert_eq!(again.code, 0, "{when}: {again:?}");
            assert_eq!(sandbox.session("sid"), sid, "{when}");
            assert!(!no_litter(&sandbox, when), "{when}: the half file is still there");
        },
    );
    println!("{kills} kills, {met:?}");
    assert!(kills > 100 && met.is_everything(), "{kills} kills, {met:?}");
    same_session(&sandbox, &sid);
}

/// Nothing is mended between the kills: each finds what the last one left.
#[test]
fn a_refresh_killed_again_and_again_loses_nothing() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    let mut names = calls(&sandbox, &["refresh"]);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let mut met = Met::default();
    let kills = kill_at_each(
        &names,
        |call, nth| killed(&sandbox, &["refresh"], call, nth),
        |when| met.look(&sandbox, when),
    );
    println!("{kills} kills, {met:?}");
    assert!(kills > 50 && met.is_everything(), "{kills} kills, {met:?}");
    sandbox.run(&["refresh"]).ok();
    same_session(&sandbox, &sid);
}

#[test]
fn a_refresh_killed_after_its_token_was_spent_is_completed_after_the_access_token_has_expired() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.run(&["refresh"]).ok();
    // The first rename keeps the choice of successors, the second keeps them.
    let call = calls(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    assert!(killed(&sandbox, &["refresh"], &call.unwrap(), 2));
    let mut met = Met::default();
    met.look(&sandbox, "before the second rename");
    assert_eq!((met.spent, met.half), (1, 1), "{met:?}");
    std::thread::sleep(std::time::Duration::from_secs(2));
    sandbox.run(&["whoami"]).ok();
    assert_eq!(sandbox.session("sid"), sid);
    assert_eq!(one(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_eq!(one(&sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
    is_sound(&sandbox);
}

#[test]
fn a_hundred_refreshes_killed_after_their_token_was_spent_are_all_completed() {
    const LEFT: &str = "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
        || (SELECT count(*) FROM pairs WHERE spent_at IS NULL) || ' '
        || (SELECT count(*) FROM audit WHERE outcome <> 'done')";
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    let call = calls(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    let call = call.unwrap();
    let mut met = Met::default();
    for kill in 1..=100 {
        let when = format!("kill {kill}");
        assert!(killed(&sandbox, &["refresh"], &call, 2), "{when}");
        met.look(&sandbox, &when);
        assert_eq!((met.spent, met.half), (kill, kill), "{when}");
        let next = if kill % 2 == 0 { "whoami" } else { "refresh" };
        assert_eq!(sandbox.run(&[next]).code, 0, "{when}: {next}");
        sandbox.run(&["refresh"]).ok();
        assert_eq!(sandbox.session("sid"), sid, "{when}");
        assert_eq!(of_copy(&sandbox, LEFT), "1 1 0", "{when}");
    }
    same_session(&sandbox, &sid);
}

#[test]
fn a_refresh_that_could_not_keep_its_successor_is_completed_by_the_next_command() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    let call = calls(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    let inject = format!("inject={}:error=ENOSPC:when=2", call.unwrap());
    let output = traced(&sandbox, &["-o", "/dev/null", "-e", &inject], &["refresh"]);
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: disk full: the session file cannot be written
    hint: free some space, then repeat the command
    ");
    let mut met = Met::default();
    met.look(&sandbox, "no space for the second file");
    assert_eq!((met.spent, met.half), (1, 0), "{met:?}");
    sandbox.run(&["refresh"]).ok();
    same_session(&sandbox, &sid);
}
