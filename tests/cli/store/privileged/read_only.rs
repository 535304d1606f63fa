//! Read-only stores: commands that only read the store work, unless the WAL index is missing or the
//! session must be refreshed. Commands that change the store are refused.

use super::mount_namespace::MountNamespace;
use crate::sandbox::Sandbox;
use crate::store::{remove_wal, set_mode, store_files};
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::time::Duration;

const STORE_DIRECTORY: &str = ".local/share/jeton";

/// Commands that do not change the store. `@token` is the token in the file `token`.
const READING_COMMANDS: &[&str] = &[
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

/// Commands that change the store. `store backup` adds an audit event.
const CHANGING_COMMANDS: &[&str] = &[
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

/// Creates a sandbox with an admin and an app token. The file `token` contains the token.
fn sandbox_with_token_file() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    fs::write(sandbox.home().join("token"), sandbox.stdout_of(&["token", "create", "app"]))
        .unwrap();
    sandbox
}

/// Remounts a directory or file read-only.
fn remount_read_only(mounted: &mut MountNamespace<'_>, path: &str) {
    mounted.run_line_ok(&format!("mount --bind {path} {path} && mount -o remount,bind,ro {path}"));
}

#[track_caller]
fn assert_reads_work_and_changes_fail(sandbox: &Sandbox, mounted: &mut MountNamespace<'_>) {
    let before = fs::read(sandbox.store_path()).unwrap();
    for arguments in READING_COMMANDS {
        let output = mounted.run(arguments);
        let has_messages = output.stderr.contains("warning") || output.stderr.contains("error");
        assert!(output.code == 0 && !has_messages, "{arguments}: {output:?}");
    }
    let info = mounted.run("store info").ok().stdout;
    assert!(info.contains("\nread-only       yes\n"), "{info}");
    for arguments in CHANGING_COMMANDS {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db`: the store is read-only
        hint: make the store file and its directory writable
        "));
    }
    // A command that is refused for another reason keeps its exit code, although its audit event
    // cannot be written.
    assert_eq!(mounted.run("login nobody").code, 6);
    assert_eq!(mounted.run("token revoke 99").code, 3);
    mounted.run("token show 99").fails(3);
    assert!(before == fs::read(sandbox.store_path()).unwrap());
    assert!(!sandbox.home().join("copy.db").exists());
}

#[test]
#[ignore = "needs mounts"]
fn read_only_store_with_wal_and_index_is_readable() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    assert!(store_files(&sandbox).iter().all(|file| file.exists()));
    // The WAL contains the rows of this token, and the store file does not. An immutable connection
    // reads only the store file.
    sandbox.stdout_of(&["token", "create", "in-the-log"]);
    let connection = rusqlite::Connection::open_with_flags(
        format!("file:{}?immutable=1", sandbox.store_path().display()),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    );
    let grant_count_sql = "SELECT count(*) FROM grants WHERE app = 'in-the-log'";
    let grant_count =
        connection.unwrap().query_row(grant_count_sql, [], |row| row.get::<_, i64>(0));
    assert_eq!(grant_count.unwrap(), 0);
    remount_read_only(&mut mounted, STORE_DIRECTORY);
    assert_reads_work_and_changes_fail(&sandbox, &mut mounted);
    // Processes outside the namespace can still write, and the read-only mount shows the changes.
    sandbox.stdout_of(&["token", "create", "concurrent"]);
    assert!(mounted.run("token list").ok().stdout.contains("concurrent"));
}

#[test]
#[ignore = "needs mounts"]
fn read_only_store_with_empty_wal_is_readable() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    remove_wal(&sandbox);
    let wal = sandbox.store_path().with_extension("db-wal");
    fs::write(&wal, "").unwrap();
    set_mode(&wal, 0o600);
    remount_read_only(&mut mounted, STORE_DIRECTORY);
    assert_reads_work_and_changes_fail(&sandbox, &mut mounted);
}

#[test]
#[ignore = "needs mounts"]
fn uri_characters_in_read_only_store_path_are_literal() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    remove_wal(&sandbox);
    let directory = "a%20b?mode=memory#é";
    fs::create_dir(sandbox.home().join(directory)).unwrap();
    fs::copy(sandbox.store_path(), sandbox.home().join(directory).join("x?immutable=0&.db"))
        .unwrap();
    remount_read_only(&mut mounted, &format!("'{directory}'"));
    let list_keys = format!("keys list --store '{directory}/x?immutable=0&.db'");
    assert_eq!(mounted.run(&list_keys).ok().stdout, sandbox.run(&["keys", "list"]).ok().stdout);
}

#[test]
#[ignore = "needs mounts"]
fn read_only_store_with_wal_but_no_index_is_refused() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    fs::remove_file(sandbox.store_path().with_extension("db-shm")).unwrap();
    remount_read_only(&mut mounted, STORE_DIRECTORY);
    for arguments in ["whoami", "token verify @token", "token create x", "store info"] {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
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
    mounted.run_line_ok("mkdir copy && chmod 700 copy && cp -p .local/share/jeton/* copy");
    mounted.run("token verify @token --store copy/jeton.db").ok();
}

#[test]
#[ignore = "needs mounts"]
fn world_readable_store_on_a_read_only_mount_causes_a_warning() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    set_mode(&sandbox.store_path(), 0o644);
    remount_read_only(&mut mounted, STORE_DIRECTORY);
    let output = mounted.run("token verify @token");
    assert_snapshot!(output, @"
    valid
    --- stderr
    warning: `~/.local/share/jeton/jeton.db` is accessible to other users, and its permissions cannot be changed
    ");
}

#[test]
#[ignore = "needs mounts"]
fn expired_access_token_is_not_refreshed_on_a_read_only_store() {
    let sandbox = sandbox_with_token_file();
    let mut mounted = MountNamespace::start(&sandbox);
    sandbox.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    sandbox.log_in("ada", "lovelace");
    let before = fs::read(sandbox.session_file()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    remount_read_only(&mut mounted, STORE_DIRECTORY);
    for arguments in ["whoami", "users list", "sessions token", "store prune", "refresh"] {
        allow_duplicates!(assert_snapshot!(mounted.run(arguments), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db`: session refresh required, but the store is read-only
        hint: run `jeton refresh` with write access to the store
        "));
    }
    mounted.run("token verify @token").ok();
    assert_eq!(fs::read(sandbox.session_file()).unwrap(), before);
    mounted.run_line_ok(&format!("umount {STORE_DIRECTORY}"));
    mounted.run("whoami").ok();
}
