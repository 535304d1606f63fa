//! A set of fixtures: whatever is left of it, the next one takes its place.

use super::{calls, can_kill, kill_at_each, killed, names_in};
use crate::world::World;
use std::cell::RefCell;

/// With a secret beside it.
const ONE: [&str; 8] =
    ["token", "fixtures", "--out", "set", "--preset", "flask", "--key-file", "key"];

/// With public keys, and tokens that the other does not have.
const OTHER: [&str; 8] = [
    "token",
    "fixtures",
    "--out",
    "set",
    "--preset",
    "rfc9068",
    "--key-file",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/hostile/samples/p256.pem"),
];

fn world() -> World {
    let world = World::new();
    std::fs::write(world.home().join("key"), "a secret that is as long as its hash").unwrap();
    world
}

/// Makes a set; the files that are there then.
fn files(world: &World, words: &[&str], when: &str) -> Vec<String> {
    let ran = world.run(words);
    assert_eq!(ran.code, 0, "{when}: {ran:?}");
    names_in(&world.home().join("set"))
}

#[test]
fn fixtures_killed_at_any_change_can_be_made_again() {
    if !can_kill() {
        return;
    }
    let [one, other] = [ONE, OTHER].map(|words| files(&world(), &words, "alone"));
    let stood = world();
    files(&stood, &ONE, "first");
    let mut names = calls(&stood, &OTHER);
    names.retain(|name| ["rename", "unlink"].iter().any(|call| name.starts_with(call)));
    for is_first in [true, false] {
        let world = RefCell::new(world());
        let kill = |call: &str, nth| {
            *world.borrow_mut() = self::world();
            if !is_first {
                files(&world.borrow(), &ONE, "first");
            }
            killed(&world.borrow(), &OTHER, call, nth)
        };
        let mut turn = 0;
        let look = |when: &str| {
            turn += 1;
            let (words, all) = if turn % 2 == 0 { (ONE, &one) } else { (OTHER, &other) };
            assert_eq!(&files(&world.borrow(), &words, when), all, "{when}");
        };
        let kills = kill_at_each(&names, kill, look);
        assert!(kills > 30, "{kills} kills");
    }
}
