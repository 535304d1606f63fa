//! `jeton store check`: detects faults, and repairs none.

use super::crafted_schema::change_store_unchecked;
use super::{damage_page, mode_of, remove_wal, set_mode};
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::Value;
use std::fs;

const CHECK: [&str; 2] = ["store", "check"];

#[test]
fn undamaged_store_passes_the_check() {
    let sandbox = Sandbox::with_john();
    sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.check_store(), @"ok");
    if !sandbox.is_on_server() {
        assert_snapshot!(sandbox.run_json(&CHECK), @r#"{"ok":true,"findings":[],"warnings":[],"sqlite":{"version":"3.54.1","options":{"DEFAULT_MEMSTATUS=0":true,"DQS=0":true,"ENABLE_NULL_TRIM":true,"LIKE_DOESNT_MATCH_BLOBS":true,"OMIT_DECLTYPE":true,"OMIT_DEPRECATED":true,"OMIT_LOAD_EXTENSION":true,"OMIT_SHARED_CACHE":true,"USE_ALLOCA":true}}}"#);
    }
}

#[test]
fn check_detects_every_damaged_page() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "app"]);
    let bytes = remove_wal(&sandbox);
    let mut pages_missed_by_keys_list = 0;
    for page in 0..bytes.len() / 4096 {
        damage_page(&sandbox.store_path(), &bytes, page, 0);
        pages_missed_by_keys_list += usize::from(sandbox.run(&["keys", "list"]).code == 0);
        // `keys list` may have changed the files.
        damage_page(&sandbox.store_path(), &bytes, page, 0);
        let before = fs::read(sandbox.store_path()).unwrap();
        let output = sandbox.check_store();
        let is_reported = output.stdout.starts_with("store_damaged: ")
            || output.stdout.starts_with("store_foreign: ");
        assert!(output.code == 78 && is_reported, "page {page}: {output:?}");
        assert!(before == fs::read(sandbox.store_path()).unwrap(), "page {page}");
    }
    assert!(pages_missed_by_keys_list > 10, "{pages_missed_by_keys_list}");
}

#[test]
fn check_detects_orphaned_rows() {
    let sandbox = Sandbox::with_admin();
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store
        .execute_batch(
            "PRAGMA foreign_keys = OFF; UPDATE pairs SET key_id = 99;
             INSERT INTO grants (owner_id, kind, app) VALUES (7, 'app', 'a'), (8, 'app', 'b')",
        )
        .unwrap();
    let output = sandbox.check_store();
    assert_snapshot!(output, @"
    store_damaged: store damaged: rows of `grants` that refer to a missing row of `users`: 2
    store_damaged: store damaged: rows of `pairs` that refer to a missing row of `keys`: 1
    --- exit code 78, stderr
    error: the store has 2 faults
    ");
    let output = sandbox.run(&[&CHECK[..], &["-o", "json"]].concat());
    assert_eq!(output.error()["code"], "store_damaged");
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&report["ok"], report["findings"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(report["findings"][0]["code"], "store_damaged");
}

#[test]
fn check_detects_zero_and_two_active_keys() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint"]).ok();
    // Simulates a damaged unique index. First, the SQL of the index changes: the index covers no
    // rows. Then a second active key is inserted, and all keys of the purpose get the same
    // algorithm. At the end, the index gets its original SQL.
    let check_with_two_active_keys = |purpose: &str, kid: &str| {
        change_store_unchecked(
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
        sandbox.check_store()
    };
    assert_snapshot!(check_with_two_active_keys("test", "01"), @"
    store_damaged: store damaged: row 2 missing from index keys_one_active_test
    store_damaged: store damaged: row 3 missing from index keys_one_active_test
    store_damaged: store damaged: active test keys for HS256: found 2, expected at most 1
    --- exit code 78, stderr
    error: the store has 3 faults
    ");
    assert_snapshot!(check_with_two_active_keys("app", "02"), @"
    store_damaged: store damaged: row 2 missing from index keys_one_active_test
    store_damaged: store damaged: row 3 missing from index keys_one_active_test
    store_damaged: store damaged: row 4 missing from index keys_one_active_app
    store_damaged: store damaged: active app keys: found 2, expected 1
    store_damaged: store damaged: active test keys for HS256: found 2, expected at most 1
    --- exit code 78, stderr
    error: the store has 5 faults
    ");
    let sandbox = Sandbox::with_admin();
    sandbox.sql("UPDATE keys SET state = 'standby'");
    assert_snapshot!(sandbox.check_store(), @"
    store_damaged: store damaged: active app keys: found 0, expected 1
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
}

#[test]
fn check_detects_a_missing_admin() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keys", "generate"]).ok();
    assert_snapshot!(sandbox.check_store(), @"ok");
    sandbox.register("ada", "lovelace");
    for assignment in ["role = 'minter'", "role = 'admin', disabled_at = 1"] {
        sandbox.sql(&format!("UPDATE users SET {assignment}"));
        allow_duplicates!(assert_snapshot!(sandbox.check_store(), @"
        store_damaged: store damaged: no active admin
        --- exit code 78, stderr
        error: the store has 1 fault
        "));
    }
}

#[test]
fn check_reports_insecure_file_modes_without_repair() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (extension, mode) in [("db", 0o604), ("db-wal", 0o640), ("db-shm", 0o620)] {
        let file = sandbox.store_path().with_extension(extension);
        set_mode(&file, mode);
        outputs += &sandbox.check_store().to_string();
        assert_eq!(mode_of(&file), mode);
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
    let directory = sandbox.store_path().parent().unwrap().to_owned();
    set_mode(&directory, 0o1777);
    assert_snapshot!(sandbox.check_store(), @"
    insecure_permissions: directory `~/.local/share/jeton` is writable by other users (mode 1777)
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: move the store to a separate directory: mkdir -p -m 700 ~/.local/share/jeton/jeton && mv ~/.local/share/jeton/jeton.db* ~/.local/share/jeton/jeton (then use the store with `--store ~/.local/share/jeton/jeton/jeton.db`)
    ");
    set_mode(&directory, 0o755);
    assert_snapshot!(sandbox.check_store(), @"
    ok
    --- stderr
    warning: directory `~/.local/share/jeton` is accessible to other users: found mode 0755, expected 0700
    ");
}

#[test]
fn check_inspects_stores_that_other_commands_refuse() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_path();
    sandbox.sql("UPDATE users SET role = 'user'");
    rusqlite::Connection::open(&store).unwrap().pragma_update(None, "user_version", 4).unwrap();
    assert_snapshot!(sandbox.check_store(), @"
    store_newer: unsupported schema version: found 4, expected at most 3
    --- exit code 78, stderr
    error: the store has 1 fault
    hint: install a newer jeton
    ");
    fs::write(&store, "other content\n".repeat(400)).unwrap();
    set_mode(&store, 0o644);
    let output = sandbox.check_store();
    let codes: Vec<_> = output.stdout.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!((output.code, codes), (78, vec!["insecure_permissions", "store_foreign"]));
    assert_eq!(mode_of(&store), 0o644);
    let elsewhere = sandbox.home().join("elsewhere.db");
    fs::rename(&store, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &store).unwrap();
    assert_snapshot!(sandbox.check_store(), @"
    insecure_permissions: the file is a symbolic link
    --- exit code 78, stderr
    error: the store has 1 fault
    ");
    fs::remove_file(&store).unwrap();
    assert_snapshot!(sandbox.check_store(), @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
}

#[test]
fn check_only_warns_of_quota_below_usage() {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "a"]);
    sandbox.stdout_of(&["token", "create", "b"]);
    sandbox.run(&["settings", "set", "token.quota", "1"]).ok();
    assert_snapshot!(sandbox.check_store(), @"
    ok
    --- stderr
    warning: user with id 1 has 2 live tokens: the quota is 1
    ");
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(sandbox.check_store(), @"ok");
}
