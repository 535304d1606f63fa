//! `jeton token list` and `jeton token show`

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::World;
use serde_json::{Value, json};

/// John has tokens 1 (a), 2 (b, revoked), 3 (b, ended); ada has 4 (b).
fn several() -> World {
    let world = World::with_john();
    world.run(&["token", "create", "a", "-p", "read,write", "--aud", "x", "--claim", "k=v"]).ok();
    world.run(&["token", "create", "b"]).ok();
    world.run(&["token", "create", "b", "--no-expiry"]).ok();
    world.run(&["token", "revoke", "2"]).ok();
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute_batch("UPDATE tokens SET expires_at = issued_at WHERE id = 3").unwrap();
    world.log_in("ada", "lovelace");
    world.run(&["token", "create", "b", "--no-expiry"]).ok();
    world
}

fn ids(world: &World, arguments: &[&str]) -> String {
    let answer = world.json(&[&["token", "list"], arguments].concat());
    let items = answer["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|token| token["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), answer["total"])
}

#[test]
fn a_list_tells_everything_but_the_token() {
    let world = several();
    let ran = world.run(&["token", "list", "--all-users", "--status", "all"]);
    let out = "ID  KIND  APP  OWNER  PERMISSIONS  STATUS   EXPIRES\n\
               1   app   a    john   read,write   live     <time>\n\
               2   app   b    john   -            revoked  <time>\n\
               3   app   b    john   -            expired  <time>\n\
               4   app   b    ada    -            live     never\n";
    says(&world, &ran, out, "");
    json_says(
        &world,
        &["token", "list", "--user", "john"],
        "{\"items\":[{\"id\":1,\"jti\":\"<uuid>\",\"kind\":\"app\",\"app\":\"a\",\"owner_id\":2,\"owner\":\"john\",\
         \"permissions\":[\"read\",\"write\"],\"audience\":[\"x\"],\"claims\":{\"k\":\"v\"},\
         \"status\":\"live\",\"issued_at\":\"<time>\",\"expires_at\":\"<time>\",\
         \"grace_until\":null,\"revoked_at\":null}],\"page\":1,\"per_page\":20,\"total\":1,\"pages\":1,\"next\":null}",
    );
}

#[test]
fn a_list_is_cut_by_owner_application_and_status() {
    let world = several();
    assert_eq!(ids(&world, &[]), "4 of 1");
    assert_eq!(ids(&world, &["--user", "john"]), "1 of 1");
    assert_eq!(ids(&world, &["--user", "2", "--status", "all"]), "1,2,3 of 3");
    assert_eq!(ids(&world, &["--all-users"]), "1,4 of 2");
    assert_eq!(ids(&world, &["--all-users", "--status", "expired"]), "3 of 1");
    assert_eq!(ids(&world, &["--all-users", "--status", "revoked"]), "2 of 1");
    assert_eq!(ids(&world, &["--all-users", "--status", "all", "--app", "b"]), "2,3,4 of 3");
    assert_eq!(ids(&world, &["--all-users", "--app", "nothing"]), " of 0");
    let all = ["--all-users", "--status", "all", "--per-page", "2"];
    assert_eq!(ids(&world, &[all.as_slice(), &["--page", "2"]].concat()), "3,4 of 4");
    assert_eq!(ids(&world, &[all.as_slice(), &["--after", "1"]].concat()), "2,3 of 4");
    let ran = world.run(&[&["token", "list"], all.as_slice()].concat()).ok();
    assert_eq!(ran.err, "2 of 4 tokens, page 1 of 2; next: --page 2\n");
    says(&world, &world.run(&["token", "ls", "--app", "nothing"]), "", "no tokens\n");
}

#[test]
fn the_tokens_of_others_are_for_admins() {
    let world = several();
    world.log_in("john", "123456");
    assert_eq!(ids(&world, &["--user", "john"]), "1 of 1");
    let ran = world.run(&["token", "list", "--all-users"]);
    refuses(&world, &ran, 7, "error: only admins see the tokens of others\n");
    for other in ["ada", "nobody"] {
        let ran = world.run(&["token", "list", "--user", other]);
        refuses(&world, &ran, 7, "error: only admins see other accounts\n");
    }
    let ran = world.run(&["token", "show", "4"]);
    refuses(&world, &ran, 7, "error: only admins see the tokens of others\n");
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["token", "list"]), 4, NOBODY);
    refuses(&world, &world.run(&["token", "show", "1"]), 4, NOBODY);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let world = World::with_admin();
    let ran = world.run(&["token", "list", "--status", "dead"]);
    let talk = "error: invalid value 'dead' for '--status <STATUS>': status: `live`, `expired`, \
                `revoked` or `all`\nhint: see `jeton token list --help`\n";
    refuses(&world, &ran, 2, talk);
    let ran = world.run(&["token", "list", "--all-users", "--user", "ada"]);
    let talk = "error: the argument '--all-users' cannot be used with '--user <USER>'\n\
                hint: usage: jeton token list --all-users\n";
    refuses(&world, &ran, 2, talk);
    let ran = world.run(&["token", "list", "--expiring-within", "7d", "--status", "all"]);
    refuses(&world, &ran, 2, "error: only live tokens expire: `--status` is live here\n");
    let ran = world.run(&["token", "list", "--fail-if-any"]).fails(2);
    assert!(ran.err.contains("--expiring-within"), "{}", ran.err);
}

#[test]
fn a_token_is_shown_by_its_id() {
    let world = several();
    let out = "id           1\njti          <uuid>\nkind         app\napp          a\nowner        john\n\
               permissions  read,write\naudience     x\nstatus       live\nissued       <time>\n\
               expires      <time>\nrevoked      -\n";
    says(&world, &world.run(&["token", "show", "1"]), out, "");
    json_says(
        &world,
        &["token", "show", "2"],
        "{\"id\":2,\"jti\":\"<uuid>\",\"kind\":\"app\",\"app\":\"b\",\"owner_id\":2,\"owner\":\"john\",\"permissions\":[],\
         \"audience\":[],\"claims\":{},\"status\":\"revoked\",\"issued_at\":\"<time>\",\
         \"expires_at\":\"<time>\",\"grace_until\":null,\"revoked_at\":\"<time>\"}",
    );
    refuses(&world, &world.run(&["token", "show", "99"]), 3, "error: there is no token `99`\n");
    let talk = "error: invalid value 'x' for '<ID|JTI>': id: a number, as `jeton \
                token list` has it, or a `jti`\n\
                hint: see `jeton token show --help`\n";
    refuses(&world, &world.run(&["token", "show", "x"]), 2, talk);
}

#[test]
fn a_token_is_shown_by_its_jti_in_capitals_too() {
    let world = several();
    let show = |which: &str| world.run(&["token", "show", which]);
    let out = show("1").ok().out;
    let jti = world.json(&["token", "show", "1"])["jti"].as_str().unwrap().to_owned();
    for spelled in [jti.clone(), jti.to_uppercase()] {
        assert_eq!(show(&spelled).ok().out, out);
    }
    world.run(&["token", "revoke", &jti.to_uppercase()]).ok();
    assert_eq!(world.json(&["token", "show", &jti])["status"], "revoked");
    let unknown = show("018f4f5e-7a3b-7c1d-8e2f-0123456789ab");
    refuses(&world, &unknown, 3, "error: there is no token `<uuid>`\n");
    world.log_in("john", "123456");
    let hers = world.sql("SELECT lower(hex(jti)) FROM tokens WHERE id = 4").remove(0);
    let hers = [&hers[..8], &hers[8..12], &hers[12..16], &hers[16..20], &hers[20..]].join("-");
    let talk = "error: only admins see the tokens of others\n";
    refuses(&world, &show(&hers), 7, talk);
    let token = world.get(&["token", "create", "x"]);
    show(&token).fails(2);
}

#[test]
fn what_was_issued_before_is_listed_as_it_would_be_revoked() {
    let world = several();
    world.sql("UPDATE tokens SET issued_at = 1000 WHERE id = 1 RETURNING id");
    assert_eq!(ids(&world, &["--all-users", "--before", "1001"]), "1 of 1");
    assert_eq!(ids(&world, &["--all-users", "--before", "1000"]), " of 0");
    assert_eq!(ids(&world, &["--all-users", "--before", "1d"]), "1 of 1");
    assert_eq!(ids(&world, &["--before", "2100-01-01"]), "4 of 1");
    let words = ["token", "revoke", "--all-users", "--before", "1001", "--yes"];
    says(&world, &world.run(&words), "", "revoked 1 token\n");
    for verb in ["list", "revoke"] {
        let ran = world.run(&["token", verb, "--before", "2026-11-21T12:00:00"]);
        let talk = format!(
            "error: invalid value '2026-11-21T12:00:00' for '--before <TIME>': time: the time zone \
             is missing; in UTC it is `<time>`\nhint: see `jeton token {verb} --help`\n"
        );
        refuses(&world, &ran, 2, &talk);
    }
}

#[test]
fn what_expires_soon_fails_a_job_and_is_listed_all_the_same() {
    let world = World::with_john();
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    world.run(&["token", "create", "a", "--ttl", "3d"]).ok();
    world.run(&["token", "create", "b", "--no-expiry"]).ok();
    world.run(&["token", "create", "c", "--ttl", "30d"]).ok();
    world.run(&["token", "mint", "--record"]).ok();
    assert_eq!(ids(&world, &["--expiring-within", "7d"]), "1,4 of 2");
    assert_eq!(ids(&world, &["--expiring-within", "7d", "--kind", "app"]), "1 of 1");
    assert_eq!(ids(&world, &["--kind", "test"]), "4 of 1");
    let soon = ["token", "list", "--kind", "app", "--fail-if-any", "--expiring-within"];
    let ran = world.run(&[&soon[..], &["7d"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (9, "error: 1 token expires within 7d\n"));
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    says(&world, &world.run(&[&soon[..], &["2d"]].concat()), "", "no tokens\n");
    world.run(&["token", "renew", "3", "--grace", "1d"]).ok();
    says(&world, &world.run(&[&soon[..], &["2d"]].concat()), "", "no tokens\n");
    world.run(&["token", "revoke", "2"]).ok();
    world.run(&["token", "create", "d", "--ttl", "1d"]).ok();
    let ran = world.run(&[&soon[..], &["7d", "-o", "json", "--per-page", "1"]].concat());
    let error = ran.error();
    assert_eq!((ran.code, &error["code"]), (9, &"check_failed".into()));
    assert_eq!(
        (&error["message"], &error["details"]),
        (&"2 tokens expire within 7d".into(), &serde_json::json!({"total": 2}))
    );
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["total"]), (1, &2.into()));
}

#[test]
fn an_owner_is_a_name_an_address_or_once_deleted_an_id() {
    let world = World::with_admin();
    let words = ["register", "--email", "mia@example.com", "--password-stdin"];
    world.run_with_input(&words, "123456").ok();
    world.register("kim", "123456");
    for who in ["mia@example.com", "kim"] {
        world.get(&["token", "create", "ci", "--user", who]);
    }
    world.run(&["users", "delete", "kim", "--yes"]).ok();
    let list = world.json(&["token", "list", "--all-users", "--status", "all"]);
    let owners: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["owner_id"], &item["owner"]))
        .collect();
    assert_eq!(owners, [(&json!(2), &json!("mia@example.com")), (&json!(3), &Value::Null)]);
    let out = "ID  KIND  APP  OWNER            PERMISSIONS  STATUS   EXPIRES\n\
               1   app   ci   mia@example.com  -            live     <time>\n\
               2   app   ci   3                -            revoked  <time>\n";
    says(&world, &world.run(&["token", "list", "--all-users", "--status", "all"]), out, "");
}
