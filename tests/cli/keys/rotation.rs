//! Keys change while others sign and verify, and nobody notices.

use super::kids;
use crate::world::World;
use std::process::Command;

#[test]
fn tokens_made_while_keys_rotate_all_verify() {
    let world = World::with_admin();
    world.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    let command = |words: &[&str]| world.command(words);
    let mut tokens = vec![world.get(&["token", "create", "first"])];
    for round in 0..4 {
        let mut commands: Vec<Command> =
            (0..16).map(|_| command(&["token", "create", "app"])).collect();
        commands.insert(5, command(&["keys", "rotate"]));
        commands
            .extend(tokens.iter().rev().take(16).map(|token| command(&["token", "verify", token])));
        let all = World::run_at_once(commands);
        for ran in &all {
            assert_eq!(ran.code, 0, "round {round}: {ran:?}");
        }
        let made = all.iter().map(|ran| ran.out.trim()).filter(|out| out.starts_with("eyJ"));
        let before = tokens.len();
        tokens.extend(made.map(str::to_owned));
        assert_eq!(tokens.len(), before + 16);
        assert_eq!(kids(&world, "app", "active").len(), 1);
        assert_eq!(kids(&world, "app", "retired").len(), round + 1);
    }
    for token in &tokens {
        world.run(&["token", "verify", token]).ok();
    }
    let several = "SELECT count(DISTINCT key_id) > 2 FROM tokens";
    assert_eq!(world.sql(several), ["1"], "they are of several keys");
}

#[test]
fn two_rotations_at_once_leave_one_key_that_signs() {
    let world = World::with_admin();
    for _ in 0..3 {
        let all = World::run_at_once((0..6).map(|_| world.command(&["keys", "rotate"])));
        assert!(all.iter().all(|ran| ran.code == 0), "{all:?}");
        assert_eq!(kids(&world, "app", "active").len(), 1);
    }
    world.run(&["whoami"]).ok();
    assert_eq!(kids(&world, "app", "standby"), [""; 0], "none is left over");
}
