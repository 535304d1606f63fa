//! `jeton login`

use super::ENDED;
use crate::mask::{refuses, says};
use crate::world::{Ran, World};
use std::fs;

fn login(world: &World, login: &str, password: &str) -> Ran {
    world.run_with_input(&["login", login, "--password-stdin"], password)
}

/// Admin ada and john; nobody is logged in.
fn strangers() -> World {
    let world = World::with_john();
    world.run(&["logout"]).ok();
    world
}

#[test]
fn every_name_logs_in_with_one_line_of_talk() {
    let world = strangers();
    for name in ["john", "JOHN", "john@example.com", "John@Example.com"] {
        says(&world, &login(&world, name, "123456"), "", "logged in as john\n");
        assert_eq!(world.json(&["whoami"])["user"]["username"], "john");
        world.run(&["logout"]).ok();
    }
    let ran = world.run_with_input(&["login", "john", "-q", "--password-stdin"], "123456\n");
    says(&world, &ran, "", "");
}

#[test]
fn programs_get_the_tokens_that_stand_in_the_file() {
    let world = strangers();
    let arguments = ["login", "john", "--password-stdin", "-o", "json"];
    let ran = world.run_with_input(&arguments, "123456");
    let out = "{\"message\":\"Logged in\",\"tokens\":{\"access\":\"<token>\",\
               \"refresh\":\"<token>\"},\"user\":{\"id\":2,\"uid\":\"<uuid>\",\
               \"username\":\"john\",\"email\":\"john@example.com\",\"name\":null,\
               \"role\":\"user\",\"status\":\"active\",\"quota\":null,\
               \"created_at\":\"<time>\"},\"access_expires_at\":\"<time>\",\
               \"refresh_expires_at\":\"<time>\",\"sid\":\"<uuid>\"}\n";
    says(&world, &ran, out, "");
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["tokens"]["access"], world.session("access"));
    assert_eq!(answer["tokens"]["refresh"], world.session("refresh"));
    assert_eq!(answer["sid"], world.session("sid"));
}

#[test]
fn a_login_ends_the_session_that_was_open_here_and_says_so() {
    let world = World::with_john();
    let before = world.session("access");
    let talk = "the session that was open here is ended\nlogged in as ada\n";
    says(&world, &login(&world, "ada", "lovelace"), "", talk);
    let ran = world.run(&["token", "verify", &before, "--type", "access"]);
    assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: session_ended\n"));
    let ran = world.run(&["logout"]);
    says(&world, &ran, "", "logged out\n");
    says(&world, &login(&world, "ada", "lovelace"), "", "logged in as ada\n");
}

#[test]
fn a_failed_login_leaves_the_session_that_is_open() {
    let world = World::with_john();
    refuses(&world, &login(&world, "ada", "wrong"), 6, "error: wrong name or password\n");
    assert_eq!(world.json(&["whoami"])["user"]["username"], "john");
}

#[test]
fn nobody_learns_why_a_login_fails() {
    let world = strangers();
    world.register("off", "123456");
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute_batch("UPDATE users SET disabled_at = 1 WHERE username = 'off'").unwrap();
    let arguments = |name| ["login", name, "--password-stdin", "-o", "json"];
    let wrong = world.run_with_input(&arguments("john"), "1234567");
    assert_eq!(wrong.error()["code"], "login_invalid");
    for (name, password) in [
        ("john", "1234567"),
        ("john", ""),
        ("john", "\u{7}"),
        ("nobody", "123456"),
        ("nobody@example.com", "123456"),
        ("not a name", "123456"),
        ("2", "123456"),
        ("off", "123456"),
    ] {
        let ran = login(&world, name, password);
        refuses(&world, &ran, 6, "error: wrong name or password\n");
        let ran = world.run_with_input(&arguments(name), password);
        assert_eq!((ran.code, ran.out, ran.err), (6, String::new(), wrong.err.clone()), "{name}");
    }
    assert_eq!(world.run(&["whoami"]).code, 4);
    let refused = world.sql("SELECT count(*) FROM audit WHERE outcome = 'login_invalid'");
    assert_eq!(refused, ["17"], "each is written down");
}

#[test]
fn a_password_comes_from_a_file_or_a_variable() {
    let mut world = strangers();
    fs::write(world.home().join("secret.txt"), "123456\n").unwrap();
    let ran = world.run(&["login", "john", "--password-file", "secret.txt"]);
    says(&world, &ran, "", "logged in as john\n");
    world.run(&["logout"]).ok();
    let ran = world.run_with_input(&["login", "john", "--password-file", "-"], "123456\r\n");
    says(&world, &ran, "", "logged in as john\n");
    world.run(&["logout"]).ok();
    world.set("JETON_PASSWORD", "123456");
    says(&world, &world.run(&["login", "john"]), "", "logged in as john\n");
    let ran = login(&world, "john", "wrong");
    refuses(&world, &ran, 6, "error: wrong name or password\n");
}

#[test]
fn a_password_that_cannot_be_had_is_a_usage_error() {
    let world = strangers();
    let ran = world.run(&["login", "john", "--password-stdin", "--password-file", "x"]);
    let talk = "error: the argument '--password-stdin' cannot be used with \
                '--password-file <FILE>'\nhint: usage: jeton login --password-stdin <LOGIN>\n";
    refuses(&world, &ran, 2, talk);
    let ran = world.run(&["login", "john", "--password-file", "nowhere"]);
    let talk = "error: the file with the password cannot be read: No such file or directory (os error 2)\n";
    refuses(&world, &ran, 2, talk);
    let talk = "error: a password is needed and nobody is there to ask\nhint: give it with \
                `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`\n";
    for flags in [[].as_slice(), &["--no-input"]] {
        let ran = world.run(&[&["login", "john"], flags].concat());
        refuses(&world, &ran, 2, talk);
    }
}

#[test]
fn the_os_user_logs_in_unless_another_is_named() {
    let mut world = World::new();
    world.set("JETON_PASSWORD", "123456");
    world.run(&["init"]).ok();
    let name = world.json(&["whoami"])["user"]["username"].as_str().unwrap().to_owned();
    world.run(&["logout"]).ok();
    says(&world, &world.run(&["login"]), "", &format!("logged in as {name}\n"));
}

#[test]
fn without_a_store_nobody_logs_in() {
    let world = World::new();
    let talk = "error: there is no store at `~/.local/share/jeton/jeton.db`\n\
                hint: make one: jeton init\n";
    refuses(&world, &login(&world, "john", "123456"), 3, talk);
    assert!(!world.store().exists());
}

#[test]
fn a_copy_of_the_store_elsewhere_does_not_use_the_session() {
    let world = World::with_john();
    let copy = world.home().join("copy.db");
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let copy = copy.to_str().unwrap();
    assert_eq!(world.run(&["whoami", "--store", copy, "-q"]).code, 4);
    let arguments = ["login", "john", "--store", copy, "--password-stdin"];
    let replaced = |path: &str| {
        format!(
            "warning: this session takes the place of the one in `{path}`, of which this store is \
             a copy\nhint: to be logged in to both, use one of them with another \
             JETON_CONFIG_DIR\nlogged in as john\n"
        )
    };
    let ran = world.run_with_input(&arguments, "123456");
    says(&world, &ran, "", &replaced("~/.local/share/jeton/jeton.db"));
    let ran = world.run(&["whoami"]);
    assert_eq!(ran.code, 4, "both have the same identity and one file: {ran:?}");
    says(&world, &login(&world, "john", "123456"), "", &replaced("~/copy.db"));
    assert_eq!(world.run(&["whoami", "--store", copy]).code, 4);
    world.run_with_input(&arguments, "123456").ok();
    fs::remove_file(copy).unwrap();
    says(&world, &login(&world, "john", "123456"), "", "logged in as john\n");
}

#[test]
fn a_password_changed_elsewhere_ends_what_is_open_here() {
    let world = World::with_john();
    world.run_with_input(&["recover", "john", "--password-stdin"], "654321").ok();
    refuses(&world, &world.run(&["token", "list"]), 12, ENDED);
    says(&world, &login(&world, "john", "654321"), "", "logged in as john\n");
}
