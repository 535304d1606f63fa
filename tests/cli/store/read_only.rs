//! Stores that can only be read: whatever reads works, whatever changes says so.

use super::mounted::Mounted;
use super::{store_files, without_logs};
use crate::mask::refuses;
use crate::world::World;
use std::fs;
use std::time::Duration;

const STORE: &str = ".local/share/jeton";

const READ_ONLY: &str = "error: the store can only be read here\n\
                         hint: use it where its file and its directory can be written\n";

/// Commands that change nothing.
const READING: &[&str] = &[
    "whoami",
    "sessions list",
    "sessions token",
    "token inspect @token",
    "token introspect @token",
    "token decode @token",
    "token verify @token",
    "token list",
    "token presets",
    "token show 1",
    "users list",
    "users show ada",
    "keys list",
    "keys export --jwks",
    "settings get issuer",
    "settings list",
    "store info",
    "store check",
    "store migrate",
    "completions bash",
    "help",
];

const CHANGING: &[&str] = &[
    "register eve",
    "login ada",
    "logout",
    "token create other",
    "token mint --record",
    "token revoke 1",
    "keys rotate",
    "settings set issuer x",
    "store prune",
    "store backup copy.db",
];

fn world() -> World {
    let world = World::with_admin();
    fs::write(world.home().join("token"), world.get(&["token", "create", "app"])).unwrap();
    world
}

/// Makes that directory or file one that can only be read.
fn seal(mounted: &mut Mounted<'_>, path: &str) {
    mounted.must(&format!("mount --bind {path} {path} && mount -o remount,bind,ro {path}"));
}

#[track_caller]
fn can_be_read(world: &World, mounted: &mut Mounted<'_>) {
    let before = fs::read(world.store()).unwrap();
    for words in READING {
        let ran = mounted.run(words);
        let is_warned = ran.err.contains("warning") || ran.err.contains("error");
        assert!(ran.code == 0 && !is_warned, "{words}: {ran:?}");
    }
    let info = mounted.run("store info").ok().out;
    assert!(info.contains("\nread-only  yes\n"), "{info}");
    for words in CHANGING {
        refuses(world, &mounted.run(words), 78, READ_ONLY);
    }
    // A refusal stays what it is, although nobody can write it down.
    assert_eq!(mounted.run("login nobody").code, 6);
    assert_eq!(mounted.run("token revoke 99").code, 3);
    mounted.run("token show 99").fails(3);
    assert!(before == fs::read(world.store()).unwrap());
    assert!(!world.home().join("copy.db").exists());
}

#[test]
fn a_directory_with_log_and_index_can_be_read() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    assert!(store_files(&world).iter().all(|file| file.exists()));
    // What stands in the log alone.
    world.get(&["token", "create", "in-the-log"]);
    let file = rusqlite::Connection::open_with_flags(
        format!("file:{}?immutable=1", world.store().display()),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    );
    let tokens = "SELECT count(*) FROM grants WHERE app = 'in-the-log'";
    let tokens = file.unwrap().query_row(tokens, [], |row| row.get::<_, i64>(0));
    assert_eq!(tokens.unwrap(), 0);
    seal(&mut mounted, STORE);
    can_be_read(&world, &mut mounted);
    // Whoever can write goes on meanwhile, and is seen.
    world.get(&["token", "create", "meanwhile"]);
    assert!(mounted.run("token list").ok().out.contains("meanwhile"));
}

#[test]
fn a_directory_without_a_log_can_be_read() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    without_logs(&world);
    let log = world.store().with_extension("db-wal");
    fs::write(&log, "").unwrap();
    super::set_mode(&log, 0o600);
    seal(&mut mounted, STORE);
    can_be_read(&world, &mut mounted);
}

#[test]
fn names_that_mean_something_in_a_uri_are_names() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    without_logs(&world);
    let directory = "a%20b?mode=memory#é";
    fs::create_dir(world.home().join(directory)).unwrap();
    fs::copy(world.store(), world.home().join(directory).join("x?immutable=0&.db")).unwrap();
    seal(&mut mounted, &format!("'{directory}'"));
    let check = format!("keys list --store '{directory}/x?immutable=0&.db'");
    assert_eq!(mounted.run(&check).ok().out, world.run(&["keys", "list"]).ok().out);
}

#[test]
fn a_log_without_its_index_is_refused() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    fs::remove_file(world.store().with_extension("db-shm")).unwrap();
    seal(&mut mounted, STORE);
    let talk = "error: the store's log lacks its index, and its directory cannot be written\n\
                hint: copy the file with its `-wal` to where it can be written\n";
    for words in ["whoami", "token verify @token", "token create x", "store info"] {
        refuses(&world, &mounted.run(words), 78, talk);
    }
    let ran = mounted.run("store check");
    let hint = talk.lines().last().unwrap();
    assert_eq!((ran.code, &*ran.err), (78, &*format!("error: the store has 1 fault\n{hint}\n")));
    let out = "store_unreadable: the store's log lacks its index, and its directory cannot be \
               written\n";
    assert_eq!(ran.out, out);
    mounted.must("mkdir copy && chmod 700 copy && cp -p .local/share/jeton/* copy");
    mounted.run("token verify @token --store copy/jeton.db").ok();
}

#[test]
fn rights_that_cannot_be_taken_away_are_told() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    super::set_mode(&world.store(), 0o644);
    seal(&mut mounted, STORE);
    let ran = mounted.run("token verify @token");
    let talk = format!(
        "warning: others can read `{}`, and that cannot be changed\n",
        world.store().canonicalize().unwrap().display()
    );
    assert_eq!((ran.code, &*ran.out, ran.err), (0, "valid\n", talk));
}

#[test]
fn a_session_that_must_be_refreshed_is_refused_and_not_spent() {
    let world = world();
    let Some(mut mounted) = Mounted::over(&world) else { return };
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.log_in("ada", "lovelace");
    let before = fs::read(world.session_file()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    seal(&mut mounted, STORE);
    let talk = "error: the session must be refreshed, and the store can only be read here\n\
                hint: run `jeton refresh` where the store can be written\n";
    for words in ["whoami", "users list", "sessions token", "store prune", "refresh"] {
        refuses(&world, &mounted.run(words), 78, talk);
    }
    mounted.run("token verify @token").ok();
    assert_eq!(fs::read(world.session_file()).unwrap(), before);
    mounted.must(&format!("umount {STORE}"));
    mounted.run("whoami").ok();
}
