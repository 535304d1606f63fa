//! `logout` killed at every system call: a second logout always ends the session.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, of_copy, one};
use crate::sandbox::Sandbox;

const OPEN: &str = "SELECT count(*) || '' FROM sessions WHERE ended_at IS NULL";

/// Number of kills per resulting state: open session, file of an ended session, no file.
#[derive(Debug, Default)]
struct Met {
    open: usize,
    ended: usize,
    gone: usize,
}

impl Met {
    fn look(&mut self, sandbox: &Sandbox, when: &str) {
        let left = (sandbox.run(&["whoami"]).code, of_copy(sandbox, OPEN).as_str() == "1");
        *match left {
            (0, true) => &mut self.open,
            (12, false) => &mut self.ended,
            (4, false) => &mut self.gone,
            other => panic!("{when}: {other:?}"),
        } += 1;
    }
}

#[test]
fn killed_logout_can_be_repeated() {
    if !can_kill() {
        return;
    }
    let sandbox = Sandbox::with_admin();
    let mut names = calls(&sandbox, &["logout"]);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let mut met = Met::default();
    let kills = kill_at_each(
        &names,
        |call, nth| {
            sandbox.log_in("ada", "lovelace");
            killed(&sandbox, &["logout"], call, nth)
        },
        |when| {
            no_litter(&sandbox, when);
            met.look(&sandbox, when);
            let again = sandbox.run(&["logout"]);
            assert_eq!(again.code, 0, "{when}: {again:?}");
            assert_eq!(sandbox.run(&["whoami"]).code, 4, "{when}");
            assert_eq!(of_copy(&sandbox, OPEN), "0", "{when}");
            assert!(!no_litter(&sandbox, when), "{when}: a half file is there");
        },
    );
    println!("{kills} kills, {met:?}");
    let Met { open, ended, gone } = met;
    assert!(kills > 40 && open > 0 && ended > 0 && gone > 0, "{kills} {open} {ended} {gone}");
    assert_eq!(one(&sandbox, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    is_sound(&sandbox);
}
