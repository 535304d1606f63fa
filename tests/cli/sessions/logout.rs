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
    for more in [&[][..], &["--all"]] {
        let ran = world.run(&[&["--store", "copy.db", "logout"], more].concat());
        says(&world, &ran, "", "nobody was logged in\n");
    }
    assert_eq!(std::fs::read(world.session_file()).unwrap(), file);
    world.run(&["whoami"]).ok();
}

const OTHERS_GO_ON: &str = "warning: other sessions go on: the one here was over and does not \
                            prove who asks\nhint: to end them, log in once more: jeton login && \
                            jeton logout --all\n";

#[test]
fn all_ends_the_others_once_and_says_so() {
    let world = World::with_john();
    let elsewhere = world.session("access");
    std::fs::remove_file(world.session_file()).unwrap();
    world.log_in("john", "123456");
    let all = ["logout", "--all"];
    says(&world, &world.run(&all), "", "1 other session ended\nlogged out\n");
    assert_eq!(world.run(&["token", "verify", &elsewhere, "--type", "access"]).code, 12);
    says(&world, &world.run(&all), "", "nobody was logged in\n");
    json_says(&world, &all, "{\"changed\":false}");
    let empty = World::new();
    says(&empty, &empty.run(&all), "", "nobody was logged in\n");
    let outcomes = "SELECT DISTINCT outcome FROM audit WHERE action = 'logout'";
    assert_eq!(world.sql(outcomes), ["done"]);
}

#[test]
fn all_of_a_session_that_is_over_removes_the_file_and_ends_no_other() {
    const HERE: &str = "(SELECT max(id) FROM sessions)";
    for sql in [
        format!("UPDATE sessions SET ended_at = 1 WHERE id = {HERE}"),
        format!("DELETE FROM pairs WHERE session_id = {HERE}"),
    ] {
        let world = World::with_john();
        let elsewhere = world.session("access");
        std::fs::remove_file(world.session_file()).unwrap();
        world.log_in("john", "123456");
        let file = world.session_file();
        rusqlite::Connection::open(world.store()).unwrap().execute_batch(&sql).unwrap();
        let talk = format!("{OTHERS_GO_ON}logged out\n");
        says(&world, &world.run(&["logout", "--all"]), "", &talk);
        assert!(!file.exists(), "{sql}");
        says(&world, &world.run(&["logout", "--all"]), "", "nobody was logged in\n");
        world.run(&["token", "verify", &elsewhere, "--type", "access"]).ok();
        assert_eq!(world.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
    }
}

#[test]
fn all_of_an_expired_session_ends_that_one() {
    let world = World::with_admin();
    for setting in ["session.access_ttl", "session.refresh_ttl"] {
        world.run(&["settings", "set", setting, "1s"]).ok();
    }
    world.log_in("ada", "lovelace");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let talk = format!("{OTHERS_GO_ON}logged out\n");
    says(&world, &world.run(&["logout", "--all"]), "", &talk);
    assert_eq!(world.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["0"]);
    assert_eq!(world.sql("SELECT count(*) FROM audit WHERE outcome <> 'done'"), ["0"]);
}

#[test]
fn programs_are_told_whether_all_are_ended() {
    let world = World::with_john();
    json_says(&world, &["logout", "--all"], "{\"changed\":true,\"all\":true}");
    world.log_in("john", "123456");
    world.sql("UPDATE sessions SET ended_at = 1");
    json_says(&world, &["logout", "--all"], "{\"changed\":true,\"all\":false}");
    world.log_in("john", "123456");
    json_says(&world, &["logout"], "{\"changed\":true}");
}

#[test]
fn all_by_a_token_that_was_given_needs_a_good_one() {
    let mut world = World::with_john();
    let refresh = world.session("refresh");
    world.set("JETON_TOKEN", &refresh);
    let talk = "error: the token is of another type\n\
                hint: an access token of a session is needed in JETON_TOKEN\n";
    refuses(&world, &world.run(&["logout", "--all"]), 10, talk);
}
