//! `jeton token verify`

use crate::mask::{json_says, refuses, says};
use crate::world::{World, payload, tampered};
use serde_json::{Value, json};

/// `invalid:` on standard output and the sentence on standard error.
#[track_caller]
fn invalid(world: &World, arguments: &[&str], code: i32, reason: &str, talk: &str) {
    let ran = world.run(&[&["token", "verify"], arguments].concat());
    let said = (ran.code, ran.out.as_str(), ran.err.as_str());
    assert_eq!(
        said,
        (code, format!("invalid: {reason}\n").as_str(), format!("error: {talk}\n").as_str())
    );
}

#[track_caller]
fn valid(world: &World, arguments: &[&str]) {
    says(world, &world.run(&[&["token", "verify"], arguments].concat()), "valid\n", "");
}

#[test]
fn a_valid_token_is_told_with_all_about_it() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app", "-p", "read"]);
    valid(&world, &[&token]);
    let claims = crate::mask::masked(&world, &payload(&token).to_string());
    json_says(
        &world,
        &["token", "verify", &token],
        &format!(
            "{{\"valid\":true,\"kind\":\"app\",\"reasons\":[],\"claims\":{claims},\
             \"token_id\":1,\"status\":\"live\"}}"
        ),
    );
}

#[test]
fn a_refused_token_is_told_as_a_result_and_as_an_error() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    world.run(&["token", "revoke", "1"]).ok();
    invalid(&world, &[&token], 12, "token_revoked", "the token is revoked");
    let end = payload(&token)["exp"].to_string();
    let ran = world.run(&["token", "verify", &token, "--at", &end, "-o", "json"]);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["valid", "kind", "reasons", "claims", "token_id", "status"]);
    assert_eq!((&result["valid"], &result["status"]), (&json!(false), &json!("revoked")));
    assert_eq!(result["reasons"], json!(["token_revoked", "token_expired"]));
    let error = ran.error();
    assert_eq!((ran.code, &error["code"]), (12, &json!("token_revoked")));
    assert_eq!(error["details"]["reason"], "token_revoked");
    assert_eq!(error["details"]["reasons"], json!(["token_revoked", "token_expired"]));
}

#[test]
fn before_a_good_signature_nothing_is_known() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    for (token, reason) in [
        ("nonsense".to_owned(), "malformed"),
        (tampered(&token, 2), "bad_signature"),
        (tampered(&token, 1), "bad_signature"),
    ] {
        let ran = world.run(&["token", "verify", &token, "-o", "json"]);
        let out = format!(
            "{{\"valid\":false,\"kind\":null,\"reasons\":[\"{reason}\"],\"claims\":null,\
             \"token_id\":null,\"status\":null}}\n"
        );
        assert_eq!((ran.code, ran.out.as_str()), (10, out.as_str()));
        assert_eq!(ran.error()["details"]["reason"], reason);
    }
}

#[test]
fn each_kind_is_accepted_as_what_it_is() {
    let world = World::with_admin();
    let tokens = [
        ("app", world.get(&["token", "create", "app"])),
        ("access", world.session("access")),
        ("refresh", world.session("refresh")),
        ("test", world.get(&["token", "mint"])),
    ];
    let wrong = "the token is of another type";
    for (kind, token) in &tokens {
        valid(&world, &[token, "--type", kind]);
        valid(&world, &[token, "--type", "any"]);
        assert_eq!(world.json(&["token", "verify", token, "--type", "any"])["kind"], *kind);
        for (other, _) in tokens.iter().filter(|(other, _)| other != kind && *other != "app") {
            let talk = match *kind {
                "test" => format!(
                    "{wrong}\nhint: it is a test token: check it with `jeton token verify --type test`"
                ),
                _ => wrong.to_owned(),
            };
            invalid(&world, &[token, "--type", other], 10, "wrong_type", &talk);
        }
    }
    for session in &tokens[1..3] {
        let talk = "the token is a session's, not an application's";
        invalid(&world, &[&session.1], 10, "blocked", talk);
    }
    let talk = format!(
        "{wrong}\nhint: it is a test token: check it with `jeton token verify --type test`"
    );
    invalid(&world, &[&tokens[3].1], 10, "wrong_type", &talk);
}

#[test]
fn issuer_and_audience_are_compared_when_asked() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app", "--aud", "a", "--aud", "b"]);
    valid(&world, &[&token, "--iss", "jeton", "--aud", "b"]);
    invalid(&world, &[&token, "--iss", "x"], 10, "issuer", "the token has another issuer");
    invalid(&world, &[&token, "--aud", "c"], 10, "audience", "the token is for another audience");
}

#[test]
fn a_token_that_lacks_something_fails_the_check() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app", "-p", "read,write", "--claim", "tier=gold"]);
    valid(&world, &[&token, "-p", "read,write", "--require", "tier=gold", "--min-ttl", "6d"]);
    valid(&world, &[&token, "--permission", "read", "--permission", "write", "--require", "id=2"]);
    let lacks = "the token lacks a permission: deploy";
    invalid(&world, &[&token, "-p", "read,deploy"], 9, "permission", lacks);
    for (wanted, name) in [("tier=silver", "tier"), ("absent=", "absent")] {
        let value = format!("a required claim is missing or has another value: {name}");
        invalid(&world, &[&token, "--require", wanted], 9, "require", &value);
    }
    invalid(&world, &[&token, "--min-ttl", "8d"], 9, "min_ttl", "the token ends too soon");
    let error = world.run(&["token", "verify", &token, "-p", "x", "-o", "json"]).error();
    assert_eq!((&error["kind"], &error["code"]), (&json!("CheckFailed"), &json!("check_failed")));
}

#[test]
fn times_are_judged_as_of_then_and_with_leeway() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app", "--ttl", "1h"]);
    let at =
        |name: &str, seconds: i64| (payload(&token)[name].as_i64().unwrap() + seconds).to_string();
    valid(&world, &[&token, "--at", &at("exp", -1)]);
    invalid(&world, &[&token, "--at", &at("exp", 0)], 11, "token_expired", "the token has expired");
    valid(&world, &[&token, "--at", &at("exp", 59), "--leeway", "1m"]);
    let expired = "the token has expired";
    invalid(
        &world,
        &[&token, "--at", &at("exp", 60), "--leeway", "1m"],
        11,
        "token_expired",
        expired,
    );
    let early = "the token is not valid yet";
    invalid(&world, &[&token, "--at", &at("iat", -1)], 10, "not_yet_valid", early);
    valid(&world, &[&token, "--at", &at("iat", -1), "--leeway", "1s"]);
    invalid(&world, &[&token, "--at", "2000-01-01T00:00:00Z"], 10, "not_yet_valid", early);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    let hint = "hint: see `jeton token verify --help`\n";
    let types = "type: `app`, `access`, `refresh`, `test` or `any`";
    let unit = "duration: a number needs a unit (`90s`, `15m`, `12h`, `7d`, `2w`)";
    for (flag, value, of, why) in [
        ("--type", "id", "--type <TYPE>", types),
        ("--leeway", "6m", "--leeway <DURATION>", "leeway: five minutes at most"),
        ("--min-ttl", "5", "--min-ttl <DURATION>", unit),
        ("--require", "x", "--require <NAME=VALUE>", "value: not of the form `name=value`"),
        (
            "--permission",
            "",
            "--permission <P[,P]>",
            "permission: must not be empty or begin or end with white space",
        ),
    ] {
        let ran = world.run(&["token", "verify", &token, flag, value]);
        refuses(
            &world,
            &ran,
            2,
            &format!("error: invalid value '{value}' for '{of}': {why}\n{hint}"),
        );
    }
}

#[test]
fn what_became_of_the_owner_counts() {
    let world = World::with_john();
    let token = world.get(&["token", "create", "app"]);
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute_batch("UPDATE users SET disabled_at = 1 WHERE id = 2").unwrap();
    invalid(&world, &[&token], 10, "user_disabled", "the token's owner is disabled");
    store.execute_batch("DELETE FROM tokens").unwrap();
    invalid(&world, &[&token], 10, "unknown_token", "the token is not in the store");
    let end = payload(&token)["exp"].to_string();
    invalid(&world, &[&token, "--at", &end], 11, "token_expired", "the token has expired");
}

#[test]
fn verifying_needs_a_store_and_no_login() {
    let world = World::new();
    let talk = "error: there is no store at `~/.local/share/jeton/jeton.db`\n\
                hint: make one: jeton init\n";
    refuses(&world, &world.run(&["token", "verify", "a.b.c"]), 3, talk);
    assert!(!world.store().exists());
}

#[test]
fn what_is_too_large_is_not_read_to_its_end() {
    let world = World::with_admin();
    let token = format!("{}.e30.AAAA", "A".repeat(70_000));
    for input in [token, "A".repeat(1_000_000)] {
        let ran = world.run_with_input(&["token", "verify", "-"], &input);
        assert_eq!((ran.code, ran.out.as_str()), (10, "invalid: malformed\n"));
        assert_eq!(ran.err, "error: the token is malformed: the token is larger than 64 KiB\n");
    }
}
