//! Stores that can only be read: whatever reads works, whatever changes says so.

use super::mounted::Mounted;
use super::{store_files, without_logs};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::time::Duration;

const STORE: &str = ".local/share/jeton";

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

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("token"), sandbox.get(&["token", "create", "app"])).unwrap();
    sandbox
}

/// Makes that directory or file one that can only be read.
fn seal(mounted: &mut Mounted<'_>, path: &str) {
    mounted.must(&format!("mount --bind {path} {path} && mount -o remount,bind,ro {path}"));
}

#[track_caller]
fn can_be_read(sandbox: &Sandbox, mounted: &mut Mounted<'_>) {
    let before = fs::read(sandbox.store()).unwrap();
    for words in READING {
        let output = mounted.run(words);
        let is_warned = output.stderr.contains("warning") || output.stderr.contains("error");
        assert!(output.code == 0 && !is_warned, "{words}: {output:?}");
    }
    let info = mounted.run("store info").ok().stdout;
    assert!(info.contains("\nread-only  yes\n"), "{info}");
    for words in CHANGING {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 78, stderr
        error: the store is read-only
        hint: make the store file and its directory writable
        "));
    }
    // A refusal stays what it is, although nobody can write it down.
    assert_eq!(mounted.run("login nobody").code, 6);
    assert_eq!(mounted.run("token revoke 99").code, 3);
    mounted.run("token show 99").fails(3);
    assert!(before == fs::read(sandbox.store()).unwrap());
    assert!(!sandbox.home().join("copy.db").exists());
}

#[test]
fn a_directory_with_log_and_index_can_be_read() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    assert!(store_files(&sandbox).iter().all(|file| file.exists()));
    // What stands in the log alone.
    sandbox.get(&["token", "create", "in-the-log"]);
    let file = rusqlite::Connection::open_with_flags(
        format!("file:{}?immutable=1", sandbox.store().display()),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    );
    let tokens = "SELECT count(*) FROM grants WHERE app = 'in-the-log'";
    let tokens = file.unwrap().query_row(tokens, [], |row| row.get::<_, i64>(0));
    assert_eq!(tokens.unwrap(), 0);
    seal(&mut mounted, STORE);
    can_be_read(&sandbox, &mut mounted);
    // Whoever can write goes on meanwhile, and is seen.
    sandbox.get(&["token", "create", "meanwhile"]);
    assert!(mounted.run("token list").ok().stdout.contains("meanwhile"));
}

#[test]
fn a_directory_without_a_log_can_be_read() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    without_logs(&sandbox);
    let log = sandbox.store().with_extension("db-wal");
    fs::write(&log, "").unwrap();
    super::set_mode(&log, 0o600);
    seal(&mut mounted, STORE);
    can_be_read(&sandbox, &mut mounted);
}

#[test]
fn names_that_mean_something_in_a_uri_are_names() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    without_logs(&sandbox);
    let directory = "a%20b?mode=memory#é";
    fs::create_dir(sandbox.home().join(directory)).unwrap();
    fs::copy(sandbox.store(), sandbox.home().join(directory).join("x?immutable=0&.db")).unwrap();
    seal(&mut mounted, &format!("'{directory}'"));
    let check = format!("keys list --store '{directory}/x?immutable=0&.db'");
    assert_eq!(mounted.run(&check).ok().stdout, sandbox.run(&["keys", "list"]).ok().stdout);
}

#[test]
fn a_log_without_its_index_is_refused() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    fs::remove_file(sandbox.store().with_extension("db-shm")).unwrap();
    seal(&mut mounted, STORE);
    for words in ["whoami", "token verify @token", "token create x", "store info"] {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 78, stderr
        error: the `-shm` file of the store is missing, and the directory is not writable
        hint: copy the store and its `-wal` file to a writable directory
        "));
    }
    let output = mounted.run("store check");
    assert_snapshot!(output, @"
    store_unreadable: the `-shm` file of the store is missing, and the directory is not writable
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: copy the store and its `-wal` file to a writable directory
    ");
    mounted.must("mkdir copy && chmod 700 copy && cp -p .local/share/jeton/* copy");
    mounted.run("token verify @token --store copy/jeton.db").ok();
}

#[test]
fn rights_that_cannot_be_taken_away_are_told() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    super::set_mode(&sandbox.store(), 0o644);
    seal(&mut mounted, STORE);
    let output = mounted.run("token verify @token");
    assert_snapshot!(output, @"
    valid
    --- stderr
    warning: `~/.local/share/jeton/jeton.db` is readable by other users, and its permissions cannot be changed
    ");
}

#[test]
fn a_session_that_must_be_refreshed_is_refused_and_not_spent() {
    let sandbox = sandbox();
    let Some(mut mounted) = Mounted::over(&sandbox) else { return };
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = fs::read(sandbox.session_file()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    seal(&mut mounted, STORE);
    for words in ["whoami", "users list", "sessions token", "store prune", "refresh"] {
        allow_duplicates!(assert_snapshot!(mounted.run(words), @"
        --- exit code 78, stderr
        error: session refresh required, but the store is read-only
        hint: run `jeton refresh` with write access to the store
        "));
    }
    mounted.run("token verify @token").ok();
    assert_eq!(fs::read(sandbox.session_file()).unwrap(), before);
    mounted.must(&format!("umount {STORE}"));
    mounted.run("whoami").ok();
}
