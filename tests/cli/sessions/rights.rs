//! What each credential is good for.

use crate::mask::{refuses, says};
use crate::world::{Ran, World};
use std::time::Duration;

/// What the commands end with, by credential.
struct Row {
    words: &'static [&'static str],
    /// Without any.
    none: i32,
    /// With a session in the file, and with its access token given.
    session: [i32; 2],
    /// With an app token that is for minting.
    minting: i32,
    /// With an access token that has expired, and with one that was revoked.
    over: [i32; 2],
}

const fn row(
    words: &'static [&'static str],
    none: i32,
    session: [i32; 2],
    minting: i32,
    over: [i32; 2],
) -> Row {
    Row { words, none, session, minting, over }
}

/// Ada is an admin; what ends with 3 was allowed and found nothing.
const TABLE: &[Row] = &[
    row(&["token", "mint"], 4, [0, 0], 0, [11, 12]),
    row(&["token", "fixtures"], 4, [0, 0], 0, [11, 12]),
    row(&["run", "--", "/bin/true"], 4, [0, 0], 0, [11, 12]),
    row(&["run", "--app", "app", "--", "/bin/true"], 4, [0, 0], 10, [11, 12]),
    row(&["keys", "export", "--jwks"], 0, [0, 0], 0, [0, 0]),
    row(&["keys", "export", "--jwks", "--purpose", "test"], 0, [0, 0], 0, [0, 0]),
    row(&["whoami"], 4, [0, 0], 10, [11, 12]),
    row(&["sessions", "list"], 4, [0, 0], 10, [11, 12]),
    row(&["sessions", "token"], 4, [0, 0], 10, [11, 12]),
    row(&["token", "create", "app", "--ttl", "1s"], 4, [0, 0], 10, [11, 12]),
    row(&["token", "list"], 4, [0, 0], 10, [11, 12]),
    row(&["token", "show", "99"], 4, [3, 3], 10, [11, 12]),
    row(&["token", "renew", "99"], 4, [3, 3], 10, [11, 12]),
    row(&["token", "revoke", "99"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "list"], 4, [0, 0], 10, [11, 12]),
    row(&["users", "show", "ada"], 4, [0, 0], 10, [11, 12]),
    row(&["users", "list", "--role", "user"], 4, [0, 0], 10, [11, 12]),
    row(&["users", "set-role", "99", "user"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "set-quota", "99", "1"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "rename", "99", "kim"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "disable", "99"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "enable", "99"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "delete", "99", "--yes"], 4, [3, 3], 10, [11, 12]),
    row(&["users", "import", "there-is-none"], 4, [2, 2], 10, [11, 12]),
    row(&["users", "export"], 4, [0, 0], 10, [11, 12]),
    row(&["users", "export", "--with-hashes", "--yes"], 4, [0, 0], 10, [11, 12]),
    row(&["settings", "list"], 4, [0, 0], 10, [11, 12]),
    row(&["settings", "set", "token.ttl", "7d"], 4, [0, 0], 10, [11, 12]),
    row(&["settings", "unset", "token.ttl"], 4, [0, 0], 10, [11, 12]),
    row(&["sessions", "revoke", "00000000-0000-7000-8000-000000000000"], 4, [3, 3], 10, [11, 12]),
    row(&["register", "kim", "--role", "minter", "--exist-ok"], 7, [0, 0], 10, [11, 12]),
    row(&["keys", "generate"], 4, [0, 0], 10, [11, 12]),
    row(&["keys", "import", "--from-file", "there-is-none"], 4, [2, 2], 10, [11, 12]),
    row(&["keys", "activate", "there-is-none"], 4, [3, 3], 10, [11, 12]),
    row(&["keys", "retire", "there-is-none"], 4, [3, 3], 10, [11, 12]),
    row(&["keys", "revoke", "there-is-none", "--yes"], 4, [3, 3], 10, [11, 12]),
    row(&["keys", "export", "--private", "there-is-none", "--yes"], 4, [3, 3], 10, [11, 12]),
    row(&["store", "info"], 0, [0, 0], 0, [0, 0]),
    row(&["store", "check"], 0, [0, 0], 0, [0, 0]),
    row(&["store", "backup", "copy.db"], 4, [0, 0], 10, [11, 12]),
    row(&["store", "prune"], 4, [0, 0], 10, [11, 12]),
    row(&["store", "migrate"], 4, [0, 0], 10, [11, 12]),
    row(&["passwd"], 4, [0, 0], 10, [11, 12]),
    // What is given is never refreshed, whatever it is.
    row(&["refresh"], 4, [0, 2], 2, [2, 2]),
    // A session that is over is as good as logged out.
    row(&["logout"], 0, [0, 0], 10, [0, 0]),
];

/// Moves the session out of the file; its access token.
fn taken_out(world: &World) -> String {
    let access = world.session("access");
    std::fs::remove_file(world.session_file()).unwrap();
    access
}

fn mint(world: &World, token: &str) -> Ran {
    let mut command = world.command(&["token", "mint"]);
    command.env("JETON_TOKEN", token);
    World::run_with(command, "")
}

fn runs(world: &World, name: &str, code: impl Fn(&Row) -> i32) {
    for row in TABLE {
        let mut words = row.words.to_vec();
        let input = match row.words[0] {
            "passwd" => "lovelace\nlovelace\n",
            "register" => "long enough",
            _ => "",
        };
        if !input.is_empty() {
            words.push("--password-stdin");
        }
        let ran = world.run_with_input(&words, input);
        assert_eq!(ran.code, code(row), "{name}, {:?}: {ran:?}", row.words);
    }
}

#[test]
fn no_credential() {
    let world = World::with_admin();
    world.run(&["logout"]).ok();
    runs(&world, "none", |row| row.none);
}

#[test]
fn a_session_in_the_file() {
    runs(&World::with_admin(), "session", |row| row.session[0]);
}

#[test]
fn an_access_token() {
    let mut world = World::with_admin();
    let access = taken_out(&world);
    world.set("JETON_TOKEN", &access);
    runs(&world, "access token", |row| row.session[1]);
    let mut kept = std::fs::read_dir(world.sessions()).unwrap().map(|file| file.unwrap().path());
    assert!(!kept.any(|path| path.extension().unwrap() == "json"), "it is never kept");
}

#[test]
fn an_app_token_for_minting() {
    let mut world = World::with_admin();
    let token = world.get(&["token", "create", "ci", "-p", "jeton:mint"]);
    taken_out(&world);
    world.set("JETON_TOKEN", &token);
    runs(&world, "jeton:mint", |row| row.minting);
    let talk = "error: the token is of another type\n\
                hint: an access token of a session is needed in JETON_TOKEN\n";
    refuses(&world, &world.run(&["whoami"]), 10, talk);
    assert_eq!(world.sql("SELECT user_id FROM audit WHERE action = 'token mint'"), ["1"]);
}

#[test]
fn an_access_token_that_has_expired() {
    let mut world = World::with_admin();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.run(&["refresh"]).ok();
    let access = taken_out(&world);
    world.set("JETON_TOKEN", &access);
    std::thread::sleep(Duration::from_secs(2));
    runs(&world, "expired", |row| row.over[0]);
}

#[test]
fn an_access_token_that_was_revoked() {
    let mut world = World::with_admin();
    let access = taken_out(&world);
    world.run(&["token", "revoke", &access]).ok();
    world.set("JETON_TOKEN", &access);
    runs(&world, "revoked", |row| row.over[1]);
}

#[test]
fn only_minters_and_admins_have_tokens_for_minting() {
    let world = World::with_john();
    let refusal = "error: `jeton:mint` is only for minters and admins\n";
    let create = ["token", "create", "ci", "-p", "read,jeton:mint"];
    refuses(&world, &world.run(&create), 7, refusal);
    world.log_in("ada", "lovelace");
    refuses(&world, &world.run(&[&create[..], &["--user", "john"]].concat()), 7, refusal);
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    world.run(&[&create[..], &["--user", "john"]].concat()).ok();
    world.log_in("john", "123456");
    let ran = world.run(&create);
    says(&world, &ran, "<token>\n", "token 2 for ci, expires <time>, 2 of 3 in use\n");
    world.sql("UPDATE users SET role = 'user' WHERE username = 'john'");
    refuses(&world, &world.run(&["token", "renew", "2"]), 7, refusal);
}

#[test]
fn a_token_for_minting_dies_with_its_owners_role() {
    let world = World::with_john();
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, plain) = (world.get(&create), world.get(&["token", "create", "app"]));
    let short = world.get(&[&create[..], &["--ttl", "1s"]].concat());
    mint(&world, &token).ok();
    let lacks = "error: the app token lacks the permission `jeton:mint`\n";
    refuses(&world, &mint(&world, &plain), 7, lacks);
    for (sql, code, talk) in [
        ("role = 'user'", 7, "error: only minters and admins mint test tokens\n"),
        ("role = 'minter', disabled_at = 1", 10, "error: the token's owner is disabled\n"),
        (
            "disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL, email_key = NULL, \
             name = NULL, password = NULL",
            12,
            "error: the token's owner is deleted\n",
        ),
    ] {
        world.sql(&format!("UPDATE users SET {sql} WHERE id = 2"));
        refuses(&world, &mint(&world, &token), code, talk);
        world.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok();
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(mint(&world, &short).code, 12, "revoked comes before expired");
}

#[test]
fn a_token_for_minting_ends_like_any_other() {
    let world = World::with_admin();
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, short) = (world.get(&create), world.get(&[&create[..], &["--ttl", "1s"]].concat()));
    world.run(&["token", "revoke", "1"]).ok();
    std::thread::sleep(Duration::from_secs(2));
    let minted = world.get(&["token", "mint"]);
    for (token, code, talk) in [
        (&token, 12, "error: the token is revoked\n"),
        (&short, 11, "error: the token has expired\n"),
    ] {
        refuses(&world, &mint(&world, token), code, talk);
    }
    assert_eq!(mint(&world, &minted).code, 10, "a test token mints none");
}
