//! Bounds of `jeton token renew` by the bearer, and of tokens that `run` issued.

use crate::mask::refuses;
use crate::world::{Ran, World, payload};
use std::process::Command;

const HOUR: i64 = 3_600;

/// Moves the first issue of every token `seconds` into the past.
fn first_issued_ago(world: &World, seconds: i64) {
    let sql = format!("UPDATE tokens SET first_issued_at = issued_at - {seconds}");
    rusqlite::Connection::open(world.store()).unwrap().execute_batch(&sql).unwrap();
}

fn lifetime(token: &str) -> i64 {
    let claims = payload(token);
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

#[test]
fn chain_of_renewals_by_the_bearer_ends_at_max_ttl() {
    let world = World::with_admin();
    world.run(&["settings", "set", "token.max_ttl", "90m"]).ok();
    let token = world.get(&["token", "create", "app", "--ttl", "1h"]);
    world.run(&["logout"]).ok();
    let token = world.get(&["token", "renew", &token]);
    assert_eq!(lifetime(&token), HOUR);
    first_issued_ago(&world, HOUR);
    let ran = world.run(&["token", "renew", &token, "--ttl", "40m"]);
    assert_eq!((ran.code, ran.out.as_str()), (7, ""), "{ran:?}");
    assert!(ran.err.starts_with("error: the token was first issued at "), "{ran:?}");
    let token = world.get(&["token", "renew", &token]);
    assert!((1_700..=1_800).contains(&lifetime(&token)), "{}", lifetime(&token));
    first_issued_ago(&world, 2 * HOUR);
    let ran = world.run(&["token", "renew", &token]).fails(7);
    assert!(ran.err.ends_with("hint: its owner renews it by its id: jeton token renew 3\n"));
    world.run(&["token", "verify", &token]).ok();
    // The owner begins a new chain.
    world.log_in("ada", "lovelace");
    let token = world.get(&["token", "renew", "3", "--ttl", "1h"]);
    world.run(&["logout"]).ok();
    assert_eq!(lifetime(&world.get(&["token", "renew", &token])), HOUR);
}

#[test]
fn token_without_expiry_gets_one_when_its_bearer_renews_it() {
    let world = World::with_admin();
    let token = world.get(&["token", "create", "app", "--no-expiry"]);
    let renewed = world.get(&["token", "renew", &token]);
    assert!((90 * 24 * HOUR - 60..=90 * 24 * HOUR).contains(&lifetime(&renewed)));
    world.get(&["token", "create", "app", "--no-expiry"]);
    let renewed = world.get(&["token", "renew", "3"]);
    assert!(payload(&renewed).get("exp").is_none(), "the owner is not bound");
}

fn run_app(world: &World, script: &str) -> Ran {
    let jeton = env!("CARGO_BIN_EXE_jeton");
    let mut command: Command =
        world.command(&["run", "--app", "ci", "--", "sh", "-c", script, jeton]);
    Ran::from(command.output().unwrap())
}

#[test]
fn token_of_run_is_not_renewed_by_its_bearer() {
    let world = World::with_admin();
    let ran = run_app(&world, "\"$0\" token renew \"$API_TOKEN\"");
    refuses(&world, &ran, 7, "error: a token of `run` ends with its command\n");
    assert_eq!(world.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}

#[test]
fn successors_of_a_token_of_run_are_revoked_with_it() {
    let world = World::with_admin();
    // As the owner, by the id; then by the value of the successor; with a grace and without.
    let ran = run_app(
        &world,
        "\"$0\" token renew 1 --grace 1h && \"$0\" token renew 2 && \"$0\" token renew 3 --ttl 1d",
    )
    .ok();
    let tokens: Vec<&str> = ran.out.lines().collect();
    assert_eq!(tokens.len(), 3, "{ran:?}");
    for token in tokens {
        assert_eq!(world.run(&["token", "verify", token]).code, 12);
    }
    assert_eq!(world.sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), ["0"]);
}
