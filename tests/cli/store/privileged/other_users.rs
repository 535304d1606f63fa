//! Files and directories that belong to another user are refused.

use crate::sandbox::Sandbox;
use crate::store::planted_sqlite_files::{SQLITE_FILE_SUFFIXES, outputs_with_planted_file};
use crate::store::shared_directories::{create_directory, hint_command, init, is_empty};
use crate::store::unsafe_files::session_refusal;
use insta::{allow_duplicates, assert_snapshot};
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

const OTHER_UID: u32 = 12_345;

/// Gives a file or directory to the user [`OTHER_UID`].
#[track_caller]
fn change_owner(path: &Path) {
    chown(path, Some(OTHER_UID), None)
        .expect("the test needs the permission to give files to another user");
}

/// Gives a file back to the user of the tests.
fn restore_owner(path: &Path) {
    chown(path, Some(rustix::process::geteuid().as_raw()), None).unwrap();
}

#[test]
#[ignore = "needs another user"]
fn session_file_of_another_user_is_refused() {
    let sandbox = Sandbox::with_admin();
    let file = sandbox.session_file();
    let before = fs::read(&file).unwrap();
    change_owner(&file);
    assert_snapshot!(session_refusal(&sandbox), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file or its lock file is owned by another user
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    assert_eq!(fs::read(&file).unwrap(), before);
    restore_owner(&file);
    sandbox.run(&["refresh"]).ok();
}

#[test]
#[ignore = "needs another user"]
fn session_lock_file_of_another_user_is_refused() {
    let sandbox = Sandbox::with_admin();
    let lock = sandbox.session_file().with_extension("lock");
    fs::write(&lock, "").unwrap();
    change_owner(&lock);
    assert_snapshot!(sandbox.run(&["refresh"]), @"
    --- exit code 78, stderr
    error: `~/.config/jeton/sessions`: the session file or its lock file is owned by another user
    hint: set `JETON_CONFIG_DIR` to another directory
    ");
    fs::remove_file(&lock).unwrap();
    sandbox.run(&["refresh"]).ok();
}

#[test]
#[ignore = "needs another user"]
fn store_of_another_user_is_refused_unchanged() {
    let sandbox = Sandbox::with_admin();
    let before = fs::read(sandbox.store_path()).unwrap();
    change_owner(&sandbox.store_path());
    for arguments in [&["whoami"][..], &["init", "eve"], &["token", "verify", "x"], &["logout"]] {
        allow_duplicates!(assert_snapshot!(sandbox.run(arguments), @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db`: the file is owned by another user
        hint: run jeton as the owner of the file, or set `HOME` to a directory that you own, or `JETON_STORE` to a file
        "));
    }
    assert_eq!(fs::read(sandbox.store_path()).unwrap(), before);
    restore_owner(&sandbox.store_path());
    sandbox.run(&["whoami"]).ok();
}

#[test]
#[ignore = "needs another user"]
fn planted_sqlite_files_of_another_user_are_refused() {
    let sandbox = Sandbox::with_admin();
    for suffix in SQLITE_FILE_SUFFIXES {
        let outputs = outputs_with_planted_file(&sandbox, suffix, |file| {
            fs::write(file, "").unwrap();
            change_owner(file);
        });
        allow_duplicates!(assert_snapshot!(outputs, @"
        --- exit code 78, stderr
        error: `~/.local/share/jeton/jeton.db<end>` is owned by another user
        $ jeton store check
        insecure_permissions: `~/.local/share/jeton/jeton.db<end>` is owned by another user
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
    }
}

#[test]
#[ignore = "needs another user"]
fn check_detects_files_and_directory_of_another_user() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for extension in ["db-shm", "db"] {
        let file = sandbox.store_path().with_extension(extension);
        change_owner(&file);
        outputs += &sandbox.check_store().to_string();
        restore_owner(&file);
    }
    assert_snapshot!(outputs, @"
    insecure_permissions: `~/.local/share/jeton/jeton.db-shm` is owned by another user
    --- exit code 78, stderr
    error: the store has 1 fault
    insecure_permissions: the file is owned by another user
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: run jeton as the owner of the file
    ");
    change_owner(sandbox.store_path().parent().unwrap());
    assert_snapshot!(sandbox.check_store(), @"
    insecure_permissions: directory `~/.local/share/jeton` belongs to another user
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: use a directory that only you can write to
    ");
}

#[test]
#[ignore = "needs another user"]
fn directory_of_another_user_is_refused() {
    let sandbox = Sandbox::new();
    let shared = create_directory(&sandbox, "shared", 0o755);
    change_owner(&shared);
    assert_snapshot!(init(&sandbox, "shared/ci.db"), @"
    --- exit code 78, stderr
    error: directory `~/shared` belongs to another user
    hint: use a separate directory: --store ~/.local/share/jeton/jeton.db
    ");
    assert!(is_empty(&shared));
    init(&sandbox, sandbox.store_path().to_str().unwrap()).ok();
}

#[test]
#[ignore = "needs another user"]
fn hint_for_shared_directory_avoids_directory_of_another_user() {
    let sandbox = Sandbox::new();
    create_directory(&sandbox, "shared", 0o1777);
    change_owner(&create_directory(&sandbox, "shared/ci", 0o700));
    let command = hint_command(&init(&sandbox, "shared/ci.db"));
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(command, format!("--store shared/ci-{uid}/jeton.db"));
}

#[test]
#[ignore = "needs another user"]
fn directory_of_another_user_between_sticky_and_own_directory_is_refused() {
    // Any user can create a directory in a sticky directory. The owner of this new directory can
    // rename its content, here the directory `own` with the store.
    let sandbox = Sandbox::new();
    create_directory(&sandbox, "plain", 0o1777);
    let intermediate_directory = create_directory(&sandbox, "plain/between", 0o755);
    create_directory(&sandbox, "plain/between/own", 0o700);
    change_owner(&intermediate_directory);
    assert_snapshot!(init(&sandbox, "plain/between/own/ci.db"), @"
    --- exit code 78, stderr
    error: `~/plain/between/own` can be replaced: `~/plain/between` belongs to another user
    hint: use a separate directory: --store ~/.local/share/jeton/jeton.db
    ");
}
