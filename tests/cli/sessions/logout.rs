//! `jeton logout`

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::World;

#[test]
fn it_kills_both_tokens_and_removes_the_file() {
    let world = World::with_john();
    let file = world.session_file();
    let (access, refresh) = (world.session("access"), world.session("refresh"));
    says(&world, &world.run(&["logout"]), "", "logged out\n");
    assert!(!file.exists());
    for token in [access, refresh] {
        let ran = world.run(&["token", "verify", &token, "--type", "any"]);
        assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: session_ended\n"));
    }
    refuses(&world, &world.run(&["whoami"]), 4, NOBODY);
}

#[test]
fn nobody_logged_in_is_no_error() {
    let world = World::with_john();
    json_says(&world, &["logout"], "{\"changed\":true}");
    json_says(&world, &["logout"], "{\"changed\":false}");
    says(&world, &world.run(&["logout"]), "", "nobody was logged in\n");
    let empty = World::new();
    says(&empty, &empty.run(&["logout"]), "", "nobody was logged in\n");
    assert!(!empty.store().exists());
}

#[test]
fn it_works_when_the_session_is_over_or_unknown() {
    for sql in [
        "UPDATE pairs SET access_expires_at = 1, refresh_expires_at = 1",
        "UPDATE sessions SET ended_at = 1",
        "DELETE FROM pairs",
    ] {
        let world = World::with_john();
        let file = world.session_file();
        rusqlite::Connection::open(world.store()).unwrap().execute_batch(sql).unwrap();
        says(&world, &world.run(&["logout"]), "", "logged out\n");
        assert!(!file.exists(), "{sql}");
    }
}

#[test]
fn a_damaged_file_is_removed() {
    let world = World::with_john();
    let file = world.session_file();
    std::fs::write(&file, "{").unwrap();
    let talk = "error: the session file is damaged\nhint: log in again: jeton login\n";
    refuses(&world, &world.run(&["whoami"]), 4, talk);
    says(&world, &world.run(&["logout"]), "", "logged out\n");
    assert!(!file.exists());
}

#[test]
fn a_given_token_ends_its_own_session_and_leaves_the_file() {
    let mut world = World::with_john();
    let elsewhere = world.session("access");
    std::fs::remove_file(world.session_file()).unwrap();
    world.log_in("john", "123456");
    let here = world.session("access");
    world.set("JETON_TOKEN", &elsewhere);
    says(&world, &world.run(&["logout"]), "", "logged out\n");
    json_says(&world, &["logout"], "{\"changed\":false}");
    assert_eq!(world.session("access"), here);
    let state = |token: &str| world.run(&["token", "verify", token, "--type", "access"]).out;
    assert_eq!(state(&elsewhere), "invalid: session_ended\n");
    assert_eq!(state(&here), "valid\n");
}

#[test]
fn a_given_token_of_no_session_is_refused() {
    let mut world = World::with_john();
    let app = world.get(&["token", "create", "app"]);
    world.set("JETON_TOKEN", &app);
    refuses(&world, &world.run(&["logout"]), 10, "error: the token is of another type\n");
    assert!(world.session_file().exists());
}

#[test]
fn a_copy_leaves_the_login_of_the_original_alone() {
    let world = World::with_admin();
    world.run(&["store", "backup", "copy.db"]).ok();
    let file = std::fs::read(world.session_file()).unwrap();
    let ran = world.run(&["--store", "copy.db", "logout"]);
    says(&world, &ran, "", "nobody was logged in\n");
    assert_eq!(std::fs::read(world.session_file()).unwrap(), file);
    world.run(&["whoami"]).ok();
}
