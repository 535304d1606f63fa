//! `jeton token mint`

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::{World, payload};
use serde_json::json;

#[test]
fn the_token_alone_is_the_result() {
    let world = World::with_admin();
    let ran = world.run(&["token", "mint"]);
    says(&world, &ran, "<token>\n", "");
    json_says(&world, &["token", "mint"], "{\"token\":\"<token>\",\"jti\":\"<uuid>\",\"id\":null}");
    let claims = payload(ran.out.trim());
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["iss", "sub", "iat", "exp", "jti"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(claims["sub"], world.json(&["whoami"])["user"]["uid"]);
    assert_eq!(world.sql("SELECT count(*) FROM tokens"), ["0"], "it is not recorded");
}

#[test]
fn every_flag_is_found_in_the_claims() {
    let world = World::with_admin();
    let token = world.get(&[
        "token",
        "mint",
        "--sub",
        "alice",
        "--iss",
        "https://idp.example",
        "--aud",
        "api",
        "--claim",
        "email=alice@example.com",
        "--claim-json",
        "roles=[\"admin\"]",
        "--ttl",
        "2h",
    ]);
    let claims = payload(&token);
    assert_eq!((&claims["sub"], &claims["iss"]), (&json!("alice"), &json!("https://idp.example")));
    assert_eq!((&claims["aud"], &claims["email"]), (&json!("api"), &json!("alice@example.com")));
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7_200);
    let old = world.get(&["token", "mint", "--expires-at", "2020-01-01T00:00:00Z"]);
    let ran = world.run(&["token", "verify", &old, "--type", "test"]);
    assert_eq!((ran.code, ran.out.as_str()), (11, "invalid: token_expired\n"));
    let other = world.get(&["token", "mint", "--claim", "sub=bob", "--claim-json", "iat=5"]);
    assert_eq!((&payload(&other)["sub"], &payload(&other)["iat"]), (&json!("bob"), &json!(5)));
    let named = world.json(&["token", "mint", "--claim", "jti=mine"]);
    assert_eq!(named["jti"], "mine", "the identity that the token bears");
    assert_eq!(world.json(&["token", "mint", "--claim-json", "jti=7"])["jti"], json!(null));
}

#[test]
fn minting_is_for_minters_and_admins() {
    let world = World::with_john();
    let ran = world.run(&["token", "mint"]);
    refuses(&world, &ran, 7, "error: only minters and admins mint test tokens\n");
    world.log_in("ada", "lovelace");
    let arguments = ["register", "mia", "--role", "minter", "--password-stdin"];
    world.run_with_input(&arguments, "123456").ok();
    world.log_in("mia", "123456");
    world.run(&["token", "mint"]).ok();
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["token", "mint"]), 4, NOBODY);
}

#[test]
fn a_test_token_is_no_credential() {
    let mut world = World::with_admin();
    let access = payload(&world.session("access"));
    let claims: Vec<String> = access
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(name, value)| ["--claim-json".to_owned(), format!("{name}={value}")])
        .collect();
    let words: Vec<_> =
        ["token", "mint"].into_iter().chain(claims.iter().map(String::as_str)).collect();
    let token = world.get(&words);
    world.set("JETON_TOKEN", &token);
    let ran = world.run(&["whoami"]).fails(10);
    assert!(ran.err.starts_with("error: the token is of another type\n"), "{ran:?}");
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let world = World::with_admin();
    let ran = world.run(&["token", "mint", "--claim", "nonsense"]);
    refuses(&world, &ran, 2, "error: claim: not of the form `name=value`\n");
    let ran = world.run(&["token", "mint", "--ttl", "60"]);
    let talk = "error: invalid value '60' for '--ttl <DURATION>': duration: a number needs a unit \
                (`90s`, `15m`, `12h`, `7d`, `2w`)\nhint: see `jeton token mint --help`\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_recorded_token_is_listed_and_revoked_by_its_id() {
    let world = World::with_admin();
    let ran = world.run(&["token", "mint", "--record", "--sub", "alice"]);
    says(&world, &ran, "<token>\n", "recorded as token 1\n");
    let token = ran.out.trim();
    let out = "ID  KIND  APP    OWNER  PERMISSIONS  STATUS  EXPIRES\n\
               1   test  alice  ada    -            live    <time>\n";
    says(&world, &world.run(&["token", "list"]), out, "");
    let shown = world.json(&["token", "show", "1"]);
    assert_eq!((&shown["kind"], &shown["claims"]["sub"]), (&json!("test"), &json!("alice")));
    refuses(
        &world,
        &world.run(&["token", "renew", "1"]),
        2,
        "error: only app tokens are renewed\n",
    );
    world.run(&["token", "verify", token, "--type", "test"]).ok();
    says(&world, &world.run(&["token", "revoke", "1"]), "", "revoked test token 1\n");
    let ran = world.run(&["token", "verify", token, "--type", "test"]);
    assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: token_revoked\n"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = world.command(&["token", "mint", "--record"]);
    let ran = crate::world::Ran::from(command.stdout(full).output().unwrap());
    let talk = "error: the token could not be written; token 2 is revoked again\n";
    refuses(&world, &ran, 1, talk);
    let without = world.get(&["token", "mint", "--claim-json", "jti=1"]);
    let talk =
        "error: a token without `jti` cannot be revoked; `mint --record` makes one that can\n";
    refuses(&world, &world.run(&["token", "revoke", &without]), 2, talk);
}

#[test]
fn a_key_is_made_with_the_first_token_and_not_before() {
    let world = World::with_admin();
    let keys = "SELECT count(*) FROM keys WHERE purpose = 'test'";
    let unending = ["token", "mint", "--record", "--claim-json", "exp=null"];
    let talk = "error: a recorded token has an end (`exp`) in whole seconds\n";
    refuses(&world, &world.run(&unending), 2, talk);
    assert_eq!(world.sql(keys), ["0"]);
    world.run(&["token", "mint", "--alg", "ES384"]).ok();
    world.run(&["token", "mint", "--alg", "ES384"]).ok();
    assert_eq!(world.sql(keys), ["1"]);
    let kid = world.sql("SELECT kid FROM keys WHERE purpose = 'test'").remove(0);
    let audit = world.sql("SELECT target FROM audit WHERE action = 'token mint' ORDER BY id");
    assert_eq!(audit, [format!("test token, by the new key {kid}"), "test token".to_owned()]);
}

#[test]
fn named_key_verifies_what_it_signs_until_it_is_retired() {
    let world = World::with_admin();
    world.get(&["token", "mint"]);
    let kid = world.get(&["keys", "generate", "--purpose", "test"]);
    let token = world.get(&["token", "mint", "--key", &kid]);
    world.run(&["token", "verify", "--type", "test", &token]).ok();
    world.run(&["keys", "activate", "--", &kid]).ok();
    world.run(&["keys", "retire", "--overlap", "1h", "--", &kid]).ok();
    let token = world.get(&["token", "mint", "--key", &kid]);
    world.run(&["token", "verify", "--type", "test", &token]).ok();
    world.sql("UPDATE keys SET verify_until = 1 WHERE state = 'retired'");
    let ran = world.run(&["token", "mint", "--key", &kid]);
    let message = "error: key `<key>` is retired and does not verify any more\n";
    refuses(&world, &ran, 2, message);
}
