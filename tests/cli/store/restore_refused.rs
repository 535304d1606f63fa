//! Refusals of `jeton store restore`.

use super::restore::{RESTORE, previous_store, rows_without_audit, sandbox_with_backup};
use super::{damage_page, mode_of, set_mode};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rusqlite::Connection;
use std::fs;

/// Runs a restore with `-o json`. Asserts that the restore fails with the exit code and the error
/// code, changes no row except in the audit log, creates no previous store, and leaves no temporary
/// file. Runs the restore again without `-o json`, and returns the output.
#[track_caller]
fn check_refusal(
    sandbox: &Sandbox,
    arguments: &[&str],
    exit_code: i32,
    error_code: &str,
) -> RunOutput {
    let (before, had_previous_store) =
        (rows_without_audit(&sandbox.store_path()), previous_store(sandbox).exists());
    let error = sandbox.json_error(arguments);
    assert_eq!(
        (&error["exit_code"], &error["code"]),
        (&exit_code.into(), &error_code.into()),
        "{error}"
    );
    assert!(
        rows_without_audit(&sandbox.store_path()) == before
            && previous_store(sandbox).exists() == had_previous_store
    );
    assert!(!sandbox.store_path().with_file_name(".jeton-restore.new").exists());
    sandbox.run(arguments)
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn refused_restore_leaves_the_store_unchanged_and_world_readable_backup_causes_a_warning() {
    let (sandbox, _) = sandbox_with_backup();
    let file = sandbox.home().join("monday.db");
    let undamaged_bytes = fs::read(&file).unwrap();
    let change_backup = |sql: &str| {
        fs::write(&file, &undamaged_bytes).unwrap();
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    };
    change_backup("PRAGMA user_version = 99");
    let output = check_refusal(&sandbox, &RESTORE, 78, "store_newer");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `monday.db` cannot be restored: unsupported schema version: found 99, expected at most 3
    hint: install a newer jeton
    ");
    change_backup("CREATE VIEW more AS SELECT 1");
    let output = check_refusal(&sandbox, &RESTORE, 78, "store_damaged");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `monday.db` cannot be restored: store damaged: unknown view `more`
    hint: list all faults: jeton --store monday.db store check
    ");
    change_backup("UPDATE keys SET state = 'retired'");
    check_refusal(&sandbox, &RESTORE, 78, "store_damaged");
    change_backup("PRAGMA application_id = 7");
    check_refusal(&sandbox, &RESTORE, 78, "store_foreign");
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(sandbox.home().join(format!("monday.db{suffix}")));
    }
    damage_page(&file, &undamaged_bytes, 2, 0);
    check_refusal(&sandbox, &RESTORE, 78, "store_damaged");
    fs::write(&file, "").unwrap();
    let output = check_refusal(&sandbox, &RESTORE, 78, "store_foreign");
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `monday.db` is not a jeton store
    ");
    fs::write(&file, "other content").unwrap();
    check_refusal(&sandbox, &RESTORE, 78, "store_foreign");
    let store = sandbox.store_path();
    let restore_itself = ["store", "restore", store.to_str().unwrap(), "--yes"];
    check_refusal(&sandbox, &restore_itself, 2, "usage");
    check_refusal(&sandbox, &["store", "restore", "nowhere.db", "--yes"], 2, "usage");
    check_refusal(&sandbox, &["store", "restore", "-", "--yes"], 2, "usage");
    std::os::unix::fs::symlink("monday.db", sandbox.home().join("link.db")).unwrap();
    fs::write(&file, &undamaged_bytes).unwrap();
    check_refusal(&sandbox, &["store", "restore", "link.db", "--yes"], 78, "insecure_permissions");
    let shared_directory = sandbox.home().join("open");
    fs::create_dir(&shared_directory).unwrap();
    fs::copy(&file, shared_directory.join("a.db")).unwrap();
    set_mode(&shared_directory, 0o777);
    let restore_from_shared = ["store", "restore", "open/a.db", "--yes"];
    check_refusal(&sandbox, &restore_from_shared, 78, "insecure_permissions");
    // A restore without `--yes` and without a terminal is refused.
    let output = sandbox.run(&RESTORE[..3]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    // A world-readable backup is restored, but with a warning.
    set_mode(&file, 0o644);
    let output = sandbox.run(&RESTORE).ok();
    assert_snapshot!(output, @"
    --- stderr
    warning: `~/monday.db` is accessible to other users: found mode 0644, expected 0600
    restored monday.db; previous store: ~/.local/share/jeton/jeton.db.before-restore
    ");
    assert_eq!(mode_of(&sandbox.store_path()), 0o600);
}

#[test]
fn database_of_another_program_is_not_replaced() {
    let (sandbox, _) = sandbox_with_backup();
    let foreign_database = sandbox.home().join("other.db");
    let sql = "CREATE TABLE t (a); PRAGMA application_id = 7";
    Connection::open(&foreign_database).unwrap().execute_batch(sql).unwrap();
    let before = fs::read(&foreign_database).unwrap();
    let output = sandbox.run(&["--store", "other.db", "store", "restore", "monday.db", "--yes"]);
    assert_snapshot!(output, @"
    --- exit code 78, stderr
    error: `other.db` is not a jeton store
    ");
    assert!(fs::read(&foreign_database).unwrap() == before);
}

#[test]
fn restore_requires_an_admin_or_the_file_owner_without_credentials() {
    let mut sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["store", "backup", "monday.db"]).ok();
    let access = sandbox.session_member("access");
    sandbox.log_in("john", "123456");
    let output = check_refusal(&sandbox, &RESTORE, 7, "forbidden");
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can administer the store: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let refused_count_sql =
        "SELECT count(*) FROM audit WHERE action = 'store restore' AND outcome = 'forbidden'";
    assert_eq!(sandbox.sql(refused_count_sql), ["2"]);
    sandbox.run(&["token", "revoke", &access]).ok();
    sandbox.set_variable("JETON_TOKEN", &access);
    check_refusal(&sandbox, &RESTORE, 12, "token_revoked");
    sandbox.set_variable("JETON_TOKEN", "x.y.z");
    check_refusal(&sandbox, &RESTORE, 10, "invalid_token");
    sandbox.set_variable("JETON_TOKEN", "");
    sandbox.run(&["logout"]).ok();
    sandbox.run(&RESTORE).ok();
    let audit_sql = "SELECT ifnull(user_id, 'nobody') FROM audit WHERE action = 'store restore'";
    assert_eq!(sandbox.sql(audit_sql), ["nobody"]);
}
