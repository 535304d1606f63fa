//! A logout that is killed leaves a session or none; logging out again leaves none in any case.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, no_litter, of_copy, one};
use crate::world::World;

const OPEN: &str = "SELECT count(*) || '' FROM sessions WHERE ended_at IS NULL";

/// What the kills left: the whole session, a file whose session has ended, nothing.
#[derive(Debug, Default)]
struct Met {
    open: usize,
    ended: usize,
    gone: usize,
}

impl Met {
    fn look(&mut self, world: &World, when: &str) {
        let left = (world.run(&["whoami"]).code, of_copy(world, OPEN).as_str() == "1");
        *match left {
            (0, true) => &mut self.open,
            (12, false) => &mut self.ended,
            (4, false) => &mut self.gone,
            other => panic!("{when}: {other:?}"),
        } += 1;
    }
}

#[test]
fn a_logout_killed_at_any_call_can_be_repeated() {
    if !can_kill() {
        return;
    }
    let world = World::with_admin();
    let mut names = calls(&world, &["logout"]);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    let mut met = Met::default();
    let kills = kill_at_each(
        &names,
        |call, nth| {
            world.log_in("ada", "lovelace");
            killed(&world, &["logout"], call, nth)
        },
        |when| {
            no_litter(&world, when);
            met.look(&world, when);
            let again = world.run(&["logout"]);
            assert_eq!(again.code, 0, "{when}: {again:?}");
            assert_eq!(world.run(&["whoami"]).code, 4, "{when}");
            assert_eq!(of_copy(&world, OPEN), "0", "{when}");
            assert!(!no_litter(&world, when), "{when}: a half file is there");
        },
    );
    println!("{kills} kills, {met:?}");
    let Met { open, ended, gone } = met;
    assert!(kills > 40 && open > 0 && ended > 0 && gone > 0, "{kills} {open} {ended} {gone}");
    assert_eq!(one(&world, "SELECT count(*) FROM audit WHERE outcome <> 'done'"), "0");
    is_sound(&world);
}
