//! A backup that is killed is there or not, and never half.

use super::{LOOKS, calls, can_kill, is_sound, kill_at_each, killed, names_in, no_litter};
use crate::world::World;

/// What a backup is called until it is complete.
const HIDDEN: &str = ".jeton-backup.new";

fn changing(world: &World, arguments: &[&str]) -> Vec<String> {
    let mut names = calls(world, arguments);
    names.retain(|name| !LOOKS.contains(&name.as_str()));
    names
}

#[test]
fn a_backup_killed_at_any_call_is_whole_or_not_there() {
    if !can_kill() {
        return;
    }
    let world = World::with_admin();
    let directory = world.home().join("copies");
    std::fs::create_dir(&directory).unwrap();
    let (copy, backup) = (directory.join("a.db"), ["store", "backup", "copies/a.db", "-q"]);
    let names = changing(&world, &backup);
    let (mut whole, mut missing) = (0, 0);
    let kills = kill_at_each(
        &names,
        |call, nth| {
            let _ = std::fs::remove_file(&copy);
            killed(&world, &backup, call, nth)
        },
        |when| {
            let left = names_in(&directory);
            let known = |name: &String| name == "a.db" || name == HIDDEN;
            assert!(left.iter().all(known), "{when}: {left:?}");
            if copy.exists() {
                whole += 1;
                let check = ["store", "check", "-q", "--store", "copies/a.db"];
                assert_eq!(world.run(&check).ok().out, "ok\n", "{when}");
                // Whoever looks into a store leaves an empty log.
                for end in ["db-wal", "db-shm"] {
                    std::fs::remove_file(copy.with_extension(end)).unwrap();
                }
            } else {
                missing += 1;
            }
            world.run(&["store", "backup", "copies/b.db"]).ok();
            std::fs::remove_file(directory.join("b.db")).unwrap();
            assert!(!names_in(&directory).iter().any(|name| name == HIDDEN), "{when}");
            no_litter(&world, when);
        },
    );
    println!("{kills} kills, {whole} whole, {missing} missing");
    assert!(kills > 60 && whole > 0 && missing > 0, "{kills} {whole} {missing}");
    is_sound(&world);
}
