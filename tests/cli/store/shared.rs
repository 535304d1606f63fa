//! Directories that other users can write: no store, copy, session or output is kept there.

use super::refused::{given_away, make_pipe};
use super::{mode, set_mode, store_files};
use crate::mask::{masked, refuses, says};
use crate::world::{Ran, World};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory in the world's home with that mode.
pub(super) fn directory(world: &World, name: &str, bits: u32) -> PathBuf {
    let path = world.home().join(name);
    fs::create_dir(&path).unwrap();
    set_mode(&path, bits);
    path
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

/// The hint of a refusal as insecure, behind the words that introduce the command.
#[track_caller]
fn hint(ran: &Ran) -> String {
    assert_eq!(ran.code, 78, "{ran:?}");
    let hint = ran.err.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    hint.split_once(": ").unwrap().1.to_owned()
}

/// Runs a hint in a shell, word for word.
fn follow(world: &World, hint: &str) {
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", hint]).current_dir(world.home()).status().unwrap().success());
}

fn init(world: &World, store: &str) -> Ran {
    world.run_with_input(&["init", "ada", "--password-stdin", "--store", store], "lovelace")
}

#[test]
fn store_in_a_sticky_directory_is_refused_and_the_hint_works() {
    let world = World::new();
    let shared = directory(&world, "shared", 0o1777);
    let ran = init(&world, "shared/ci.db");
    let talk = "error: the directory `~/shared` can be written by other users: its mode is 1777\n\
                hint: use a directory of its own: --store shared/ci/jeton.db\n";
    refuses(&world, &ran, 78, talk);
    assert!(is_empty(&shared));
    let error = world.json_error(&["init", "ada", "--store", "shared/ci.db"]);
    assert_eq!(error["code"], "insecure_permissions");
    init(&world, hint(&ran).strip_prefix("--store ").unwrap()).ok();
    assert_eq!(mode(&shared.join("ci")), 0o700);
    world.run(&["whoami", "--store", "shared/ci/jeton.db"]).ok();
}

#[test]
fn store_in_a_plain_directory_is_refused_and_the_hint_works() {
    let world = World::new();
    let shared = directory(&world, "a b", 0o777);
    let ran = init(&world, "a b/ci.db");
    let talk = "error: the directory `~/a b` can be written by other users: its mode is 0777\n\
                hint: take the right away from them: chmod go-w '~/a b'\n";
    refuses(&world, &ran, 78, talk);
    assert!(is_empty(&shared));
    follow(&world, &hint(&ran));
    init(&world, "a b/ci.db").ok();
}

#[test]
fn hint_names_no_directory_of_others() {
    let world = World::new();
    let shared = directory(&world, "shared", 0o1777);
    let (taken, own) = (shared.join("ci"), rustix::process::geteuid().as_raw());
    let is_avoided = || {
        let hint = hint(&init(&world, "shared/ci.db"));
        assert_eq!(hint, format!("--store shared/ci-{own}/jeton.db"));
    };
    fs::write(&taken, "").unwrap();
    is_avoided();
    fs::remove_file(&taken).unwrap();
    symlink(world.home(), &taken).unwrap();
    is_avoided();
    fs::remove_file(&taken).unwrap();
    directory(&world, "shared/ci", 0o777);
    is_avoided();
    set_mode(&taken, 0o700);
    if given_away(&taken) {
        is_avoided();
    }
    init(&world, &format!("shared/ci-{own}/jeton.db")).ok();
}

#[test]
fn store_that_is_there_is_refused_and_the_hint_moves_it() {
    let world = World::new();
    let shared = directory(&world, "shared", 0o700);
    init(&world, "shared/ci.db").ok();
    let before = fs::read(shared.join("ci.db")).unwrap();
    set_mode(&shared, 0o1777);
    for words in [
        &["whoami"][..],
        &["init", "eve"],
        &["token", "create", "x"],
        &["token", "verify", "x"],
        &["users", "list"],
        &["store", "info"],
        &["store", "migrate"],
        &["logout"],
    ] {
        let ran = world.run(&[words, &["--store", "shared/ci.db"]].concat());
        assert!(hint(&ran).starts_with("mkdir "), "{words:?}: {ran:?}");
    }
    let ran = world.run(&["store", "check", "--store", "shared/ci.db"]);
    assert_eq!(ran.code, 78);
    let found = "insecure_permissions: the directory `~/shared` can be written by other users: its \
                 mode is 1777\n";
    assert_eq!(masked(&world, &ran.out), found);
    assert!(fs::read(shared.join("ci.db")).unwrap() == before);
    let hint = hint(&world.run(&["whoami", "--store", "shared/ci.db"]));
    let (moves, then) = hint.split_once(" (then use it with `--store ").unwrap();
    follow(&world, moves);
    let store = then.strip_suffix("`)").unwrap();
    says(&world, &world.run(&["store", "check", "--store", store]), "ok\n", "");
    assert_eq!(mode(&shared.join("ci")), 0o700);
}

#[test]
fn directory_below_a_plain_directory_is_refused() {
    let world = World::new();
    let (plain, own) = (directory(&world, "plain", 0o777), directory(&world, "plain/own", 0o700));
    let ran = init(&world, "plain/own/ci.db");
    let talk = "error: `~/plain/own` can be replaced, because `~/plain` can be written by other \
                users: its mode is 0777\n\
                hint: take the right away from them: chmod go-w ~/plain\n";
    refuses(&world, &ran, 78, talk);
    assert!(is_empty(&own));
    follow(&world, &hint(&ran));
    init(&world, "plain/own/ci.db").ok();
    // Nobody can rename what is another's in a sticky directory.
    set_mode(&plain, 0o1777);
    world.run(&["whoami", "--store", "plain/own/ci.db"]).ok();
    // But its owner can.
    let between = directory(&world, "plain/between", 0o755);
    directory(&world, "plain/between/own", 0o700);
    if given_away(&between) {
        let ran = init(&world, "plain/between/own/ci.db");
        let message = "error: `~/plain/between/own` can be replaced, because `~/plain` can be";
        assert!(masked(&world, &ran.err).starts_with(message), "{ran:?}");
    }
}

#[test]
fn directory_of_another_user_is_refused() {
    let world = World::new();
    let shared = directory(&world, "shared", 0o755);
    if !given_away(&shared) {
        return;
    }
    let talk = "error: the directory `~/shared` belongs to another user\n\
                hint: use a directory of its own: --store ~/.local/share/jeton/jeton.db\n";
    refuses(&world, &init(&world, "shared/ci.db"), 78, talk);
    assert!(is_empty(&shared));
    init(&world, world.store().to_str().unwrap()).ok();
}

#[test]
fn logs_that_are_not_ours_are_refused() {
    let world = World::with_admin();
    let aside = world.home().join("aside");
    for end in ["-wal", "-shm", "-journal"] {
        let name = format!("jeton.db{end}");
        let log = world.store().with_file_name(&name);
        let had = fs::rename(&log, &aside).is_ok();
        let refuses_it = |fault: &str| {
            let path = format!("`~/.local/share/jeton/{name}`");
            for words in [&["whoami"][..], &["init", "eve"], &["store", "info"]] {
                refuses(&world, &world.run(words), 78, &format!("error: {path} is {fault}\n"));
            }
            let out = world.run(&["store", "check"]).out;
            assert_eq!(masked(&world, &out), format!("insecure_permissions: {path} is {fault}\n"));
            fs::remove_file(&log).unwrap();
        };
        symlink(&aside, &log).unwrap();
        refuses_it("a symbolic link");
        make_pipe(&log);
        refuses_it("not a regular file");
        let other = world.home().join("other");
        fs::write(&other, "").unwrap();
        fs::hard_link(&other, &log).unwrap();
        refuses_it("one of several hard links");
        fs::write(&log, "").unwrap();
        if given_away(&log) {
            refuses_it("owned by another user");
        } else {
            fs::remove_file(&log).unwrap();
        }
        if had {
            fs::rename(&aside, &log).unwrap();
        }
        world.run(&["whoami"]).ok();
    }
    assert!(store_files(&world).iter().all(|file| file.exists()));
}

#[test]
fn outputs_and_copies_follow_the_same_rule() {
    let mut world = World::with_admin();
    world.run(&["token", "mint"]).ok();
    let issuer = ["keys", "export", "--issuer", "https://id.example", "--site"];
    let outputs: [&[&str]; 4] =
        [&["man", "--dir"], &["token", "fixtures", "--out"], &issuer, &["store", "backup"]];
    for (at, words) in outputs.iter().enumerate() {
        for bits in [0o777, 0o1777] {
            let name = format!("out{at}-{bits:o}");
            let path = directory(&world, &name, bits);
            let target = if at == 3 { format!("{name}/copy.db") } else { name.clone() };
            let ran = world.run(&[words, &[target.as_str()][..]].concat());
            let what = "error: the directory `";
            assert!(ran.code == 78 && ran.err.starts_with(what), "{words:?} {bits:o}: {ran:?}");
            assert!(is_empty(&path), "{words:?}");
            if bits == 0o777 {
                follow(&world, &hint(&ran));
                world.run(&[words, &[target.as_str()][..]].concat()).ok();
            } else if at == 3 {
                follow(&world, &hint(&ran));
                world.run(&[words, &[format!("{name}/copy/copy.db").as_str()][..]].concat()).ok();
            }
        }
    }
    // The session directory, when it is made, read and written.
    let config = directory(&world, "config", 0o700);
    world.set("JETON_CONFIG_DIR", config.to_str().unwrap());
    world.log_in("ada", "lovelace");
    world.run(&["whoami"]).ok();
    set_mode(&config.join("sessions"), 0o1777);
    let talk = "error: the directory `~/config/sessions` can be written by other users: its mode is \
                1777\nhint: name a directory that only you can write\n";
    refuses(&world, &world.run(&["whoami"]), 78, talk);
    let login = ["login", "ada", "--password-stdin"];
    refuses(&world, &world.run_with_input(&login, "lovelace"), 78, talk);
    set_mode(&config.join("sessions"), 0o700);
    set_mode(&config, 0o777);
    let ran = world.run_with_input(&login, "lovelace");
    assert!(ran.code == 78 && ran.err.contains("can be replaced"), "{ran:?}");
}
