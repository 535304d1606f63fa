//! `jeton token revoke`

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::{World, payload, tampered};

fn jti(token: &str) -> String {
    payload(token)["jti"].as_str().unwrap().to_owned()
}

#[track_caller]
fn judged(world: &World, token: &str, expected: &str) {
    let ran = world.run(&["token", "verify", token, "--type", "any"]);
    assert_eq!(ran.out, format!("{expected}\n"));
}

const REVOKED: &str = "invalid: token_revoked";
const ENDED: &str = "invalid: session_ended";

#[test]
fn an_app_token_is_revoked_by_id_by_jti_and_by_value() {
    let world = World::with_john();
    let token = |app: &str| world.get(&["token", "create", app]);
    let (one, two, three) = (token("a"), token("b"), token("c"));
    says(&world, &world.run(&["token", "revoke", "1"]), "", "revoked token 1\n");
    says(&world, &world.run(&["token", "revoke", &jti(&two)]), "", "revoked token 2\n");
    world.run(&["logout"]).ok();
    says(&world, &world.run(&["token", "revoke", &three]), "", "revoked token 3\n");
    let ran = world.run_with_input(&["token", "revoke", "-"], &three);
    says(&world, &ran, "", "was revoked before: token 3\n");
    for token in [one, two, three] {
        judged(&world, &token, REVOKED);
    }
}

#[test]
fn programs_are_told_what_became_of_each() {
    let world = World::with_john();
    let (one, two) = (world.get(&["token", "create", "a"]), world.get(&["token", "create", "b"]));
    world.run(&["token", "revoke", "1"]).ok();
    let access = world.session("access");
    json_says(
        &world,
        &["token", "revoke", "1", &two, &access],
        "{\"changed\":true,\"tokens\":[\
         {\"id\":1,\"jti\":\"<uuid>\",\"kind\":\"app\",\"changed\":false},\
         {\"id\":2,\"jti\":\"<uuid>\",\"kind\":\"app\",\"changed\":true},\
         {\"id\":null,\"jti\":\"<uuid>\",\"kind\":\"access\",\"changed\":true}]}",
    );
    json_says(
        &world,
        &["token", "revoke", &one],
        "{\"changed\":false,\"tokens\":[\
         {\"id\":1,\"jti\":\"<uuid>\",\"kind\":\"app\",\"changed\":false}]}",
    );
}

#[test]
fn an_access_token_goes_alone_and_a_refresh_token_with_its_session() {
    let world = World::with_john();
    let (access, refresh) = (world.session("access"), world.session("refresh"));
    let ran = world.run(&["token", "revoke", &access]);
    says(&world, &ran, "", &format!("revoked access token {}\n", "<uuid>"));
    judged(&world, &access, REVOKED);
    judged(&world, &refresh, "valid");
    let talk = "error: the token is revoked\nhint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 12, talk);
    world.run(&["refresh"]).ok();
    world.run(&["whoami"]).ok();
    let refresh = world.session("refresh");
    let ran = world.run(&["token", "revoke", &refresh]);
    says(&world, &ran, "", "revoked the session of refresh token <uuid>\n");
    judged(&world, &refresh, ENDED);
    let talk = "error: the token's session has ended\nhint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 12, talk);
}

#[test]
fn a_test_token_goes_on_the_blocklist() {
    let world = World::with_admin();
    let (one, two) = (world.get(&["token", "mint"]), world.get(&["token", "mint"]));
    says(&world, &world.run(&["token", "revoke", &one]), "", "revoked test token <uuid>\n");
    let ran = world.run(&["token", "revoke", &one]);
    says(&world, &ran, "", "was revoked before: test token <uuid>\n");
    judged(&world, &one, REVOKED);
    judged(&world, &two, "valid");
    let exp = payload(&one)["exp"].to_string();
    assert_eq!(world.sql("SELECT jti FROM blocklist"), [jti(&one)]);
    assert_eq!(world.sql("SELECT expires_at FROM blocklist"), [exp]);
}

#[test]
fn one_unknown_token_stops_all() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    let unknown = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    for (other, code, talk) in [
        ("99", 7, "only admins act on the tokens of others".to_owned()),
        (unknown, 7, "only admins act on the tokens of others".to_owned()),
        ("nonsense", 2, "token: neither an id, nor a `jti`, nor a token".to_owned()),
        (&tampered(&token, 2), 10, "the token's signature is wrong".to_owned()),
    ] {
        let ran = world.run(&["token", "revoke", "1", other]);
        refuses(&world, &ran, code, &format!("error: {talk}\n"));
        judged(&world, &token, "valid");
    }
}

#[test]
fn the_tokens_of_others_are_for_admins_unless_one_holds_them() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.register("kim", "123456");
    world.log_in("kim", "123456");
    for name in ["1", &jti(&token)] {
        let ran = world.run(&["token", "revoke", name]);
        refuses(&world, &ran, 7, "error: only admins act on the tokens of others\n");
    }
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["token", "revoke", "1"]), 4, NOBODY);
    judged(&world, &token, "valid");
    world.log_in("ada", "lovelace");
    says(&world, &world.run(&["token", "revoke", "1"]), "", "revoked token 1\n");
}

/// A world with mia besides, who is a minter; ada is logged in.
fn with_minter() -> World {
    let world = World::with_admin();
    let arguments = ["register", "mia", "--role", "minter", "--password-stdin"];
    world.run_with_input(&arguments, "123456").ok();
    world
}

const JTI: &str = "jti=018f4f5e-7a3b-7c1d-8e2f-0123456789ab";

#[test]
fn whoever_mints_takes_back_no_recorded_token_of_others() {
    let world = with_minter();
    let mint = ["token", "mint", "--claim", JTI];
    let hers = world.get(&[&mint[..], &["--record", "--sub", "bob", "--ttl", "1d"]].concat());
    world.log_in("mia", "123456");
    let ran = world.run(&["token", "revoke", &jti(&hers)]);
    refuses(&world, &ran, 7, "error: only admins act on the tokens of others\n");
    let own = world.get(&mint);
    world.run(&["logout"]).ok();
    says(&world, &world.run(&["token", "revoke", &own]), "", "revoked test token <uuid>\n");
    judged(&world, &own, REVOKED);
    judged(&world, &hers, "valid");
    says(&world, &world.run(&["token", "revoke", &hers]), "", "revoked test token 1\n");
    judged(&world, &hers, REVOKED);
}

#[test]
fn what_was_taken_back_is_not_recorded_again() {
    let world = with_minter();
    let mint = ["token", "mint", "--claim", JTI];
    let revoked = world.get(&[&mint[..], &["--ttl", "1d"]].concat());
    world.run(&["token", "revoke", &revoked]).ok();
    world.log_in("mia", "123456");
    for same in [&["--ttl", "2d"][..], &["--claims", "same.json"]] {
        std::fs::write(world.home().join("same.json"), payload(&revoked).to_string()).unwrap();
        let ran = world.run(&[&mint[..], &["--record"], same].concat());
        refuses(&world, &ran, 2, "error: a token with that `jti` was revoked\n");
        judged(&world, &revoked, REVOKED);
    }
    assert_eq!(world.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn no_test_token_hides_the_session_whose_jti_it_bears() {
    let world = with_minter();
    world.log_in("mia", "123456");
    let access = world.session("access");
    let claim = format!("jti={}", jti(&access));
    world.run(&["token", "mint", "--record", "--claim", &claim]).ok();
    // Her session goes on elsewhere.
    std::fs::remove_file(world.session_file()).unwrap();
    world.log_in("ada", "lovelace");
    let ran = world.run(&["token", "revoke", &jti(&access)]);
    says(&world, &ran, "", "revoked test token 1\nrevoked access token <uuid>\n");
    judged(&world, &access, REVOKED);
}
