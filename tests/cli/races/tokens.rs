//! Many tokens at once: the quota holds, and no two are the same.

use super::{command_of, ended, log_in, number, race, register};
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn six_tokens_at_once_are_three_tokens() {
    let world = World::with_admin();
    for round in 0..5 {
        let name = format!("user{round}");
        race([register(&world, &name)]).remove(0).ok();
        race([log_in(&world, &name)]).remove(0).ok();
        let create = || command_of(&world, &name, &["token", "create", "app"]);
        let all = race((0..6).map(|_| create()));
        assert_eq!((ended(&all, 0), ended(&all, 8)), (3, 3), "{all:?}");
        for ran in all {
            if ran.code == 0 {
                world.run(&["token", "verify", ran.out.trim()]).ok();
            } else {
                let ran = ran.fails(8);
                assert!(ran.err.contains("3 of 3 tokens are in use"), "{ran:?}");
            }
        }
    }
    assert_eq!(number(&world, "SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), 15);
}

#[test]
fn fifty_users_create_fifty_tokens_at_once() {
    let world = World::with_admin();
    let names: Vec<String> = (0..50).map(|n| format!("user{n}")).collect();
    assert_eq!(ended(&race(names.iter().map(|name| register(&world, name))), 0), 50);
    assert_eq!(ended(&race(names.iter().map(|name| log_in(&world, name))), 0), 50);
    let create = ["token", "create", "app", "-o", "json"];
    let all = race(names.iter().map(|name| command_of(&world, name, &create)));
    assert_eq!(ended(&all, 0), 50, "{all:?}");
    let answers: Vec<Value> =
        all.iter().map(|ran| serde_json::from_str(&ran.out).unwrap()).collect();
    for member in ["id", "jti", "token"] {
        let distinct: BTreeSet<String> =
            answers.iter().map(|answer| answer[member].to_string()).collect();
        assert_eq!(distinct.len(), 50, "{member}");
    }
    for answer in &answers {
        world.run(&["token", "verify", answer["token"].as_str().unwrap()]).ok();
    }
}
