//! `jeton store check`: each thing that can be wrong is found, and left as it is.

use super::crafted::craft;
use super::refused::given_away;
use super::{damage, mode, set_mode, without_logs};
use crate::redact::redact;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;

const CHECK: [&str; 2] = ["store", "check"];

fn check(sandbox: &Sandbox) -> RunOutput {
    sandbox.run(&CHECK)
}

/// One thing is wrong: it is the line on standard output and the error.
#[track_caller]
fn finds(sandbox: &Sandbox, code: &str, what: &str) {
    let ran = check(sandbox);
    assert_eq!(ran.code, 78, "{ran:?}");
    assert_eq!(redact(sandbox, &ran.stdout), format!("{code}: {what}\n"));
    assert_eq!(ran.stderr.lines().next(), Some("error: the store has 1 fault"), "{ran:?}");
}

fn damaged(what: &str) -> String {
    format!("the store is damaged: {what}")
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
    store_damaged: the store is damaged: rows of `grants` that belong to no row of `users`: 2
    store_damaged: the store is damaged: rows of `pairs` that belong to no row of `keys`: 1
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
        let output = check(&sandbox);
        assert_eq!(output.code, 78, "{output:?}");
        redact(&sandbox, &output.stdout)
    };
    let found = double("test", "01");
    assert!(found.contains(&damaged("2 test keys sign with HS256, not one")), "{found}");
    let found = double("app", "02");
    assert!(found.contains(&damaged("2 app keys sign, not one")), "{found}");
    let sandbox = Sandbox::with_admin();
    sandbox.sql("UPDATE keys SET state = 'standby'");
    finds(&sandbox, "store_damaged", &damaged("0 app keys sign, not one"));
}

#[test]
fn a_store_without_an_admin_is_found_from_the_first_user_on() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keys", "generate"]).ok();
    assert_snapshot!(check(&sandbox), @"ok");
    sandbox.register("ada", "lovelace");
    for role in ["role = 'minter'", "role = 'admin', disabled_at = 1"] {
        sandbox.sql(&format!("UPDATE users SET {role}"));
        finds(&sandbox, "store_damaged", &damaged("no admin can log in"));
    }
}

#[test]
fn files_that_others_can_use_are_found_and_not_repaired() {
    let sandbox = Sandbox::with_admin();
    for (end, loose) in [("db", 0o604), ("db-wal", 0o640), ("db-shm", 0o620)] {
        let file = sandbox.store().with_extension(end);
        set_mode(&file, loose);
        let what = format!(
            "others can use `~/.local/share/jeton/jeton.{end}`: its mode is {loose:04o}, not 0600"
        );
        finds(&sandbox, "insecure_permissions", &what);
        assert_eq!(mode(&file), loose);
        set_mode(&file, 0o600);
    }
    let directory = sandbox.store().parent().unwrap().to_owned();
    set_mode(&directory, 0o1777);
    let what =
        "the directory `~/.local/share/jeton` can be written by other users: its mode is 1777";
    finds(&sandbox, "insecure_permissions", what);
    set_mode(&directory, 0o755);
    assert_snapshot!(check(&sandbox), @"
    ok
    --- stderr
    warning: others can see what is in the directory `~/.local/share/jeton`: its mode is 0755, not 0700
    ");
}

#[test]
fn somebody_elses_files_are_found() {
    let sandbox = Sandbox::with_admin();
    for end in ["db-shm", "db"] {
        let file = sandbox.store().with_extension(end);
        if !given_away(&file) {
            return;
        }
        let output = check(&sandbox);
        assert!(output.stdout.starts_with("insecure_permissions: "), "{output:?}");
        assert!(redact(&sandbox, &output.stdout).ends_with(match end {
            "db" => "the store file is owned by another user\n",
            _ => "`~/.local/share/jeton/jeton.db-shm` is owned by another user\n",
        }));
        std::os::unix::fs::chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    }
    if given_away(sandbox.store().parent().unwrap()) {
        let what = "the directory `~/.local/share/jeton` belongs to another user";
        finds(&sandbox, "insecure_permissions", what);
    }
}

#[test]
fn what_others_refuse_is_looked_at_as_it_is() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store();
    sandbox.sql("UPDATE users SET role = 'user'");
    rusqlite::Connection::open(&store).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let newer = "the store has schema version 3, this program knows 2";
    finds(&sandbox, "store_newer", newer);
    fs::write(&store, "a letter to somebody\n".repeat(400)).unwrap();
    set_mode(&store, 0o644);
    let output = check(&sandbox);
    let codes: Vec<_> = output.stdout.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!((output.code, codes), (78, vec!["insecure_permissions", "store_foreign"]));
    assert_eq!(mode(&store), 0o644);
    let elsewhere = sandbox.home().join("elsewhere.db");
    fs::rename(&store, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &store).unwrap();
    finds(&sandbox, "insecure_permissions", "the store file is a symbolic link");
    fs::remove_file(&store).unwrap();
    assert_snapshot!(check(&sandbox), @"
    --- exit code 3, stderr
    error: there is no store at `~/.local/share/jeton/jeton.db`
    hint: make one: jeton init
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
    warning: user 1 has 2 live tokens, and may have 1
    ");
    sandbox.run(&["token", "revoke", "1"]).ok();
    assert_snapshot!(check(&sandbox), @"ok");
}
