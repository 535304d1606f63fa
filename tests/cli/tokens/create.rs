//! `jeton token create`

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::{World, payload};
use serde_json::json;

#[test]
fn the_token_alone_is_the_result() {
    let world = World::with_john();
    let ran = world.run(&["token", "create", "my-app", "-p", "read,write"]);
    says(&world, &ran, "<token>\n", "token 1 for my-app, expires <time>, 1 of 3 in use\n");
    let claims = payload(ran.out.trim());
    assert_eq!(
        (&claims["app"], &claims["permissions"]),
        (&json!("my-app"), &json!(["read", "write"]))
    );
    let ran = world.run(&["token", "create", "other", "--quiet"]);
    says(&world, &ran, "<token>\n", "");
}

#[test]
fn programs_get_the_token_with_all_about_it() {
    let world = World::with_john();
    json_says(
        &world,
        &["token", "create", "my-app", "-p", "read", "--permission", "write"],
        "{\"token\":\"<token>\",\"id\":1,\"jti\":\"<uuid>\",\"app\":\"my-app\",\
         \"permissions\":[\"read\",\"write\"],\"issued_at\":\"<time>\",\"expires_at\":\"<time>\",\
         \"quota\":{\"used\":1,\"limit\":3}}",
    );
    json_says(
        &world,
        &["token", "create", "for-ever", "--no-expiry"],
        "{\"token\":\"<token>\",\"id\":2,\"jti\":\"<uuid>\",\"app\":\"for-ever\",\
         \"permissions\":[],\"issued_at\":\"<time>\",\"expires_at\":null,\
         \"quota\":{\"used\":2,\"limit\":3}}",
    );
}

#[test]
fn every_flag_is_found_in_the_claims() {
    let world = World::with_john();
    let token = world.get(&[
        "token",
        "create",
        "app",
        "--ttl",
        "1d12h",
        "--aud",
        "https://a.example",
        "--aud",
        "b",
        "--claim",
        "tier=gold",
        "--claim",
        "note=a=b",
        "--claim-json",
        "limits={\"n\":[1,2]}",
    ]);
    let claims = payload(&token);
    let iat = claims["iat"].as_i64().unwrap();
    assert_eq!(claims["exp"], iat + 129_600);
    assert_eq!(claims["aud"], json!(["https://a.example", "b"]));
    assert_eq!((&claims["tier"], &claims["note"]), (&json!("gold"), &json!("a=b")));
    assert_eq!(claims["limits"], json!({"n": [1, 2]}));
    let one = world.get(&[
        "token",
        "create",
        "app",
        "--aud",
        "b",
        "--expires-at",
        "2100-01-01T00:00:00Z",
    ]);
    assert_eq!(
        (&payload(&one)["aud"], &payload(&one)["exp"]),
        (&json!("b"), &json!(4_102_444_800_i64))
    );
    let never = payload(&world.get(&["token", "create", "app", "--no-expiry"]));
    assert_eq!((never.get("exp"), never.get("aud")), (None, None));
}

#[test]
fn a_time_that_cannot_be_is_refused() {
    let world = World::with_john();
    let unit = "duration: a number needs a unit (`90s`, `15m`, `12h`, `7d`, `2w`)";
    let neither = "time: neither RFC 3339 (`<time>`) nor Unix seconds";
    let hint = "hint: see `jeton token create --help`\n";
    for (flag, value, why) in [
        ("--ttl", "7", format!("invalid value '7' for '--ttl <DURATION>': {unit}")),
        (
            "--expires-at",
            "soon",
            format!("invalid value 'soon' for '--expires-at <TIME>': {neither}"),
        ),
    ] {
        let ran = world.run(&["token", "create", "app", flag, value]);
        refuses(&world, &ran, 2, &format!("error: {why}\n{hint}"));
    }
    let ran = world.run(&["token", "create", "app", "--expires-at", "1000000000"]);
    refuses(&world, &ran, 2, "error: the end is not in the future\n");
    for (first, second) in [
        (["--ttl", "1h"].as_slice(), ["--expires-at", "4102444800"].as_slice()),
        (&["--no-expiry"], &["--ttl", "1h"]),
        (&["--no-expiry"], &["--expires-at", "4102444800"]),
    ] {
        let ran = world.run(&[&["token", "create", "app"], first, second].concat()).fails(2);
        assert!(ran.err.contains("cannot be used with"), "{ran:?}");
    }
    assert_eq!(world.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn names_and_claims_are_checked() {
    let world = World::with_john();
    for (arguments, why) in [
        (["--claim", "sub=x"], "the claim `sub` is set by jeton"),
        (["--claim-json", "exp=1"], "the claim `exp` is set by jeton"),
        (["--claim", "permissions=root"], "the claim `permissions` is set by jeton"),
        (["--claim", "nonsense"], "claim: not of the form `name=value`"),
        (["--claim-json", "a={"], "claim: `a` is not JSON: text has quotes"),
    ] {
        let ran = world.run(&[&["token", "create", "app"], arguments.as_slice()].concat());
        refuses(&world, &ran, 2, &format!("error: {why}\n"));
    }
    let ran = world.run(&["token", "create", "app", "--claim", "a=1", "--claim-json", "a=1"]);
    refuses(&world, &ran, 2, "error: claim: `a` is given twice\n");
    let hint = "hint: see `jeton token create --help`\n";
    for (arguments, why) in [
        (
            [""].as_slice(),
            "'' for '<APP>': app name: must not be empty or begin or end with white space",
        ),
        (
            &["app", "-p", "a b"],
            "'a b' for '--permission <P[,P]>': permission: must not contain white space",
        ),
        (
            &["app", "-p", "jeton:admin"],
            "'jeton:admin' for '--permission <P[,P]>': permission: \
             of the names that begin with `jeton:` there is only `jeton:mint`",
        ),
    ] {
        let ran = world.run(&[&["token", "create"], arguments].concat());
        refuses(&world, &ran, 2, &format!("error: invalid value {why}\n{hint}"));
    }
    assert_eq!(world.sql("SELECT count(*) FROM tokens"), ["0"]);
}

#[test]
fn one_more_than_allowed_is_refused_with_the_ids_in_the_way() {
    let world = World::with_john();
    for app in ["a", "b", "b"] {
        world.run(&["token", "create", app]).ok();
    }
    let talk = "error: 3 of 3 tokens are in use\nhint: in use: 1 (a), 2 (b), 3 (b); \
                free a place with `jeton token revoke 1`\n";
    refuses(&world, &world.run(&["token", "create", "c"]), 8, talk);
    let error = world.json_error(&["token", "create", "c"]);
    assert_eq!(
        (&error["kind"], &error["code"]),
        (&json!("QuotaExceeded"), &json!("quota_exceeded"))
    );
    assert_eq!(error["details"]["limit"], 3);
    let apps: Vec<_> =
        error["details"]["tokens"].as_array().unwrap().iter().map(|token| &token["app"]).collect();
    assert_eq!(apps, ["a", "b", "b"]);
    world.run(&["token", "revoke", "2"]).ok();
    let ran = world.run(&["token", "create", "c"]);
    says(&world, &ran, "<token>\n", "token 4 for c, expires <time>, 3 of 3 in use\n");
    world.log_in("ada", "lovelace");
    world.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    world.log_in("john", "123456");
    let ran = world.run(&["token", "create", "d"]);
    says(&world, &ran, "<token>\n", "token 5 for d, expires <time>\n");
}

#[test]
fn only_admins_make_tokens_for_others() {
    let world = World::with_john();
    for other in ["ada", "nobody"] {
        let ran = world.run(&["token", "create", "app", "--user", other]);
        refuses(&world, &ran, 7, "error: only admins make tokens for others\n");
    }
    world.log_in("ada", "lovelace");
    let token = world.get(&["token", "create", "app", "--user", "john"]);
    assert_eq!(payload(&token)["id"], 2);
    let ran = world.run(&["token", "create", "app", "--user", "nobody"]);
    refuses(&world, &ran, 3, "error: there is no user `nobody`\n");
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["token", "create", "app"]), 4, NOBODY);
}
