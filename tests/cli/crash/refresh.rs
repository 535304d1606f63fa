//! `refresh` killed between spending a refresh token and storing its successor, which could lose
//! the session.

use super::{
    LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, of_copy, one, traced,
};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

/// Number of kills per critical state. A test that never reached every critical state fails.
#[derive(Debug, Default)]
struct Met {
    /// Successors chosen, token not spent.
    chosen: usize,
    /// Token spent, successors not stored.
    spent: usize,
    /// A partial session file under its temporary name.
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
        // `token verify` instead of SQL: an ordinary connection would checkpoint the WAL and hide
        // the kill from the next command.
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

/// Asserts that exactly one session exists, that it is open, and that no reuse was detected.
fn same_session(sandbox: &Sandbox, sid: &str) {
    assert_eq!(sandbox.json(&["whoami"])["session"]["sid"], sid);
    assert_eq!(one(sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
    assert_eq!(one(sandbox, "SELECT count(*) FROM sessions"), "1");
    assert_eq!(one(sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_eq!(one(sandbox, "SELECT count(*) FROM pairs WHERE spent_at IS NULL"), "1");
    is_sound(sandbox);
}

#[test]
fn killed_refresh_keeps_session() {
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

/// No repair between the kills: each kill starts from the state that the previous kill left.
#[test]
fn repeatedly_killed_refresh_keeps_session() {
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
fn killed_rotation_is_completed_after_access_token_expiry() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session("sid");
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.run(&["refresh"]).ok();
    // The first rename stores the chosen successors, the second rename stores them as current.
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
fn hundred_killed_rotations_are_completed() {
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
fn rotation_interrupted_by_full_disk_is_completed_by_next_command() {
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
