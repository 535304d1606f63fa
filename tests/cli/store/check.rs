//! `jeton store check`: each thing that can be wrong is found, and left as it is.

use super::crafted::craft;
use super::refused::given_away;
use super::{damage, mode, set_mode, without_logs};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;
use std::fs;

const CHECK: [&str; 2] = ["store", "check"];

fn check(sandbox: &Sandbox) -> RunOutput {
    sandbox.run(&CHECK)
}

#[test]
fn a_store_that_is_in_use_is_ok() {
    let sandbox = Sandbox::with_john();
    sandbox.get(&["token", "create", "app"]);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(check(&sandbox), @"ok");
    assert_snapshot!(sandbox.run_json(&CHECK), @r#"{"ok":true,"findings":[],"warnings":[]}"#);
}

#[test]
fn a_flipped_page_is_found_also_where_others_see_nothing() {
    let sandbox = Sandbox::with_admin();
    sandbox.get(&["token", "create", "app"]);
    let bytes = without_logs(&sandbox);
    let mut unseen = 0;
    for page in 0..bytes.len() / 4096 {
        damage(&sandbox.store(), &bytes, page, 0);
        unseen += usize::from(sandbox.run(&["keys", "list"]).code == 0);
        damage(&sandbox.store(), &bytes, page, 0);
        let before = fs::read(sandbox.store()).unwrap();
        let output = check(&sandbox);
        let found = output.stdout.starts_with("store_damaged: ")
            || output.stdout.starts_with("store_foreign: ");
        assert!(output.code == 78 && found, "page {page}: {output:?}");
        assert!(before == fs::read(sandbox.store()).unwrap(), "page {page}");
    }
    assert!(unseen > 10, "{unseen}");
}

#[test]
fn rows_that_belong_to_nothing_are_found() {
    let sandbox = Sandbox::with_admin();
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store
        .execute_batch(
            "PRAGMA foreign_keys = OFF; UPDATE pairs SET key_id = 99;
             INSERT INTO grants (owner_id, kind, app) VALUES (7, 'app', 'a'), (8, 'app', 'b')",
        )
        .unwrap();
    let output = check(&sandbox);
    assert_snapshot!(output, @"
    store_damaged: store damaged: rows of `grants` without a row in `users`: 2
    store_damaged: store damaged: rows of `pairs` without a row in `keys`: 1
    --- exit code 78, stderr
    error: the store has 2 faults
    ");
    let output = sandbox.run(&[&CHECK[..], &["-o", "json"]].concat());
    assert_eq!(output.error()["code"], "store_damaged");
    let found: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&found["ok"], found["findings"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(found["findings"][0]["code"], "store_damaged");
}

#[test]
fn two_keys_that_sign_and_none_are_found() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint"]).ok();
    // As a damaged index lets two rows in: it is empty, and its statement is the usual one.
    let double = |purpose: &str, kid: &str| {
        craft(
            &sandbox,
            &format!(
                "CREATE TEMP TABLE kept AS SELECT name, sql FROM sqlite_schema;
                 UPDATE sqlite_schema SET sql = substr(sql, 1, instr(sql, 'WHERE')) || 'HERE FALSE'
                     WHERE name = 'keys_one_active_{purpose}';
                 PRAGMA writable_schema = RESET; PRAGMA writable_schema = ON;
                 INSERT INTO keys (kid, purpose, algorithm, state, material, created_at)
                     VALUES ('{kid}', '{purpose}', 'HS256', 'active', x'{kid}', 1);
                 UPDATE keys SET algorithm = 'HS256', public = NULL WHERE purpose = '{purpose}';
                 UPDATE sqlite_schema SET sql =
                     (SELECT sql FROM kept WHERE kept.name = sqlite_schema.name);"
            ),
        );
        check(&sandbox)
    };
    assert_snapshot!(double("test", "01"), @"
    store_damaged: store damaged: row 2 missing from index keys_one_active_test
    store_damaged: store damaged: row 3 missing from index keys_one_active_test
    store_damaged: store damaged: active test keys for HS256: found 2, expected 1
    --- exit code 78, stderr
    error: the store has 3 faults
    ");
    assert_snapshot!(double("app", "02"), @"
    store_damaged: store damaged: row 2 missing from index keys_one_active_test
    store_damaged: store damaged: row 3 missing from index keys_one_active_test
    store_damaged: store damaged: row 4 missing from index keys_one_active_app
    store_damaged: store damaged: active app keys: found 2, expected 1
    store_damaged: store damaged: active test keys for HS256: found 2, expected 1
    --- exit code 78, stderr
    error: the store has 5 faults
    ");
    let sandbox = Sandbox::with_admin();
    sandbox.sql("UPDATE keys SET state = 'standby'");
    assert_snapshot!(check(&sandbox), @"
    store_damaged: store damaged: active app keys: found 0, expected 1
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn a_store_without_an_admin_is_found_from_the_first_user_on() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keys", "generate"]).ok();
    assert_snapshot!(check(&sandbox), @"ok");
    sandbox.register("ada", "lovelace");
    for role in ["role = 'minter'", "role = 'admin', disabled_at = 1"] {
        sandbox.sql(&format!("UPDATE users SET {role}"));
        allow_duplicates!(assert_snapshot!(check(&sandbox), @"
        store_damaged: store damaged: no active admin
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
    }
}

#[test]
fn files_that_others_can_use_are_found_and_not_repaired() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (end, loose) in [("db", 0o604), ("db-wal", 0o640), ("db-shm", 0o620)] {
        let file = sandbox.store().with_extension(end);
        set_mode(&file, loose);
        outputs += &check(&sandbox).to_string();
        assert_eq!(mode(&file), loose);
        set_mode(&file, 0o600);
    }
    assert_snapshot!(outputs, @"
    insecure_permissions: `~/.local/share/jeton/jeton.db` is accessible to other users: found mode 0604, expected 0600
    --- exit code 78, stderr
    error: the store has 1 fault
    insecure_permissions: `~/.local/share/jeton/jeton.db-wal` is accessible to other users: found mode 0640, expected 0600
    --- exit code 78, stderr
    error: the store has 1 fault
    insecure_permissions: `~/.local/share/jeton/jeton.db-shm` is accessible to other users: found mode 0620, expected 0600
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    let directory = sandbox.store().parent().unwrap().to_owned();
    set_mode(&directory, 0o1777);
    assert_snapshot!(check(&sandbox), @"
    insecure_permissions: directory `~/.local/share/jeton` is writable by other users (mode 1777)
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: move the store to a separate directory: mkdir -p -m 700 ~/.local/share/jeton/jeton && mv ~/.local/share/jeton/jeton.db* ~/.local/share/jeton/jeton (then use it with `--store ~/.local/share/jeton/jeton/jeton.db`)
    ");
    set_mode(&directory, 0o755);
    assert_snapshot!(check(&sandbox), @"
    ok
    --- stderr
    warning: directory `~/.local/share/jeton` is readable by other users: found mode 0755, expected 0700
    ");
}

#[test]
fn somebody_elses_files_are_found() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for end in ["db-shm", "db"] {
        let file = sandbox.store().with_extension(end);
        if !given_away(&file) {
            return;
        }
        outputs += &check(&sandbox).to_string();
        std::os::unix::fs::chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    }
    assert_snapshot!(outputs, @"
    insecure_permissions: `~/.local/share/jeton/jeton.db-shm` is owned by another user
    --- exit code 78, stderr
    error: the store has 1 fault
    insecure_permissions: the store file is owned by another user
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: run jeton as the owner of the file, or on your own copy
    ");
    if given_away(sandbox.store().parent().unwrap()) {
        assert_snapshot!(check(&sandbox), @"
        insecure_permissions: directory `~/.local/share/jeton` belongs to another user
        --- exit code 78, stderr
        error: the store has 1 fault
        hint: use a directory that only you can write to
        ");
    }
}

#[test]
fn what_others_refuse_is_looked_at_as_it_is() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store();
    sandbox.sql("UPDATE users SET role = 'user'");
    rusqlite::Connection::open(&store).unwrap().pragma_update(None, "user_version", 3).unwrap();
    assert_snapshot!(check(&sandbox), @"
    store_newer: unsupported schema version: found 3, expected at most 2
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: install a newer jeton
    ");
    fs::write(&store, "a letter to somebody\n".repeat(400)).unwrap();
    set_mode(&store, 0o644);
    let output = check(&sandbox);
    let codes: Vec<_> = output.stdout.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!((output.code, codes), (78, vec!["insecure_permissions", "store_foreign"]));
    assert_eq!(mode(&store), 0o644);
    let elsewhere = sandbox.home().join("elsewhere.db");
    fs::rename(&store, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &store).unwrap();
    assert_snapshot!(check(&sandbox), @"
    insecure_permissions: the store file is a symbolic link
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    fs::remove_file(&store).unwrap();
    assert_snapshot!(check(&sandbox), @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
}

#[test]
fn more_tokens_than_a_quota_that_was_lowered_are_no_fault() {
    let sandbox = Sandbox::with_admin();
    sandbox.get(&["token", "create", "a"]);
    sandbox.get(&["token", "create", "b"]);
    sandbox.run(&["settings", "set", "token.quota", "1"]).ok();
    assert_snapshot!(check(&sandbox), @"
    ok
    --- stderr
    warning: user 1 has 2 live tokens, more than the quota of 1
    ");
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(check(&sandbox), @"ok");
}
