//! `init` killed at every system call: schema, store identity and first key are committed
//! together, and so is the first admin.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, names_in, no_litter, one};
use crate::sandbox::Sandbox;
use std::cell::RefCell;

/// Number of kills per resulting state.
#[derive(Debug, Default)]
struct Met {
    nothing: usize,
    blank: usize,
    store_without_admin: usize,
    admin_without_session: usize,
    everything: usize,
}

/// Checks the state after a kill, then completes the initialization as a user would.
fn complete(sandbox: &Sandbox, when: &str, met: &mut Met) {
    let there = sandbox.store().exists();
    let who = sandbox.run(&["whoami"]);
    let again = sandbox.run(&["init", "ada", "--exist-ok"]);
    assert_eq!(again.code, 0, "{when}: {again:?}");
    let had_admin = again.stderr.contains("the store was there");
    let found = match (there, who.code, had_admin) {
        (false, 3, false) => &mut met.nothing,
        (true, 3, false) => &mut met.blank,
        (true, 4, false) => &mut met.store_without_admin,
        (true, 4, true) => &mut met.admin_without_session,
        (true, 0, true) => &mut met.everything,
        other => panic!("{when}: {other:?} {who:?} {again:?}"),
    };
    *found += 1;
    // An existing admin has a lost random password, which `recover` replaces.
    if sandbox.run(&["whoami"]).code == 4 {
        sandbox.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
        sandbox.log_in("ada", "lovelace");
    }
    let who = sandbox.json(&["whoami"]);
    assert_eq!(who["user"]["role"], "admin", "{when}");
    assert!(!no_litter(sandbox, when), "{when}: the half file is still there");
    let home = names_in(sandbox.home());
    assert_eq!(home, [".config", ".local"], "{when}");
    let mine = "SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM store) || ' '
        || (SELECT count(*) FROM keys WHERE purpose = 'app' AND state = 'active')";
    assert_eq!(one(sandbox, mine), "1 1 1", "{when}");
    is_sound(sandbox);
}

#[test]
fn killed_init_can_be_completed() {
    if !can_kill() {
        return;
    }
    let mut names = calls(&Sandbox::new(), &["init", "ada"]);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let mut met = Met::default();
    // Each kill needs a fresh sandbox, because `init` does nothing in an initialized store.
    let sandbox = RefCell::new(Sandbox::new());
    let kills = kill_at_each(
        &names,
        |call, nth| {
            *sandbox.borrow_mut() = Sandbox::new();
            killed(&sandbox.borrow(), &["init", "ada"], call, nth)
        },
        |when| complete(&sandbox.borrow(), when, &mut met),
    );
    println!("{kills} kills, {met:?}");
    let Met { nothing, blank, store_without_admin, admin_without_session, everything } = met;
    let all = [nothing, blank, store_without_admin, admin_without_session, everything];
    assert!(kills > 50 && all.iter().all(|met| *met > 0), "{kills} kills, {all:?}");
}
