//! `logout` killed before every file-system call that is not read-only: a second logout always
//! succeeds, and leaves neither an open session nor a session file.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial,
    kill_before_each_call, query_store_copy, query_value, require_strace, run_killed,
};
use crate::sandbox::Sandbox;

const OPEN_SESSION_COUNT_QUERY: &str = "SELECT count(*) || '' FROM sessions WHERE ended_at IS NULL";

/// Number of kills that left each state.
#[derive(Debug, Default)]
struct StateCounts {
    open_session: usize,
    file_of_ended_session: usize,
    no_file: usize,
}

impl StateCounts {
    /// Determines the state after a kill, and increments its count.
    fn record(&mut self, sandbox: &Sandbox, when: &str) {
        let state = (
            sandbox.run(&["whoami"]).code,
            query_store_copy(sandbox, OPEN_SESSION_COUNT_QUERY).as_str() == "1",
        );
        *match state {
            (0, true) => &mut self.open_session,
            (12, false) => &mut self.file_of_ended_session,
            (4, false) => &mut self.no_file,
            state => panic!("{when}: {state:?}"),
        } += 1;
    }
}

#[test]
#[ignore = "needs strace"]
fn killed_logout_can_be_repeated() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let mut calls = call_names(&sandbox, &["logout"]);
    calls.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    let mut counts = StateCounts::default();
    let kills = kill_before_each_call(
        &calls,
        |call, nth| {
            sandbox.log_in("ada", "lovelace");
            run_killed(&sandbox, &["logout"], call, nth)
        },
        |when| {
            check_files_and_find_partial(&sandbox, when);
            counts.record(&sandbox, when);
            let output = sandbox.run(&["logout"]);
            assert_eq!(output.code, 0, "{when}: {output:?}");
            assert_eq!(sandbox.run(&["whoami"]).code, 4, "{when}");
            assert_eq!(query_store_copy(&sandbox, OPEN_SESSION_COUNT_QUERY), "0", "{when}");
            assert!(
                !check_files_and_find_partial(&sandbox, when),
                "{when}: partial session file left"
            );
        },
    );
    println!("{kills} kills, {counts:?}");
    let StateCounts { open_session, file_of_ended_session, no_file } = counts;
    let all = [open_session, file_of_ended_session, no_file];
    assert!(kills > 40 && all.iter().all(|count| *count > 0), "{kills} kills, {all:?}");
    assert_eq!(query_value(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    assert_intact(&sandbox);
}
