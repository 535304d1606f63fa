//! Many processes at once on one store: nobody waits for ever, nobody sees a lock, and what must
//! happen once happens once.

use crate::world::{Ran, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Child, Command};
use std::time::Duration;

/// Runs them at once; none of them may talk of locks, panic, or end by a signal.
fn race(commands: impl IntoIterator<Item = Command>) -> Vec<Ran> {
    let all = World::run_at_once(commands);
    for ran in &all {
        is_decent(ran);
    }
    all
}

fn is_decent(ran: &Ran) {
    assert!(!ran.out.contains("database is locked"), "{ran:?}");
    for word in ["locked", "busy", "panicked"] {
        assert!(!ran.err.contains(word), "{ran:?}");
    }
    assert!((0..=78).contains(&ran.code), "{ran:?}");
}

/// How many ended with that code.
fn ended(all: &[Ran], code: i32) -> usize {
    all.iter().filter(|ran| ran.code == code).count()
}

fn number(world: &World, question: &str) -> usize {
    world.sql(question)[0].parse().unwrap()
}

fn register(world: &World, name: &str) -> Command {
    let mut command = world.command(&["register", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// A command of somebody with a configuration directory, and so a session, of their own.
fn command_of(world: &World, name: &str, arguments: &[&str]) -> Command {
    let mut command = world.command(arguments);
    command.env("JETON_CONFIG_DIR", world.home().join("config").join(name));
    command
}

fn log_in(world: &World, name: &str) -> Command {
    let mut command = command_of(world, name, &["login", name]);
    command.env("JETON_PASSWORD", "123456");
    command
}

/// The session file of that somebody.
fn session(world: &World, name: &str) -> Value {
    let sessions = world.home().join("config").join(name).join("sessions");
    let mut files = std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn sixty_four_first_registrations_make_one_store_with_one_admin() {
    let world = World::new();
    let all = race((0..64).map(|n| register(&world, &format!("user{n}"))));
    assert_eq!(ended(&all, 0), 64, "{all:?}");
    let made = all.iter().filter(|ran| ran.err.contains("made the store")).count();
    assert_eq!(made, 1, "{all:?}");
    assert_eq!(number(&world, "SELECT count(*) FROM users"), 64);
    assert_eq!(number(&world, "SELECT count(*) FROM users WHERE role = 'admin'"), 1);
    assert_eq!(number(&world, "SELECT count(*) FROM keys"), 1);
    assert_eq!(world.sql("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn sixty_four_registrations_of_one_name_make_one_user() {
    let world = World::with_admin();
    let all = race((0..64).map(|_| register(&world, "john")));
    assert_eq!((ended(&all, 0), ended(&all, 5)), (1, 63), "{all:?}");
    assert_eq!(number(&world, "SELECT count(*) FROM users WHERE username = 'john'"), 1);
}

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

#[test]
fn thirty_two_commands_on_an_expired_access_token_refresh_once() {
    let world = World::with_admin();
    race([register(&world, "john")]).remove(0).ok();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    race([log_in(&world, "john")]).remove(0).ok();
    world.run(&["settings", "set", "session.access_ttl", "15m"]).ok();
    let sid = session(&world, "john")["sid"].as_str().unwrap().replace('-', "").to_uppercase();
    let pairs = format!(
        "SELECT count(*) FROM pairs
         WHERE session_id = (SELECT id FROM sessions WHERE hex(sid) = '{sid}')"
    );
    assert_eq!(number(&world, &pairs), 1);
    std::thread::sleep(Duration::from_secs(2));
    let all = race((0..32).map(|_| command_of(&world, "john", &["whoami"])));
    assert_eq!(ended(&all, 0), 32, "{all:?}");
    assert!(all.iter().all(|ran| ran.out == all[0].out), "{all:?}");
    assert_eq!(number(&world, &pairs), 2);
    let ended = "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(number(&world, ended), 0);
}

#[test]
fn one_of_sixteen_who_present_one_refresh_token_wins_and_the_family_ends() {
    let world = World::with_admin();
    let file = world.home().join("refresh");
    std::fs::write(&file, world.session("refresh")).unwrap();
    let present = || {
        let mut command = world.command(&["refresh", "--token-stdin"]);
        command.stdin(File::open(&file).unwrap());
        command
    };
    let mut all = race((0..16).map(|_| present()));
    assert_eq!((ended(&all, 0), ended(&all, 12)), (1, 15), "{all:?}");
    all.sort_by_key(|ran| ran.code);
    let losers = all.split_off(1);
    for loser in losers {
        loser.fails(12);
    }
    let pair: Vec<&str> = all[0].out.lines().collect();
    let [access, refresh] = pair[..] else { panic!("{all:?}") };
    world.run_with_input(&["refresh", "--token-stdin"], refresh).fails(12);
    let whoami = world.command(&["whoami"]).env("JETON_TOKEN", access).output().unwrap();
    Ran::from(whoami).fails(12);
    assert_eq!(number(&world, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 0);
}

#[test]
fn readers_never_fail_while_sixteen_register() {
    let world = World::with_admin();
    let mut writers: Vec<Child> =
        (0..16).map(|n| World::start(&mut register(&world, &format!("user{n}")))).collect();
    let (mut reads, mut seen) = (0, 0);
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        let readers = (0..2).map(|_| world.command(&["users", "list", "--all", "-o", "json"]));
        for ran in race(readers) {
            assert_eq!(ran.code, 0, "{ran:?}");
            let list: Value = serde_json::from_str(&ran.out).unwrap();
            reads += 1;
            seen = seen.max(list["items"].as_array().unwrap().len());
        }
    }
    for writer in writers {
        let ran = Ran::from(writer.wait_with_output().unwrap());
        is_decent(&ran);
        ran.ok();
    }
    println!("{reads} reads, the fullest saw {seen} users");
    assert!(reads > 2, "{reads} reads were no race");
    assert_eq!(world.json(&["users", "list", "--all"])["items"].as_array().unwrap().len(), 17);
}
