//! `refresh` killed before every file-system call: the session is never lost.
//!
//! A refresh is a rotation: successor tokens replace the access token and the refresh token.
//! `refresh` first writes the successors to the session file as pending. Then it marks the refresh
//! token as spent in the store. Finally it writes the successors to the session file as current.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial,
    kill_before_each_call, query_store_copy, query_value, require_strace, run_killed, run_traced,
};
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

/// Number of kills that left each critical state. A test fails if a critical state never occurred.
#[derive(Debug, Default)]
struct StateCounts {
    /// The session file contains the successor tokens as pending, and the refresh token is not
    /// spent.
    successors_pending: usize,
    /// The refresh token is spent, and the session file still contains the successor tokens as
    /// pending.
    token_spent: usize,
    /// A partial session file under the temporary name.
    partial_file: usize,
}

impl StateCounts {
    /// Determines the states after a kill, and increments their counts.
    fn record(&mut self, sandbox: &Sandbox, when: &str) {
        self.partial_file += usize::from(check_files_and_find_partial(sandbox, when));
        let text = std::fs::read_to_string(sandbox.session_file()).unwrap();
        let session: Value = serde_json::from_str(&text).unwrap();
        if session["pending"].is_null() {
            return;
        }
        // `token verify` leaves the WAL as the killed command left it. A connection of this test
        // would checkpoint and remove the WAL when it closes, and the next command would not find
        // the state after the kill.
        let refresh = session["refresh"].as_str().unwrap();
        match sandbox.run(&["token", "verify", "--type", "refresh", refresh]).code {
            0 => self.successors_pending += 1,
            12 => self.token_spent += 1,
            code => panic!("{when}: {code}"),
        }
    }

    /// Returns whether each state occurred.
    fn has_every_state(&self) -> bool {
        self.successors_pending > 0 && self.token_spent > 0 && self.partial_file > 0
    }
}

/// Asserts that exactly one session exists, is open, and has one unspent token pair. Also asserts
/// that the store is intact, and that the audit log has no error, such as the detected reuse of a
/// refresh token.
fn assert_session_intact(sandbox: &Sandbox, sid: &str) {
    assert_eq!(sandbox.json(&["whoami"])["session"]["sid"], sid);
    assert_eq!(query_value(sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
    assert_eq!(query_value(sandbox, "SELECT count(*) FROM sessions"), "1");
    assert_eq!(query_value(sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_eq!(query_value(sandbox, "SELECT count(*) FROM pairs WHERE spent_at IS NULL"), "1");
    assert_intact(sandbox);
}

#[test]
#[ignore = "needs strace"]
fn killed_refresh_keeps_session() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session_member("sid");
    let calls = call_names(&sandbox, &["refresh"]);
    let mut counts = StateCounts::default();
    let kills = kill_before_each_call(
        &calls,
        |call, nth| run_killed(&sandbox, &["refresh"], call, nth),
        |when| {
            counts.record(&sandbox, when);
            let whoami = sandbox.run(&["whoami"]);
            assert_eq!(whoami.code, 0, "{when}: {whoami:?}");
            let refresh = sandbox.run(&["refresh"]);
            assert_eq!(refresh.code, 0, "{when}: {refresh:?}");
            assert_eq!(sandbox.session_member("sid"), sid, "{when}");
            assert!(
                !check_files_and_find_partial(&sandbox, when),
                "{when}: partial session file left"
            );
        },
    );
    println!("{kills} kills, {counts:?}");
    assert!(kills > 100 && counts.has_every_state(), "{kills} kills, {counts:?}");
    assert_session_intact(&sandbox, &sid);
}

/// No command repairs the state between the kills before the calls of one name: each run starts
/// from the state that the previous kill left. The run after the last of these kills is complete.
#[test]
#[ignore = "needs strace"]
fn repeatedly_killed_refresh_keeps_session() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session_member("sid");
    let mut calls = call_names(&sandbox, &["refresh"]);
    calls.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    let mut counts = StateCounts::default();
    let kills = kill_before_each_call(
        &calls,
        |call, nth| run_killed(&sandbox, &["refresh"], call, nth),
        |when| counts.record(&sandbox, when),
    );
    println!("{kills} kills, {counts:?}");
    assert!(kills > 50 && counts.has_every_state(), "{kills} kills, {counts:?}");
    sandbox.run(&["refresh"]).ok();
    assert_session_intact(&sandbox, &sid);
}

#[test]
#[ignore = "needs strace"]
fn killed_rotation_is_completed_after_access_token_expiry() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session_member("sid");
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.run(&["refresh"]).ok();
    // The first rename stores the successors as pending, and the second rename stores the
    // successors as current.
    let rename_call =
        call_names(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    assert!(run_killed(&sandbox, &["refresh"], &rename_call.unwrap(), 2));
    let mut counts = StateCounts::default();
    counts.record(&sandbox, "before the second rename");
    assert_eq!((counts.token_spent, counts.partial_file), (1, 1), "{counts:?}");
    std::thread::sleep(std::time::Duration::from_secs(2));
    sandbox.run(&["whoami"]).ok();
    assert_eq!(sandbox.session_member("sid"), sid);
    assert_eq!(query_value(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_eq!(query_value(&sandbox, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
    assert_intact(&sandbox);
}

#[test]
#[ignore = "needs strace"]
fn hundred_killed_rotations_are_completed() {
    const SUMMARY_QUERY: &str =
        "SELECT (SELECT count(*) FROM sessions WHERE ended_at IS NULL) || ' '
        || (SELECT count(*) FROM pairs WHERE spent_at IS NULL) || ' '
        || (SELECT count(*) FROM audit WHERE outcome <> 'done')";
    require_strace();
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session_member("sid");
    let rename_call =
        call_names(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    let rename_call = rename_call.unwrap();
    let mut counts = StateCounts::default();
    for kill in 1..=100 {
        let when = format!("kill {kill}");
        assert!(run_killed(&sandbox, &["refresh"], &rename_call, 2), "{when}");
        counts.record(&sandbox, &when);
        assert_eq!((counts.token_spent, counts.partial_file), (kill, kill), "{when}");
        let next = if kill % 2 == 0 { "whoami" } else { "refresh" };
        assert_eq!(sandbox.run(&[next]).code, 0, "{when}: {next}");
        sandbox.run(&["refresh"]).ok();
        assert_eq!(sandbox.session_member("sid"), sid, "{when}");
        assert_eq!(query_store_copy(&sandbox, SUMMARY_QUERY), "1 1 0", "{when}");
    }
    assert_session_intact(&sandbox, &sid);
}

#[test]
#[ignore = "needs strace"]
fn rotation_interrupted_by_full_disk_is_completed_by_next_command() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let sid = sandbox.session_member("sid");
    let rename_call =
        call_names(&sandbox, &["refresh"]).into_iter().find(|name| name.starts_with("rename"));
    let inject = format!("inject={}:error=ENOSPC:when=2", rename_call.unwrap());
    let output = run_traced(&sandbox, &["-o", "/dev/null", "-e", &inject], &["refresh"]);
    assert_snapshot!(output, @"
    --- exit code 1, stderr
    error: disk full: the session file cannot be written
    hint: free disk space and retry
    ");
    let mut counts = StateCounts::default();
    counts.record(&sandbox, "no space for the second file");
    assert_eq!((counts.token_spent, counts.partial_file), (1, 0), "{counts:?}");
    sandbox.run(&["refresh"]).ok();
    assert_session_intact(&sandbox, &sid);
}
