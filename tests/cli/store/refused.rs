//! Session and store files that are no files, or somebody else's: refused, and not waited for.

use super::mounted::skipped;
use crate::mask::refuses;
use crate::world::World;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

const SOMEBODY: u32 = 12_345;

pub(super) fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Whether the file is somebody else's now.
pub(super) fn given_away(path: &Path) -> bool {
    let given = chown(path, Some(SOMEBODY), None).is_ok();
    if !given {
        skipped("files cannot be given to somebody else");
    }
    given
}

/// Every command that looks at the session file refuses it in these words, and a login too.
#[track_caller]
fn is_refused(world: &World, talk: &str) {
    let error = world.json_error(&["whoami"]);
    assert_eq!((&error["exit_code"], &error["code"]), (&78.into(), &"insecure_permissions".into()));
    for words in [
        &["whoami"][..],
        &["refresh"],
        &["sessions", "token"],
        &["token", "create", "x"],
        &["logout"],
    ] {
        refuses(world, &world.run(words), 78, talk);
    }
    let login = ["login", "ada", "--password-stdin"];
    refuses(world, &world.run_with_input(&login, "lovelace"), 78, talk);
}

/// Puts something in the session file's place, and the file back afterwards: its session works.
fn in_place_of_the_session(make: impl FnOnce(&Path), talk: &str) {
    let world = World::with_admin();
    let (file, aside) = (world.session_file(), world.home().join("aside"));
    fs::rename(&file, &aside).unwrap();
    make(&file);
    is_refused(&world, talk);
    assert!(!fs::symlink_metadata(&file).unwrap().is_file());
    fs::rename(&file, world.home().join("made")).unwrap();
    fs::rename(&aside, &file).unwrap();
    assert_eq!(world.sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), ["1"]);
    world.run(&["refresh"]).ok();
}

#[test]
fn a_directory_in_the_session_files_place_is_refused() {
    let talk = "error: the session file is not a regular file\n";
    in_place_of_the_session(|path| fs::create_dir(path).unwrap(), talk);
}

#[test]
fn a_pipe_in_the_session_files_place_is_refused() {
    in_place_of_the_session(make_pipe, "error: the session file is not a regular file\n");
}

#[test]
fn somebody_elses_session_file_is_refused() {
    let world = World::with_admin();
    let file = world.session_file();
    let before = fs::read(&file).unwrap();
    if !given_away(&file) {
        return;
    }
    is_refused(&world, "error: the session file is somebody else's\n");
    assert_eq!(fs::read(&file).unwrap(), before);
    chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    world.run(&["refresh"]).ok();
}

#[test]
fn a_lock_that_is_a_pipe_or_somebody_elses_is_refused() {
    let world = World::with_admin();
    let lock = world.session_file().with_extension("lock");
    fs::remove_file(&lock).unwrap();
    make_pipe(&lock);
    let talk = "error: the session file is not a regular file\n";
    refuses(&world, &world.run(&["refresh"]), 78, talk);
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "").unwrap();
    if given_away(&lock) {
        let talk = "error: the session file is somebody else's\n";
        refuses(&world, &world.run(&["refresh"]), 78, talk);
        fs::remove_file(&lock).unwrap();
    }
    world.run(&["refresh"]).ok();
}

#[test]
fn a_pipe_in_the_stores_place_is_refused() {
    let world = World::with_admin();
    let aside = world.home().join("aside");
    fs::rename(world.store(), &aside).unwrap();
    make_pipe(&world.store());
    for words in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"]] {
        let talk = "error: the store file is not a regular file\n";
        refuses(&world, &world.run(words), 78, talk);
    }
    fs::rename(&aside, world.store()).unwrap();
    world.run(&["whoami"]).ok();
}

#[test]
fn somebody_elses_store_is_refused_and_not_changed() {
    let world = World::with_admin();
    let before = fs::read(world.store()).unwrap();
    if !given_away(&world.store()) {
        return;
    }
    for words in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"], &["logout"]] {
        let talk = "error: the store file is owned by another user\n\
                    hint: run jeton as its owner, or on a copy that is yours\n";
        refuses(&world, &world.run(words), 78, talk);
    }
    assert_eq!(fs::read(world.store()).unwrap(), before);
    chown(world.store(), Some(rustix::process::geteuid().as_raw()), None).unwrap();
    world.run(&["whoami"]).ok();
}

#[test]
fn the_database_of_another_program_is_refused_and_not_changed() {
    let world = World::with_admin();
    let rows = "CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                WHERE i < 2000) INSERT INTO t SELECT randomblob(500) FROM n";
    for (name, before) in [
        ("plain.db", ""),
        ("log.db", "PRAGMA journal_mode = WAL"),
        ("named.db", "PRAGMA application_id = 7"),
    ] {
        let other = rusqlite::Connection::open(world.home().join(name)).unwrap();
        other.execute_batch(before).unwrap();
        other.execute_batch(rows).unwrap();
    }
    // As a program leaves it that is killed while it writes.
    let plain = world.home().join("plain.db");
    let other = rusqlite::Connection::open(&plain).unwrap();
    other.execute_batch("PRAGMA cache_size = 5; BEGIN; UPDATE t SET x = randomblob(500)").unwrap();
    for end in ["", "-journal"] {
        fs::copy(format!("{}{end}", plain.display()), world.home().join(format!("killed.db{end}")))
            .unwrap();
    }
    drop(other);
    for name in ["plain.db", "log.db", "named.db", "killed.db"] {
        let files = || {
            let all = fs::read_dir(world.home()).unwrap().map(|file| file.unwrap().path());
            let own = all.filter(|path| path.to_string_lossy().contains(name));
            own.map(|path| (fs::read(&path).unwrap(), path)).collect::<BTreeSet<_>>()
        };
        let before = files();
        assert_eq!(before.len(), if name == "killed.db" { 2 } else { 1 });
        for words in [&["users", "list"][..], &["store", "info"], &["store", "migrate"], &["init"]]
        {
            let ran = world.run(&[&["--store", name], words].concat());
            assert_eq!(ran.code, 78, "{words:?}: {ran:?}");
        }
        assert_eq!(world.run(&["--store", name, "store", "check"]).code, 78);
        assert!(files() == before, "{name}");
    }
}
