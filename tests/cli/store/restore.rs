//! `jeton store restore`

use super::backup::read_tables;
use super::{damage_page, mode_of, remove_wal, set_mode, store_files};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rusqlite::Connection;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

pub(super) const RESTORE: [&str; 4] = ["store", "restore", "monday.db", "--yes"];

/// Returns the path at which a restore keeps the previous store.
pub(super) fn previous_store(sandbox: &Sandbox) -> PathBuf {
    sandbox.store_path().with_file_name("jeton.db.before-restore")
}

/// Creates a store and the backup `monday.db`. Also returns an app token that was revoked after the
/// backup.
pub(super) fn sandbox_with_backup() -> (Sandbox, String) {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["store", "backup", "monday.db"]).ok();
    sandbox.run(&["token", "revoke", "1"]).ok();
    (sandbox, token)
}

/// Returns the rows of all tables except `audit`.
pub(super) fn rows_without_audit(store: &Path) -> Vec<(String, Vec<String>)> {
    read_tables(store).into_iter().filter(|(table, _)| table != "audit").collect()
}

fn assert_store_ok(sandbox: &Sandbox, store: &Path) {
    let output = sandbox.run(&["--store", store.to_str().unwrap(), "store", "check", "-q"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "ok\n"), "{output:?}");
}

#[test]
fn restore_replaces_the_content_and_keeps_the_previous_store() {
    let (sandbox, token) = sandbox_with_backup();
    // If only the store file is overwritten with the backup, SQLite still reads commits in the WAL.
    let [store, wal, _] = store_files(&sandbox);
    assert!(fs::metadata(&wal).unwrap().len() > 0);
    fs::copy(sandbox.home().join("monday.db"), &store).unwrap();
    assert_eq!(sandbox.run(&["token", "verify", &token]).code, 12, "the WAL has the revocation");
    let output = sandbox.run(&RESTORE);
    assert_snapshot!(output, @"
    --- stderr
    restored monday.db; previous store: ~/.local/share/jeton/jeton.db.before-restore
    ");
    let [store, wal, index] = store_files(&sandbox);
    assert!(!wal.exists() && !index.exists());
    sandbox.run(&["token", "verify", &token]).ok();
    assert!(rows_without_audit(&store) == rows_without_audit(&sandbox.home().join("monday.db")));
    let previous = previous_store(&sandbox);
    let verify_in_previous = ["--store", previous.to_str().unwrap(), "token", "verify", &token];
    assert_eq!(sandbox.run(&verify_in_previous).code, 12);
    assert_store_ok(&sandbox, &store);
    assert_store_ok(&sandbox, &previous_store(&sandbox));
    assert_eq!((mode_of(&store), mode_of(&previous_store(&sandbox))), (0o600, 0o600));
    let entries = fs::read_dir(store.parent().unwrap()).unwrap();
    let is_hidden = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('.');
    assert!(!entries.map(|entry| entry.unwrap().path()).any(|path| is_hidden(&path)));
    let audit_sql =
        "SELECT concat_ws(' ', user_id, target_kind, target_id, outcome, count) FROM audit
        WHERE action = 'store restore'";
    assert_eq!(sandbox.sql(audit_sql), ["1 store done 1"]);
}

#[test]
fn second_restore_is_refused_until_previous_store_is_moved() {
    let (sandbox, token) = sandbox_with_backup();
    sandbox.run(&RESTORE).ok();
    sandbox.run(&["token", "revoke", &token]).ok();
    let before =
        (rows_without_audit(&sandbox.store_path()), fs::read(previous_store(&sandbox)).unwrap());
    let output = sandbox.run(&RESTORE).fails(5);
    assert!(
        (rows_without_audit(&sandbox.store_path()), fs::read(previous_store(&sandbox)).unwrap())
            == before
    );
    let hint = output.stderr.lines().last().unwrap().strip_prefix("hint: move the file: ").unwrap();
    let status = Command::new("sh").args(["-c", hint]).status().unwrap();
    assert!(status.success(), "{hint}");
    let directory = sandbox.store_path().with_file_name("before-restore");
    assert_snapshot!(sandbox.run_json(&RESTORE), @r#"{"changed":true,"backup":"monday.db","previous_store":"~/.local/share/jeton/jeton.db.before-restore","needs_migration":false}"#);
    sandbox.run(&["token", "verify", &token]).ok();
    assert_store_ok(&sandbox, &directory.join("jeton.db.before-restore"));
    // A restore of the original store undoes the first restore.
    fs::remove_file(previous_store(&sandbox)).unwrap();
    let original_store = directory.join("jeton.db.before-restore");
    sandbox.run(&["store", "restore", original_store.to_str().unwrap(), "--yes"]).ok();
    assert_eq!(sandbox.run(&["token", "verify", &token]).code, 12);
}

#[test]
fn missing_store_is_restored_without_confirmation() {
    let (sandbox, token) = sandbox_with_backup();
    let output = sandbox.run(&["--store", "new/place/a.db", "store", "restore", "monday.db"]);
    assert_snapshot!(output, @"
    --- stderr
    restored monday.db
    ");
    let directory = sandbox.home().join("new/place");
    assert_eq!((mode_of(&directory), mode_of(&directory.join("a.db"))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    sandbox.run(&["--store", "new/place/a.db", "token", "verify", &token]).ok();
    assert_store_ok(&sandbox, &directory.join("a.db"));
    // A WAL without its store is kept.
    fs::remove_file(directory.join("a.db")).unwrap();
    fs::write(directory.join("a.db-wal"), "commits").unwrap();
    set_mode(&directory.join("a.db-wal"), 0o600);
    sandbox.run(&["--store", "new/place/a.db", "store", "restore", "monday.db"]).ok();
    assert_eq!(fs::read_to_string(directory.join("a.db.before-restore-wal")).unwrap(), "commits");
    assert_store_ok(&sandbox, &directory.join("a.db"));
}

#[test]
fn damaged_store_is_replaced_and_its_files_are_kept() {
    for (page, offset) in [(0, 0), (0, 100), (1, 0), (3, 0)] {
        let (sandbox, token) = sandbox_with_backup();
        let undamaged_bytes = remove_wal(&sandbox);
        damage_page(&sandbox.store_path(), &undamaged_bytes, page, offset);
        let damaged_bytes = fs::read(sandbox.store_path()).unwrap();
        let wal = store_files(&sandbox)[1].clone();
        if offset == 0 && page == 0 {
            fs::write(&wal, "a log").unwrap();
            set_mode(&wal, 0o600);
        }
        sandbox.run(&RESTORE).ok();
        sandbox.run(&["token", "verify", &token]).ok();
        assert_store_ok(&sandbox, &sandbox.store_path());
        assert!(
            fs::read(previous_store(&sandbox)).unwrap() == damaged_bytes,
            "page {page}, offset {offset}"
        );
        if offset == 0 && page == 0 {
            let kept_wal = sandbox.store_path().with_file_name("jeton.db.before-restore-wal");
            assert_eq!(fs::read_to_string(kept_wal).unwrap(), "a log");
        }
    }
}

#[test]
fn wal_of_the_backup_is_restored() {
    let (sandbox, _) = sandbox_with_backup();
    let file = sandbox.home().join("monday.db");
    let other_file = sandbox.home().join("other.db");
    // The new row stays in the WAL, because the connection remains open.
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; INSERT INTO settings VALUES ('issuer', 'Countess', 1)",
        )
        .unwrap();
    for suffix in ["", "-wal"] {
        let with_suffix = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(with_suffix(&file), with_suffix(&other_file)).unwrap();
        set_mode(&with_suffix(&other_file), 0o600);
    }
    sandbox.run(&["store", "restore", "other.db", "--yes"]).ok();
    assert_eq!(sandbox.sql("SELECT value FROM settings WHERE name = 'issuer'"), ["Countess"]);
}

/// Starts `token mint`, and reads only the first byte of its output. The command waits until the
/// rest is read, and keeps the store open.
fn start_blocked_mint(sandbox: &Sandbox) -> Child {
    let mut mint =
        Sandbox::start(&mut sandbox.command(&["token", "mint", "--record", "--count", "20000"]));
    mint.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    mint
}

#[test]
fn restore_waits_for_processes_that_use_the_store_or_fails_after_the_time_limit() {
    let (sandbox, token) = sandbox_with_backup();
    let mut mint = start_blocked_mint(&sandbox);
    let start = Instant::now();
    let error = sandbox.json_error(&[&RESTORE[..], &["--wait", "1s"]].concat());
    assert_eq!((&error["exit_code"], &error["code"]), (&75.into(), &"busy".into()));
    assert!((1..10).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(!previous_store(&sandbox).exists());
    assert_eq!(sandbox.run(&["token", "verify", &token]).code, 12);
    mint.kill().unwrap();
    mint.wait().unwrap();
    let mut mint = start_blocked_mint(&sandbox);
    let restore = Sandbox::start(&mut sandbox.command(&RESTORE));
    std::thread::sleep(Duration::from_millis(500));
    mint.kill().unwrap();
    mint.wait().unwrap();
    RunOutput::from(restore.wait_with_output().unwrap()).ok();
    sandbox.run(&["token", "verify", &token]).ok();
}

#[test]
fn commands_that_wait_for_restore_use_the_restored_store() {
    let (sandbox, token) = sandbox_with_backup();
    // The backup is so large that the commands below start during the restore.
    let backup = Connection::open(sandbox.home().join("monday.db")).unwrap();
    backup
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300000)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
         SELECT unhex(printf('%032x', n)), 1, 1, 1, 2 FROM n;
         UPDATE settings SET value = 'unlimited' WHERE name = 'token.quota';
         INSERT OR IGNORE INTO settings VALUES ('token.quota', 'unlimited', 1)",
        )
        .unwrap();
    drop(backup);
    let mut restore = Sandbox::start(&mut sandbox.command(&RESTORE));
    let temporary_store = sandbox.store_path().with_file_name(".jeton-restore.new");
    while !temporary_store.exists() {
        assert!(restore.try_wait().unwrap().is_none());
    }
    let create = || sandbox.command(&["token", "create", "waiting"]);
    let created = Sandbox::run_in_parallel((0..4).map(|_| create()));
    RunOutput::from(restore.wait_with_output().unwrap()).ok();
    for output in created {
        sandbox.run(&["token", "verify", output.ok().stdout.trim()]).ok();
    }
    sandbox.run(&["token", "verify", &token]).ok();
    let sql =
        "SELECT count(*) FROM tokens t JOIN grants g ON g.id = grant_id WHERE app = 'waiting'";
    assert_eq!(sandbox.sql(sql), ["4"]);
    let replaced_store = Connection::open(previous_store(&sandbox)).unwrap();
    let waiting_token_count: i64 = replaced_store.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(waiting_token_count, 0);
}

#[test]
fn backup_of_another_store_replaces_the_store_id_and_is_audited_without_user() {
    let (sandbox, _) = sandbox_with_backup();
    let source = Sandbox::with_admin();
    source.run(&["store", "backup", "monday.db"]).ok();
    fs::copy(source.home().join("monday.db"), sandbox.home().join("monday.db")).unwrap();
    sandbox.run(&RESTORE).ok();
    let audit_sql = "SELECT ifnull(user_id, 'nobody') FROM audit WHERE action = 'store restore'";
    assert_eq!(sandbox.sql(audit_sql), ["nobody"]);
    let store_id = |sandbox: &Sandbox| sandbox.json(&["store", "info"])["store_id"].to_string();
    assert_eq!(store_id(&sandbox), store_id(&source));
}

#[test]
fn backup_with_older_schema_needs_migration_after_restore() {
    let (sandbox, _) = sandbox_with_backup();
    let file = sandbox.home().join("old.db");
    let old_backup = Connection::open(&file).unwrap();
    old_backup.execute_batch(include_str!("../../../src/store/migrations/0001_first.sql")).unwrap();
    old_backup
        .execute_batch(
            "INSERT INTO store (one, store_id, created_at) VALUES (1, zeroblob(16), 0);
         INSERT INTO keys (kid, purpose, algorithm, state, material, created_at)
             VALUES ('a', 'app', 'HS256', 'active', zeroblob(32), 0);
         PRAGMA user_version = 1; PRAGMA application_id = 0x6A65746E",
        )
        .unwrap();
    drop(old_backup);
    set_mode(&file, 0o600);
    let output = sandbox.run(&["store", "restore", "old.db", "--yes"]).ok();
    assert_snapshot!(output, @"
    --- stderr
    restored old.db; previous store: ~/.local/share/jeton/jeton.db.before-restore
    the backup is from an older jeton version
    hint: migrate the store: jeton store migrate
    ");
    assert_eq!(sandbox.run(&["keys", "list"]).code, 78);
    sandbox.run(&["store", "migrate"]).ok();
    sandbox.run(&["keys", "list"]).ok();
    let audit_sql = "SELECT action FROM audit ORDER BY id";
    assert_eq!(sandbox.sql(audit_sql), ["store restore", "store migrate"]);
    assert_eq!(sandbox.sql("PRAGMA journal_mode"), ["wal"]);
}

#[test]
fn backup_with_a_different_page_size_is_restored_in_wal_mode() {
    let (sandbox, token) = sandbox_with_backup();
    let other_file = sandbox.home().join("other.db");
    let backup = Connection::open(sandbox.home().join("monday.db")).unwrap();
    backup
        .execute_batch(&format!(
            "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM INTO '{}'",
            other_file.display()
        ))
        .unwrap();
    drop(backup);
    set_mode(&other_file, 0o600);
    sandbox.run(&["store", "restore", "other.db", "--yes"]).ok();
    sandbox.run(&["token", "verify", &token]).ok();
    assert_store_ok(&sandbox, &sandbox.store_path());
    assert_eq!(sandbox.sql("PRAGMA journal_mode"), ["wal"]);
}
