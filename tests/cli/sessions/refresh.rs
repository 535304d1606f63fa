//! `jeton refresh`, and the refresh that commands do by themselves.

use super::{ENDED, NOBODY};
use crate::mask::{refuses, says};
use crate::world::{World, payload};
use serde_json::{Value, json};
use std::time::Duration;

const GIVEN: [&str; 2] = ["refresh", "--token-stdin"];

fn pair(world: &World) -> (String, String) {
    (world.session("access"), world.session("refresh"))
}

fn wait() {
    std::thread::sleep(Duration::from_secs(2));
}

#[test]
fn the_file_gets_a_new_pair_of_the_same_session() {
    let world = World::with_john();
    let (before, sid) = (pair(&world), world.session("sid"));
    says(&world, &world.run(&["refresh"]), "", "refreshed, until <time>\n");
    let after = pair(&world);
    assert!(before.0 != after.0 && before.1 != after.1);
    assert_eq!(payload(&after.0)["fresh"], json!(false));
    let ran = world.run(&["refresh", "-o", "json"]);
    let out = "{\"changed\":true,\"sid\":\"<uuid>\",\"access_expires_at\":\"<time>\"}\n";
    says(&world, &ran, out, "");
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&answer["sid"], world.session("sid")), (&json!(sid), sid));
    world.run(&["whoami"]).ok();
}

#[test]
fn a_given_token_is_traded_without_touching_the_file() {
    let world = World::with_john();
    let file = std::fs::read(world.session_file()).unwrap();
    let ran = world.run_with_input(&GIVEN, &world.session("refresh"));
    says(&world, &ran, "<token>\n<token>\n", "");
    let lines: Vec<_> = ran.out.lines().collect();
    let kinds = [payload(lines[0])["type"].clone(), payload(lines[1])["type"].clone()];
    assert_eq!(kinds, ["access", "refresh"]);
    let input = format!("Bearer {}\n", lines[1]);
    let ran = world.run_with_input(&["refresh", "--token-stdin", "-o", "json"], &input);
    let out = "{\"message\":\"Refreshed\",\"tokens\":{\"access\":\"<token>\",\
               \"refresh\":\"<token>\"},\"user\":{\"id\":2,\"uid\":\"<uuid>\",\
               \"username\":\"john\",\"email\":\"john@example.com\",\"name\":null,\
               \"role\":\"user\",\"status\":\"active\",\"quota\":null,\
               \"created_at\":\"<time>\"},\"access_expires_at\":\"<time>\",\
               \"refresh_expires_at\":\"<time>\",\"sid\":\"<uuid>\"}\n";
    says(&world, &ran, out, "");
    assert_eq!(std::fs::read(world.session_file()).unwrap(), file);
}

#[test]
fn a_refresh_token_used_twice_ends_the_session() {
    let world = World::with_john();
    let refresh = world.session("refresh");
    world.run_with_input(&GIVEN, &refresh).ok();
    let talk = "error: the refresh token was used before; its session has ended\n";
    refuses(&world, &world.run_with_input(&GIVEN, &refresh), 12, talk);
    refuses(&world, &world.run(&["whoami"]), 12, ENDED);
    refuses(&world, &world.run_with_input(&GIVEN, &refresh), 12, "error: the token is revoked\n");
    let audit = world.sql("SELECT outcome FROM audit WHERE action = 'refresh' ORDER BY id");
    assert_eq!(audit, ["done", "token_reused", "token_revoked"]);
}

#[test]
fn only_a_refresh_token_is_traded() {
    let world = World::with_john();
    let app = world.get(&["token", "create", "app"]);
    for (token, talk) in [
        (world.session("access"), "the token is of another type"),
        (app, "the token is of another type"),
        ("nonsense".to_owned(), "the token is malformed: the token does not have three parts"),
        (String::new(), "the token is malformed: it is empty"),
    ] {
        let ran = world.run_with_input(&GIVEN, &token);
        refuses(&world, &ran, 10, &format!("error: {talk}\n"));
    }
    world.run(&["refresh"]).ok();
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["refresh"]), 4, NOBODY);
}

#[test]
fn a_given_token_is_never_refreshed() {
    let mut world = World::with_john();
    let before = pair(&world);
    world.set("JETON_TOKEN", &before.0);
    let talk = "error: the token in JETON_TOKEN is never refreshed\n\
                hint: give a refresh token with `--token-stdin`, or leave that one out\n";
    refuses(&world, &world.run(&["refresh"]), 2, talk);
    assert_eq!(pair(&world), before);
}

#[test]
fn a_command_refreshes_by_itself_when_the_access_token_has_expired() {
    let world = World::with_admin();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.log_in("ada", "lovelace");
    world.run(&["settings", "set", "session.access_ttl", "15m"]).ok();
    let before = pair(&world);
    wait();
    let ran = world.run(&["whoami"]).ok();
    assert_eq!(ran.err, "", "nobody needs to hear of it");
    let after = pair(&world);
    assert!(before.0 != after.0 && before.1 != after.1);
    let ran = world.run(&["token", "verify", &before.0, "--type", "access"]);
    assert_eq!((ran.code, ran.out.as_str()), (11, "invalid: token_expired\n"));
    world.run(&["whoami"]).ok();
    assert_eq!(pair(&world), after, "once is enough");
}

#[test]
fn a_session_whose_refresh_token_has_expired_needs_a_login() {
    let world = World::with_admin();
    for name in ["session.refresh_ttl", "session.access_ttl"] {
        world.run(&["settings", "set", name, "1s"]).ok();
    }
    world.log_in("ada", "lovelace");
    wait();
    let talk = "error: the token has expired\nhint: log in again: jeton login\n";
    for command in [["whoami"], ["refresh"]] {
        refuses(&world, &world.run(&command), 11, talk);
    }
    assert_eq!(world.json_error(&["whoami"])["code"], "token_expired");
    world.log_in("ada", "lovelace");
}

#[test]
fn an_interrupted_refresh_is_completed_by_the_next_command() {
    let world = World::with_john();
    let file = world.session_file();
    let mut interrupted: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    world.run(&["refresh"]).ok();
    let (access, refresh) = pair(&world);
    interrupted["pending"] =
        json!({"access": payload(&access)["jti"], "refresh": payload(&refresh)["jti"]});
    std::fs::write(&file, interrupted.to_string()).unwrap();
    let store = rusqlite::Connection::open(world.store()).unwrap();
    world.run(&["refresh"]).ok();
    let again = pair(&world);
    assert_eq!(payload(&again.0), payload(&access));
    assert_eq!(payload(&again.1), payload(&refresh));
    let pairs: i64 = store.query_row("SELECT count(*) FROM pairs", [], |row| row.get(0)).unwrap();
    assert_eq!(pairs, 3, "ada's, john's, and the one successor");
    world.run(&["refresh"]).ok();
    world.run(&["whoami"]).ok();
}
