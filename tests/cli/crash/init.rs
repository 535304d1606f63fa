//! `init` killed before every file-system call that is not read-only. `init` commits the schema,
//! the store identity and the first key together, later the first admin, and then the session.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial, file_names,
    kill_before_each_call, query_value, require_strace, run_killed,
};
use crate::sandbox::Sandbox;
use std::cell::RefCell;

/// Number of kills that left each state.
#[derive(Debug, Default)]
struct StateCounts {
    no_store: usize,
    store_without_schema: usize,
    store_without_admin: usize,
    admin_without_session: usize,
    admin_with_session: usize,
}

/// Counts the state after a kill, completes the initialization as a user would, and checks the
/// result.
fn complete_initialization(sandbox: &Sandbox, when: &str, counts: &mut StateCounts) {
    let store_existed = sandbox.has_store();
    let whoami = sandbox.run(&["whoami"]);
    let init = sandbox.run(&["init", "ada", "--exist-ok"]);
    assert_eq!(init.code, 0, "{when}: {init:?}");
    let had_admin = init.stderr.contains("the store already exists");
    let count = match (store_existed, whoami.code, had_admin) {
        (false, 3, false) => &mut counts.no_store,
        (true, 3, false) => &mut counts.store_without_schema,
        (true, 4, false) => &mut counts.store_without_admin,
        (true, 4, true) => &mut counts.admin_without_session,
        (true, 0, true) => &mut counts.admin_with_session,
        state => panic!("{when}: {state:?} {whoami:?} {init:?}"),
    };
    *count += 1;
    // If the killed `init` added the admin but no session, the random password of the admin is
    // unknown: `recover` sets a new password.
    if sandbox.run(&["whoami"]).code == 4 {
        sandbox.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
        sandbox.log_in("ada", "lovelace");
    }
    let whoami = sandbox.json(&["whoami"]);
    assert_eq!(whoami["user"]["role"], "admin", "{when}");
    assert!(!check_files_and_find_partial(sandbox, when), "{when}: partial session file left");
    let home_files = file_names(sandbox.home());
    assert_eq!(home_files, [".config", ".local"], "{when}");
    let summary =
        "SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM store) || ' '
        || (SELECT count(*) FROM keys WHERE purpose = 'app' AND state = 'active')";
    assert_eq!(query_value(sandbox, summary), "1 1 1", "{when}");
    assert_intact(sandbox);
}

#[test]
#[ignore = "needs strace"]
fn killed_init_can_be_completed() {
    require_strace();
    let mut calls = call_names(&Sandbox::new(), &["init", "ada"]);
    calls.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    let mut counts = StateCounts::default();
    // Each kill needs a fresh sandbox, because `init` refuses an initialized store.
    let sandbox = RefCell::new(Sandbox::new());
    let kills = kill_before_each_call(
        &calls,
        |call, nth| {
            *sandbox.borrow_mut() = Sandbox::new();
            run_killed(&sandbox.borrow(), &["init", "ada"], call, nth)
        },
        |when| complete_initialization(&sandbox.borrow(), when, &mut counts),
    );
    println!("{kills} kills, {counts:?}");
    let StateCounts {
        no_store,
        store_without_schema,
        store_without_admin,
        admin_without_session,
        admin_with_session,
    } = counts;
    let all = [
        no_store,
        store_without_schema,
        store_without_admin,
        admin_without_session,
        admin_with_session,
    ];
    assert!(kills > 50 && all.iter().all(|count| *count > 0), "{kills} kills, {all:?}");
}
