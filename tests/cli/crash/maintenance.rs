//! `store backup`, `store restore` and `store prune` killed before every file-system call that is
//! not read-only: a backup is complete or missing, a restore is complete or has no effect, and the
//! audit log counts exactly the rows that a killed prune deleted.

use super::{
    READ_ONLY_CALLS, assert_intact, call_names, check_files_and_find_partial, file_names,
    kill_before_each_call, query_store_copy, require_strace, run_killed,
};
use crate::sandbox::Sandbox;
use std::cell::Cell;

/// The temporary file name of a backup until the backup is complete.
const PARTIAL_BACKUP: &str = ".jeton-backup.new";

const PRUNE: [&str; 3] = ["store", "prune", "-q"];

/// Returns the distinct names of the file-system calls of the command that are not read-only.
fn writing_call_names(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let mut names = call_names(sandbox, arguments);
    names.retain(|name| !READ_ONLY_CALLS.contains(&name.as_str()));
    names
}

#[test]
#[ignore = "needs strace"]
fn killed_backup_is_complete_or_missing() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let directory = sandbox.home().join("copies");
    std::fs::create_dir(&directory).unwrap();
    let (copy, backup) = (directory.join("a.db"), ["store", "backup", "copies/a.db", "-q"]);
    let names = writing_call_names(&sandbox, &backup);
    let (mut complete, mut missing) = (0, 0);
    let kills = kill_before_each_call(
        &names,
        |call, nth| {
            let _ = std::fs::remove_file(&copy);
            run_killed(&sandbox, &backup, call, nth)
        },
        |when| {
            let files = file_names(&directory);
            let partial = [PARTIAL_BACKUP.to_owned(), format!("{PARTIAL_BACKUP}-journal")];
            let is_known = |name: &String| name == "a.db" || partial.contains(name);
            assert!(files.iter().all(is_known), "{when}: {files:?}");
            if copy.exists() {
                complete += 1;
                let check = ["store", "check", "-q", "--store", "copies/a.db"];
                assert_eq!(sandbox.run(&check).ok().stdout, "ok\n", "{when}");
                // `store check` leaves an empty WAL.
                for suffix in ["db-wal", "db-shm"] {
                    std::fs::remove_file(copy.with_extension(suffix)).unwrap();
                }
            } else {
                missing += 1;
            }
            sandbox.run(&["store", "backup", "copies/b.db"]).ok();
            std::fs::remove_file(directory.join("b.db")).unwrap();
            assert!(
                !file_names(&directory).iter().any(|name| name.starts_with(PARTIAL_BACKUP)),
                "{when}"
            );
            check_files_and_find_partial(&sandbox, when);
        },
    );
    println!("{kills} kills, {complete} complete, {missing} missing");
    assert!(kills > 60 && complete > 0 && missing > 0, "{kills} {complete} {missing}");
    assert_intact(&sandbox);
}

#[test]
#[ignore = "needs strace"]
fn killed_restore_leaves_old_or_restored_store() {
    const BACKUP: &str = "copies/a.db";
    const PARTIAL_FILES: [&str; 2] = [".jeton-restore.new", ".jeton-before-restore.new"];
    require_strace();
    let sandbox = Sandbox::with_admin();
    std::fs::create_dir(sandbox.home().join("copies")).unwrap();
    sandbox.run(&["store", "backup", BACKUP]).ok();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["store", "backup", "copies/old.db"]).ok();
    let restore = ["store", "restore", BACKUP, "--yes", "-q"];
    let directory = sandbox.store_path().parent().unwrap().to_owned();
    let kept_store = directory.join("jeton.db.before-restore");
    let remove_kept_store = || {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", kept_store.display()));
        }
    };
    let names = writing_call_names(&sandbox, &restore);
    let (mut restored, mut unrestored) = (0, 0);
    let kills = kill_before_each_call(
        &names,
        |call, nth| {
            remove_kept_store();
            sandbox.run(&["store", "restore", "copies/old.db", "--yes"]).ok();
            remove_kept_store();
            // When the restore starts, these changes exist only in the WAL of the store.
            sandbox.run(&["settings", "set", "token.ttl", "1d"]).ok();
            sandbox.run(&["settings", "unset", "token.ttl"]).ok();
            run_killed(&sandbox, &restore, call, nth)
        },
        |when| {
            let start = std::time::Instant::now();
            let code = sandbox.run(&["token", "verify", &token]).code;
            assert!(start.elapsed().as_secs() < 5, "{when}");
            *(if code == 0 { &mut unrestored } else { &mut restored }) += 1;
            assert!(code == 0 || code == 10, "{when}: {code}");
            assert_eq!(sandbox.run(&["store", "check", "-q"]).ok().stdout, "ok\n", "{when}");
            let restore_count = "SELECT count(*) || '' FROM audit WHERE action = 'store restore'";
            let restore_count = query_store_copy(&sandbox, restore_count);
            // The audit logs of `copies/a.db` and `copies/old.db` have no restore, and each restore
            // adds one row to the audit log of the restored store.
            assert_eq!(restore_count, "1", "{when}");
            assert!(code == 0 || kept_store.exists(), "{when}");
            if kept_store.exists() {
                let words = ["--store", kept_store.to_str().unwrap(), "token", "verify", &token];
                assert_eq!(sandbox.run(&words).code, 0, "{when}");
            }
            let mut files = file_names(&directory);
            files.retain(|name| !name.starts_with("jeton.db"));
            let is_known =
                |name: &String| PARTIAL_FILES.iter().any(|known| name.starts_with(known));
            assert!(files.iter().all(is_known), "{when}: {files:?}");
        },
    );
    remove_kept_store();
    sandbox.run(&restore).ok();
    let files = file_names(&directory);
    assert!(files.iter().all(|name| name.starts_with("jeton.db")), "{files:?}");
    println!("{kills} kills, store {restored} times restored and {unrestored} times unchanged");
    assert!(kills > 60 && restored > 0 && unrestored > 0, "{kills} {restored} {unrestored}");
    assert_intact(&sandbox);
}

#[test]
#[ignore = "needs strace"]
fn killed_prune_counts_deleted_rows() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "create", "app"]).ok();
    let names = writing_call_names(&sandbox, &PRUNE);
    let inserted_tokens = Cell::new(0);
    let (mut kept_count, mut deleted_count) = (0, 0);
    let kills = kill_before_each_call(
        &names,
        |call, nth| {
            inserted_tokens.set(inserted_tokens.get() + 1);
            sandbox.sql(&format!(
                "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
                     VALUES (unhex(printf('%032x', {})), 1, 1, 1, 2) RETURNING id",
                inserted_tokens.get()
            ));
            run_killed(&sandbox, &PRUNE, call, nth)
        },
        |when| {
            let row_counts = query_store_copy(
                &sandbox,
                "SELECT (SELECT count(*) FROM tokens WHERE expires_at = 2) || ' ' ||
                     (SELECT ifnull(sum(count), 0) FROM audit WHERE action = 'store prune')",
            );
            let (expired, counted) = row_counts.split_once(' ').unwrap();
            let (expired, counted): (usize, usize) =
                (expired.parse().unwrap(), counted.parse().unwrap());
            assert_eq!(expired + counted, inserted_tokens.get(), "{when}");
            *(if expired > 0 { &mut kept_count } else { &mut deleted_count }) += 1;
            check_files_and_find_partial(&sandbox, when);
            sandbox.run(&PRUNE).ok();
            assert_eq!(sandbox.run(&["token", "show", "1"]).ok().stderr, "", "{when}");
        },
    );
    println!(
        "{kills} kills, expired token {kept_count} times kept and {deleted_count} times deleted"
    );
    assert!(
        kills > 40 && kept_count > 0 && deleted_count > 0,
        "{kills} {kept_count} {deleted_count}"
    );
    assert_intact(&sandbox);
}
