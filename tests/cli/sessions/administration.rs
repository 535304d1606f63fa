//! `jeton sessions …`, `jeton logout --all`, `jeton whoami --require-role`

use super::ENDED;
use crate::mask::{json_says, refuses, says};
use crate::world::{World, payload};

/// John's second session, in a configuration directory of its own.
fn elsewhere(world: &World, words: &[&str], input: &str) -> crate::world::Ran {
    let mut command = world.command(words);
    command.env("JETON_CONFIG_DIR", world.home().join("elsewhere"));
    World::run_with(command, input)
}

fn twice_john() -> World {
    let world = World::with_john();
    elsewhere(&world, &["login", "john", "--password-stdin"], "123456").ok();
    world
}

#[test]
fn open_sessions_are_listed_with_this_one_marked() {
    let world = twice_john();
    let list = world.json(&["sessions", "list"]);
    let items = list["items"].as_array().unwrap();
    let current: Vec<bool> = items.iter().map(|item| item["current"] == true).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(items[0]["sid"], world.session("sid"));
    let names: Vec<_> = items[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        [
            "sid",
            "user_id",
            "user",
            "created_at",
            "refreshed_at",
            "usable_until",
            "expires_at",
            "current"
        ]
    );
    let text = world.run(&["session", "ls"]).ok().out;
    assert!(text.lines().nth(1).unwrap().ends_with("  yes"), "{text}");
    refuses(
        &world,
        &world.run(&["sessions", "list", "--all-users"]),
        7,
        "error: only admins see the sessions of others\n",
    );
}

#[test]
fn a_session_is_ended_by_its_id() {
    let world = twice_john();
    let list = world.json(&["sessions", "list"]);
    let other = list["items"][1]["sid"].as_str().unwrap().to_owned();
    says(&world, &world.run(&["sessions", "revoke", &other]), "", "1 session ended\n");
    refuses(&world, &elsewhere(&world, &["whoami"], ""), 12, ENDED);
    world.run(&["whoami"]).ok();
    let other = other.to_uppercase();
    json_says(&world, &["sessions", "revoke", &other], "{\"changed\":false,\"count\":0}");
    let unknown = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    refuses(
        &world,
        &world.run(&["sessions", "revoke", &world.session("sid"), unknown]),
        7,
        "error: only admins end the sessions of others\n",
    );
    world.run(&["whoami"]).ok();
    assert_eq!(world.run(&["sessions", "revoke", "1"]).code, 2);
}

#[test]
fn the_session_of_another_is_ended_by_admins_only() {
    let world = twice_john();
    let own = world.session("sid");
    let admin = |words: &[&str]| {
        let mut command = world.command(words);
        command.env("JETON_CONFIG_DIR", world.home().join("admin"));
        World::run_with(command, "lovelace")
    };
    admin(&["login", "ada", "--password-stdin"]).ok();
    let ada = admin(&["sessions", "list", "-o", "json"]).ok().out;
    let ada: serde_json::Value = serde_json::from_str(&ada).unwrap();
    let hers = ada["items"][0]["sid"].as_str().unwrap();
    let talk = "error: only admins end the sessions of others\n";
    refuses(&world, &world.run(&["sessions", "revoke", hers]), 7, talk);
    let nobody = ["sessions", "revoke", "--user", "nobody", "--all"];
    let talk = "error: only admins see other accounts\n";
    refuses(&world, &world.run(&nobody), 7, talk);
    admin(&["sessions", "revoke", &own]).ok();
    refuses(&world, &world.run(&["whoami"]), 12, ENDED);
    let all = ["sessions", "revoke", "--user", "john", "--all"];
    let ran = admin(&all);
    let talk = "error: nobody is there to confirm it\nhint: add `--yes`\n";
    refuses(&world, &ran, 2, talk);
    says(&world, &admin(&[&all[..], &["--yes"]].concat()), "", "1 session ended\n");
    refuses(&world, &elsewhere(&world, &["whoami"], ""), 12, ENDED);
}

#[test]
fn logging_out_everywhere_ends_every_session() {
    let world = twice_john();
    let talk = "1 other session ended\nlogged out\n";
    says(&world, &world.run(&["logout", "--all"]), "", talk);
    refuses(&world, &elsewhere(&world, &["whoami"], ""), 12, ENDED);
    world.run(&["whoami"]).fails(4);
}

#[test]
fn a_lasting_access_token_is_printed_and_refreshed_if_need_be() {
    let world = World::with_admin();
    let first = world.get(&["sessions", "token"]);
    assert_eq!(first, world.session("access"));
    assert_eq!(payload(&first)["type"], "access");
    world.run(&["settings", "set", "session.access_ttl", "30s"]).ok();
    world.run(&["refresh"]).ok();
    let short = world.session("access");
    world.run(&["settings", "unset", "session.access_ttl"]).ok();
    let long = world.get(&["sessions", "token"]);
    assert_ne!(long, short, "half a minute is not enough");
    assert_eq!(long, world.session("access"));
    let mut command = world.command(&["sessions", "token"]);
    command.env("JETON_TOKEN", &short);
    let given = World::run_with(command, "");
    assert_eq!(given.ok().out, format!("{short}\n"), "a given token is never refreshed");
}

#[test]
fn a_role_that_is_not_there_fails_the_check() {
    let world = World::with_john();
    world.run(&["whoami", "--require-role", "user", "-q"]).ok();
    let ran = world.run(&["whoami", "--require-role", "minter", "-q"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (9, "error: the role minter is needed, this is user\n")
    );
    let error = world.json_error(&["whoami", "--require-role", "admin"]);
    assert_eq!(error["code"], "check_failed");
}
