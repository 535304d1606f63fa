//! Password hashes of deleted users and replaced password hashes are neither in the files of the
//! store nor in later backups. A backup has no free pages.

use crate::sandbox::Sandbox;
use std::fs;
use std::path::Path;

/// Returns the password hashes of all users.
fn password_hashes(sandbox: &Sandbox) -> Vec<String> {
    sandbox.sql("SELECT password FROM users WHERE password IS NOT NULL ORDER BY id")
}

/// Returns the number of texts that occur in the file.
fn count_contained(path: &Path, texts: &[String]) -> usize {
    let bytes = fs::read(path).unwrap();
    texts
        .iter()
        .filter(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        .count()
}

#[test]
fn password_hashes_of_deleted_users_are_in_no_store_file_or_backup() {
    let sandbox = Sandbox::with_admin();
    let rows: String = (0..30).fold("username,password\n".to_owned(), |rows, number| {
        rows + &format!("user{number},password{number}\n")
    });
    fs::write(sandbox.home().join("users.csv"), rows).unwrap();
    sandbox.run(&["users", "import", "users.csv"]).ok();
    // The first hash is the hash of ada.
    let user_hashes = password_hashes(&sandbox).split_off(1);
    assert_eq!(user_hashes.len(), 30);
    assert_eq!(count_contained(&sandbox.store_path(), &user_hashes), 30);
    for number in 0..30 {
        sandbox.run(&["users", "delete", &format!("user{number}"), "--yes"]).ok();
    }
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    for file in [
        sandbox.store_path(),
        sandbox.store_path().with_extension("db-wal"),
        sandbox.home().join("copy.db"),
    ] {
        assert_eq!(count_contained(&file, &user_hashes), 0, "{file:?}");
    }
}

#[test]
fn replaced_password_hash_is_in_no_store_file() {
    let sandbox = Sandbox::with_admin();
    let mut replaced_hashes = Vec::new();
    for (words, input) in [
        (&["passwd", "--password-stdin"][..], "lovelace\ncountess"),
        (&["recover", "ada", "--password-stdin"], "lovelace"),
    ] {
        // The query moves the hash from the WAL to the store file.
        let current_hash = password_hashes(&sandbox);
        assert_eq!(count_contained(&sandbox.store_path(), &current_hash), 1);
        replaced_hashes.extend(current_hash);
        sandbox.run_with_input(words, input).ok();
        for file in [sandbox.store_path(), sandbox.store_path().with_extension("db-wal")] {
            assert_eq!(count_contained(&file, &replaced_hashes), 0, "{file:?}");
        }
    }
}

#[test]
fn backup_has_no_free_pages_and_is_in_wal_mode() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["token", "mint", "--record", "--count", "3000"]).ok();
    let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
    store.execute_batch("DELETE FROM tokens").unwrap();
    let query_number = |store: &rusqlite::Connection, sql: &str| {
        store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert!(query_number(&store, "PRAGMA freelist_count") > 50);
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    assert!(
        !sandbox.home().join("copy.db-wal").exists()
            && !sandbox.home().join("copy.db-journal").exists()
    );
    let copy = rusqlite::Connection::open(sandbox.home().join("copy.db")).unwrap();
    assert_eq!(query_number(&copy, "PRAGMA freelist_count"), 0);
    let journal_mode: String = copy.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(journal_mode, "wal");
    assert_eq!(
        query_number(&copy, "PRAGMA user_version"),
        query_number(&store, "PRAGMA user_version")
    );
}
