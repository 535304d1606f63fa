//! Bytes that are not UTF-8: two values that differ in them are never the same value.

use crate::mask::refuses;
use crate::world::{Ran, World};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;

fn os(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

fn ran(command: &mut Command) -> Ran {
    Ran::from(command.output().unwrap())
}

#[test]
fn a_password_variable_that_is_not_utf_8_is_refused() {
    let world = World::with_admin();
    // The password that a lossy conversion makes of all of them.
    world.run_with_input(&["register", "eve", "--password-stdin"], "pass\u{fffd}word").ok();
    for (words, who) in [(&["login", "eve"][..], "eve"), (&["register", "bob"], "bob")] {
        for bytes in [&b"pass\xffword"[..], b"pass\xfeword", b"\xff\xff\xff\xff\xff\xff\xff\xff"] {
            let ran = ran(world.command(words).env("JETON_PASSWORD", os(bytes)));
            refuses(&world, &ran, 2, "error: `JETON_PASSWORD` is not UTF-8\n");
        }
        assert_eq!(world.session("store"), world.store().to_str().unwrap(), "{who}");
    }
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["2"]);
    // Commands that need no password do not read it.
    ran(world.command(&["whoami"]).env("JETON_PASSWORD", os(b"\xff"))).ok();
}

#[test]
fn a_password_that_is_not_utf_8_is_refused_from_files_and_standard_input() {
    let world = World::with_admin();
    fs::write(world.home().join("password"), b"pass\xffword").unwrap();
    let talk = "error: the password is not UTF-8\n";
    let words = ["register", "eve", "--password-file", "password"];
    refuses(&world, &world.run(&words), 2, talk);
    let words = world.command(&["register", "eve", "--password-stdin"]);
    refuses(&world, &World::run_with(words, b"pass\xffword"), 2, talk);
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["1"]);
}

#[test]
fn a_token_that_is_not_utf_8_is_malformed_wherever_it_comes_from() {
    let world = World::with_admin();
    let mut token = world.session("access").into_bytes();
    token.push(0xff);
    fs::write(world.home().join("token"), &token).unwrap();
    ran(world.command(&["whoami"]).env("JETON_TOKEN", os(&token))).fails(10);
    ran(world.command(&["whoami"]).env("JETON_TOKEN_FILE", "token")).fails(10);
    world.run(&["whoami", "--token-file", "token"]).fails(10);
    for words in [&["@token"][..], &["-"], &["--batch"]] {
        let verify = world.command(&[&["token", "verify"], words].concat());
        let ran = World::run_with(verify, &token);
        assert!(ran.code == 10 && ran.out.contains("malformed"), "{ran:?}");
    }
}

/// A store in a directory of that name, with its first admin logged in.
fn founded(world: &World, name: &[u8]) -> OsString {
    let directory = world.home().join(os(name));
    let store = directory.join("jeton.db").into_os_string();
    let mut init = world.command(&["init", "ada", "--password-stdin"]);
    init.env("JETON_STORE", &store);
    World::run_with(init, "lovelace").ok();
    store
}

#[test]
fn a_store_keeps_its_session_whatever_bytes_its_path_has() {
    let world = World::new();
    let store = founded(&world, b"store-\xff");
    for words in [&["whoami"][..], &["refresh"], &["whoami"], &["logout"]] {
        ran(world.command(words).env("JETON_STORE", &store)).ok();
    }
    ran(world.command(&["whoami"]).env("JETON_STORE", &store)).fails(4);
}

#[test]
fn a_copy_whose_path_differs_in_such_a_byte_has_no_session() {
    let world = World::new();
    let store = founded(&world, b"store-\xff");
    let directory = world.home().join(os(b"store-\xfe"));
    let copy = directory.join("jeton.db");
    let mut make = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(&directory).unwrap();
    ran(world.command(&["store", "backup"]).arg(&copy).env("JETON_STORE", &store)).ok();
    ran(world.command(&["whoami"]).env("JETON_STORE", &store)).ok();
    ran(world.command(&["whoami"]).env("JETON_STORE", &copy)).fails(4);
    ran(world.command(&["whoami"]).env("JETON_STORE", &store)).ok();
}

#[test]
fn a_session_file_of_version_0_1_0_is_read() {
    let world = World::with_admin();
    let text = fs::read_to_string(world.session_file()).unwrap();
    let path: PathBuf = world.store();
    assert!(text.starts_with(&format!("{{\"store\":\"{}\",", path.display())), "{text}");
    world.run(&["whoami"]).ok();
}
