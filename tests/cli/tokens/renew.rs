//! `jeton token renew`

use crate::mask::{refuses, says};
use crate::world::{World, payload};

#[test]
fn a_token_is_replaced_by_one_with_the_same_attributes() {
    let world = World::with_john();
    let old = world.get(&[
        "token",
        "create",
        "app",
        "-p",
        "read,write",
        "--ttl",
        "2h",
        "--aud",
        "a",
        "--claim",
        "t=g",
    ]);
    let ran = world.run(&["token", "renew", "1"]).ok();
    let new = ran.out.trim_end();
    says(
        &world,
        &ran,
        "<token>\n",
        "token 1 is revoked\ntoken 2 for app, expires <time>, 1 of 3 in use\n",
    );
    let (before, after) = (payload(&old), payload(new));
    for same in ["id", "permissions", "aud", "t", "app", "sub"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_ne!(before["jti"], after["jti"]);
    let lives = |claims: &serde_json::Value| {
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    assert_eq!((lives(&before), lives(&after)), (7_200, 7_200));
    assert_eq!(world.run(&["token", "verify", &old]).code, 12);
    world.run(&["token", "verify", new]).ok();
}

#[test]
fn with_a_grace_both_work_and_one_counts() {
    let world = World::with_john();
    let first = world.get(&["token", "create", "app"]);
    let second = world.run(&["token", "renew", "1", "--grace", "1h", "--ttl", "1d"]).ok();
    let talk = "token 1 works until <time>\ntoken 2 for app, expires <time>, 1 of 3 in use\n";
    says(&world, &second, "<token>\n", talk);
    for token in [first.as_str(), second.out.trim_end()] {
        world.run(&["token", "verify", token]).ok();
    }
    let status = |id: &str| world.json(&["token", "show", id])["status"].clone();
    assert_eq!((status("1"), status("2")), ("superseded".into(), "live".into()));
    // At most one is superseded: the next renewal ends the first.
    world.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    assert_eq!((status("1"), status("2")), ("revoked".into(), "superseded".into()));
    assert_eq!(world.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn a_full_quota_is_no_hindrance() {
    let world = World::with_john();
    for app in ["a", "b", "c"] {
        world.get(&["token", "create", app]);
    }
    world.run(&["token", "create", "d"]).fails(8);
    world.run(&["token", "renew", "1"]).ok();
    world.run(&["token", "renew", "2", "--grace", "1h"]).ok();
    world.run(&["token", "create", "d"]).fails(8);
}

#[test]
fn whoever_holds_a_token_may_renew_it() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.run(&["logout"]).ok();
    world.run_with_input(&["token", "rotate", "-"], &token).ok();
    refuses(&world, &world.run(&["token", "renew", "2"]), 4, super::NOBODY);
}

#[test]
fn whoever_only_holds_a_token_gets_no_longer_life_out_of_it() {
    let world = World::with_admin();
    let token = world.get(&["token", "create", "app", "--ttl", "1h"]);
    let ci = world.get(&["token", "create", "ci", "-p", "jeton:mint", "--ttl", "1h"]);
    world.run(&["logout"]).ok();
    let talk = "error: only its owner gives a token a longer life, by its id\n";
    refuses(&world, &world.run(&["token", "renew", &token, "--ttl", "2h"]), 7, talk);
    let new = world.get(&["token", "renew", &token, "--ttl", "30m"]);
    refuses(&world, &world.run(&["token", "renew", &new, "--ttl", "31m"]), 7, talk);
    let talk = "error: a token for minting is renewed by its id, by its owner\n";
    refuses(&world, &world.run(&["token", "renew", &ci]), 7, talk);
    world.log_in("ada", "lovelace");
    world.run(&["token", "renew", "2", "--ttl", "2h"]).ok();
}

#[test]
fn there_is_one_grace_at_a_time() {
    let world = World::with_john();
    let first = world.get(&["token", "create", "app"]);
    world.run(&["token", "renew", "1", "--grace", "1h"]).ok();
    let talk = "error: the token is revoked: it was renewed before\n";
    refuses(&world, &world.run(&["token", "renew", "1"]), 12, talk);
    let ran = world.run(&["token", "renew", "2", "--grace", "1h"]);
    let talk = "token 2 works until <time>\ntoken 1 is revoked: one grace at a time\n\
                token 3 for app, expires <time>, 1 of 3 in use\n";
    says(&world, &ran, "<token>\n", talk);
    assert_eq!(world.run(&["token", "verify", &first]).code, 12);
}

#[test]
fn what_does_not_work_any_more_is_not_renewed() {
    let world = World::with_john();
    world.get(&["token", "create", "a"]);
    world.run(&["token", "revoke", "1"]).ok();
    let talk = "error: the token is revoked\n";
    refuses(&world, &world.run(&["token", "renew", "1"]), 12, talk);
    world.get(&["token", "create", "b", "--ttl", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let talk = "error: the token has expired\n";
    refuses(&world, &world.run(&["token", "renew", "2"]), 11, talk);
    let talk = "error: only admins act on the tokens of others\n";
    refuses(&world, &world.run(&["token", "renew", "9"]), 7, talk);
    world.get(&["token", "create", "c"]);
    world.register("eve", "123456");
    world.log_in("eve", "123456");
    let talk = "error: only admins act on the tokens of others\n";
    refuses(&world, &world.run(&["token", "renew", "3"]), 7, talk);
}

#[test]
fn the_end_of_a_grace_is_the_end_of_the_token() {
    let world = World::with_john();
    let old = world.get(&["token", "create", "app"]);
    let endless = world.get(&["token", "create", "app", "--no-expiry"]);
    for id in ["1", "2"] {
        world.run(&["token", "renew", id, "--grace", "10m"]).ok();
    }
    let grace = |id: &str| world.sql(&format!("SELECT grace_until FROM tokens WHERE id = {id}"));
    for (id, token) in [("1", &old), ("2", &endless)] {
        let answer = world.json(&["token", "introspect", token]);
        assert_eq!(answer["exp"].to_string(), grace(id)[0]);
        world.run(&["token", "verify", token, "--min-ttl", "5m"]).ok();
        let ran = world.run(&["token", "verify", token, "--min-ttl", "1h"]);
        assert_eq!((ran.code, ran.out.as_str()), (9, "invalid: min_ttl\n"));
        assert_eq!(ran.err, "error: the token ends too soon\n");
    }
}

#[test]
fn a_token_of_another_kind_is_not_renewed() {
    let world = World::with_admin();
    for kind in ["access", "refresh"] {
        let talk =
            "error: the token is a session's, not an application's: only app tokens are renewed\n";
        refuses(&world, &world.run(&["token", "renew", &world.session(kind)]), 10, talk);
    }
    for more in [&[][..], &["--record"]] {
        let test = world.get(&[&["token", "mint"], more].concat());
        let talk = "error: the token is of another type: only app tokens are renewed\n";
        refuses(&world, &world.run(&["token", "renew", &test]), 10, talk);
        assert_eq!(world.json_error(&["token", "renew", &test])["details"]["reason"], "wrong_type");
    }
    let talk = "error: only app tokens are renewed\n";
    refuses(&world, &world.run(&["token", "renew", "1"]), 2, talk);
    let app = world.get(&["token", "create", "app"]);
    rusqlite::Connection::open(world.store())
        .unwrap()
        .execute_batch("DELETE FROM tokens WHERE id = 2")
        .unwrap();
    let talk = "error: the token is not in the store\n";
    refuses(&world, &world.run(&["token", "renew", &app]), 10, talk);
}
