//! `jeton store backup`

use super::{mode_of, run_with_umask_0, set_mode};
use crate::sandbox::Sandbox;
use indicatif::HumanBytes;
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Returns the rows of each table, without the audit events of backups and copies. Each row is one
/// text. Reads the tables with SQLite, not with jeton. Asserts that SQLite detects no damage.
pub(super) fn read_tables(store: &Path) -> BTreeMap<String, Vec<String>> {
    let store = rusqlite::Connection::open(store).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = store.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(texts("PRAGMA integrity_check"), ["ok"]);
    let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let rows_of = |table: &String| {
        let columns =
            texts(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
        let row_sql = columns.join(" || ' ' || ");
        texts(&format!(
            "SELECT * FROM (SELECT {row_sql} AS row FROM {table}) WHERE row NOT LIKE '%store backup%' AND row NOT LIKE '%store copy%'"
        ))
    };
    tables.iter().map(|table| (table.clone(), rows_of(table))).collect()
}

fn file_names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn backup_has_the_content_of_the_store() {
    let sandbox = Sandbox::with_john();
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    sandbox.run(&["token", "revoke", "1"]).ok();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "mint", "--record", "--count", "100"]).ok();
    let directory = sandbox.home().join("copies");
    fs::create_dir(&directory).unwrap();
    set_mode(&directory, 0o755);
    // A new backup replaces the temporary file that a killed backup left.
    fs::write(directory.join(".jeton-backup.new"), "half").unwrap();
    let output = sandbox.run(&["store", "backup", "copies/copy.db"]);
    let copy = directory.join("copy.db");
    let bytes = fs::metadata(&copy).unwrap().len();
    let output = output.to_string().replace(&HumanBytes(bytes).to_string(), "<size>");
    assert_snapshot!(output, @"
    --- stderr
    wrote copies/copy.db, <size>
    ");
    assert_eq!((file_names(&directory), mode_of(&copy)), (vec!["copy.db".to_owned()], 0o600));
    assert!(read_tables(&copy) == read_tables(&sandbox.store_path()));

    let output = sandbox.run_json(&["store", "backup", "another.db"]).to_string();
    assert_snapshot!(output.replace(&bytes.to_string(), "<size>"), @r#"{"changed":true,"backup":"another.db","size_bytes":<size>}"#);

    let run_on_copy =
        |arguments: &[&str]| sandbox.run(&[&["--store", "copies/copy.db"], arguments].concat());
    assert_snapshot!(run_on_copy(&["store", "check", "-q"]), @"
    ok
    --- stderr
    warning: directory `~/copies` is accessible to other users: found mode 0755, expected 0700
    ");
    assert_eq!(run_on_copy(&["token", "verify", &token]).code, 12);
    assert_eq!(
        run_on_copy(&["whoami"]).code,
        4,
        "the copy does not share the session of the store"
    );
    let login = ["--store", "copies/copy.db", "login", "john", "--password-stdin"];
    sandbox.run_with_input(&login, "123456").ok();
    run_on_copy(&["token", "create", "other"]).ok();
}

#[test]
fn backup_ignores_the_umask() {
    let sandbox = Sandbox::with_admin();
    run_with_umask_0(&sandbox, "store backup copy.db").ok();
    assert_eq!(mode_of(&sandbox.home().join("copy.db")), 0o600);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn backup_to_existing_file_or_unusable_path_is_refused() {
    let sandbox = Sandbox::with_admin();
    let (file, link) = (sandbox.home().join("file"), sandbox.home().join("link"));
    fs::write(&file, "other content").unwrap();
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let mut outputs = String::new();
    for name in ["file", "link", ".config", ".local/share/jeton/jeton.db"] {
        let output = sandbox.run(&["store", "backup", name]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton store backup file
    --- exit code 5, stderr
    error: `file` already exists
    hint: use another file name, or remove the existing file
    $ jeton store backup link
    --- exit code 5, stderr
    error: `link` already exists
    hint: use another file name, or remove the existing file
    $ jeton store backup .config
    --- exit code 5, stderr
    error: `.config` already exists
    hint: use another file name, or remove the existing file
    $ jeton store backup .local/share/jeton/jeton.db
    --- exit code 5, stderr
    error: `.local/share/jeton/jeton.db` already exists
    hint: use another file name, or remove the existing file
    ");
    assert_eq!(fs::read_to_string(file).unwrap(), "other content");
    assert_snapshot!(sandbox.run(&["store", "backup", "nowhere/copy.db"]), @"
    --- exit code 2, stderr
    error: `nowhere/copy.db` cannot be written: No such file or directory
    ");
    assert_eq!(sandbox.run(&["store", "backup", ".."]).code, 5);
    assert_snapshot!(sandbox.run(&["store", "backup", "-"]), @"
    --- exit code 2, stderr
    error: backup to standard output is not supported
    hint: give a file name: jeton store backup FILE
    ");
    sandbox.run(&["store", "backup", "copy.db"]).ok();
    assert_eq!(sandbox.json_error(&["store", "backup", "copy.db"])["code"], "file_exists");
    // If only the file `other.db` of an older backup was deleted, its WAL remains. SQLite would
    // read this WAL as the WAL of the new backup.
    let mut outputs = String::new();
    for suffix in ["-wal", "-shm", "-journal"] {
        let leftover_file = sandbox.home().join(format!("other.db{suffix}"));
        fs::write(&leftover_file, "log of another file").unwrap();
        let output = sandbox.run(&["store", "backup", "other.db"]);
        outputs += &output.with_command();
        fs::remove_file(leftover_file).unwrap();
    }
    assert_snapshot!(outputs, @"
    $ jeton store backup other.db
    --- exit code 5, stderr
    error: `other.db-wal` already exists
    hint: use another file name, or remove the existing file
    $ jeton store backup other.db
    --- exit code 5, stderr
    error: `other.db-shm` already exists
    hint: use another file name, or remove the existing file
    $ jeton store backup other.db
    --- exit code 5, stderr
    error: `other.db-journal` already exists
    hint: use another file name, or remove the existing file
    ");
    sandbox.run(&["store", "backup", "other.db"]).ok();
}

#[test]
fn backup_or_store_name_with_sqlite_suffix_is_refused() {
    let sandbox = Sandbox::with_admin();
    let store = sandbox.store_path().to_str().unwrap().to_owned();
    let mut outputs = String::new();
    for suffix in ["-wal", "-shm", "-journal"] {
        let name = format!("copy.db{suffix}");
        let output = sandbox.run(&["store", "backup", &name]);
        outputs += &output.with_command();
        // The refused `init` neither creates nor removes a file of the default store.
        let sqlite_file_of_store = format!("{store}{suffix}");
        let existed_before = Path::new(&sqlite_file_of_store).exists();
        let output =
            sandbox.run_with_input(&["--store", &name, "init", "--password-stdin"], "lovelace");
        outputs += &output.with_command();
        assert!(!sandbox.home().join(name).exists());
        assert_eq!(Path::new(&sqlite_file_of_store).exists(), existed_before);
    }
    assert_snapshot!(outputs, @"
    $ jeton store backup copy.db-wal
    --- exit code 2, stderr
    error: `copy.db-wal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    $ jeton --store copy.db-wal init --password-stdin
    --- exit code 2, stderr
    error: `copy.db-wal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    $ jeton store backup copy.db-shm
    --- exit code 2, stderr
    error: `copy.db-shm` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    $ jeton --store copy.db-shm init --password-stdin
    --- exit code 2, stderr
    error: `copy.db-shm` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    $ jeton store backup copy.db-journal
    --- exit code 2, stderr
    error: `copy.db-journal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    $ jeton --store copy.db-journal init --password-stdin
    --- exit code 2, stderr
    error: `copy.db-journal` has a suffix reserved by SQLite
    hint: use a name without the suffix `-wal`, `-shm` or `-journal`
    ");
}

#[test]
fn failed_backup_is_recorded_as_undelivered() {
    let sandbox = Sandbox::with_admin();
    // The name is too long for the file system.
    let output = sandbox.run(&["store", "backup", &"x".repeat(300)]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let audit_sql = "SELECT outcome || ' ' || count FROM audit WHERE action = 'store backup'";
    assert_eq!(sandbox.sql(audit_sql), ["undelivered 0"]);
}

#[test]
fn backup_during_writes_is_consistent() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "token.quota", "unlimited"]).ok();
    sandbox.stdout_of(&["token", "create", "app"]);
    // The added rows make each backup long enough to overlap with the writes.
    sandbox.sql(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 80000)
         INSERT INTO tokens (jti, grant_id, key_id, issued_at)
         SELECT unhex(printf('%032x', n)), 1, 1, 1 FROM n RETURNING 1",
    );
    let mut commands = Vec::new();
    for number in 0..4 {
        let writers = (0..4).map(|_| sandbox.command(&["token", "create", "app"]));
        commands.extend(writers);
        commands.push(sandbox.command(&["store", "backup", &format!("copy{number}.db")]));
    }
    for output in Sandbox::run_in_parallel(commands) {
        output.ok();
    }
    for number in 0..4 {
        let copy = sandbox.home().join(format!("copy{number}.db"));
        let store = rusqlite::Connection::open(copy).unwrap();
        let query = |sql| store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let audit_sql = "SELECT count(*) FROM audit WHERE action = 'token create'";
        assert_eq!(query("SELECT count(*) FROM tokens") - 80_000, query(audit_sql));
        let integrity_sql =
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
        assert_eq!(query(integrity_sql), 1);
    }
}
