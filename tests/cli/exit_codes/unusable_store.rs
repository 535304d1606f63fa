//! Exit code 78: commands refuse unusable stores and leave them unchanged.

use super::assert_fails;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// Returns the bytes and the mode of the store file.
fn file_state(sandbox: &Sandbox) -> (Vec<u8>, u32) {
    let mode = fs::metadata(sandbox.store_path()).unwrap().permissions().mode();
    (fs::read(sandbox.store_path()).unwrap(), mode)
}

/// Asserts that commands refuse the store with the error code and leave the store file unchanged.
#[track_caller]
fn assert_refused_unchanged(sandbox: &Sandbox, error_code: &str) {
    let before = file_state(sandbox);
    let init = ["init", "eve", "--exist-ok"];
    fs::write(sandbox.home().join("password"), "123456").unwrap();
    let register = ["register", "eve", "--password-file", "password"];
    let commands: [&[&str]; 5] =
        [&["whoami"], &["users", "list"], &["token", "verify", "x"], &init, &register];
    for words in commands {
        assert_fails(sandbox, words, 78, "StoreUnusable", error_code);
        assert!(file_state(sandbox) == before, "{words:?} changed the file");
    }
}

#[test]
fn newer_store_exits_78_and_is_unchanged() {
    let sandbox = Sandbox::with_admin();
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    let version: i64 = store.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    store.pragma_update(None, "user_version", version + 1).unwrap();
    drop(store);
    assert_refused_unchanged(&sandbox, "store_newer");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 78, stderr
    error: unsupported schema version: found 4, expected at most 3
    hint: install a newer jeton
    ");
}

#[test]
fn file_that_is_no_store_exits_78_and_is_unchanged() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.store_path().parent().unwrap()).unwrap();
    fs::write(sandbox.store_path(), "not a database\n".repeat(100)).unwrap();
    fs::set_permissions(sandbox.store_path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_refused_unchanged(&sandbox, "store_foreign");

    fs::remove_file(sandbox.store_path()).unwrap();
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)").unwrap();
    drop(store);
    fs::set_permissions(sandbox.store_path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_refused_unchanged(&sandbox, "store_foreign");
}

#[test]
fn symlink_or_directory_as_store_exits_78() {
    let sandbox = Sandbox::with_admin();
    let elsewhere = sandbox.home().join("elsewhere.db");
    fs::rename(sandbox.store_path(), &elsewhere).unwrap();
    symlink(&elsewhere, sandbox.store_path()).unwrap();
    assert_refused_unchanged(&sandbox, "insecure_permissions");
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 78, stderr
    error: `~/.local/share/jeton/jeton.db`: the file is a symbolic link
    hint: use the target of the link: JETON_STORE=~/elsewhere.db
    ");

    fs::remove_file(sandbox.store_path()).unwrap();
    fs::create_dir(sandbox.store_path()).unwrap();
    assert_fails(&sandbox, &["whoami"], 78, "StoreUnusable", "insecure_permissions");
}

#[test]
fn store_without_signing_key_or_with_path_below_a_file_exits_78() {
    let sandbox = Sandbox::with_admin();
    sandbox.sql("UPDATE keys SET state = 'revoked' RETURNING id");
    // The revoked key has signed the tokens of the session.
    assert_fails(&sandbox, &["whoami"], 12, "TokenRevoked", "token_revoked");
    sandbox.sql("UPDATE keys SET state = 'retired' RETURNING id");
    assert_fails(&sandbox, &["token", "create", "x"], 78, "StoreUnusable", "store_damaged");
    let path_below_file = sandbox.store_path().join("x.db");
    let init = ["init", "ada", "--store", path_below_file.to_str().unwrap()];
    assert_fails(&sandbox, &init, 78, "StoreUnusable", "store_unreadable");
}
