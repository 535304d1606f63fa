//! Schema of a SQLite file: detection of its version, creation of a new store, and migration of an
//! older store.

use super::connect::map_open_error;
use super::expected_schema::check_schema;
use super::migrations::{APPLICATION_ID, MIGRATIONS};
use super::transaction::commit;
use super::{Error, NewEvent, Writer};
use crate::model::{KeySpec, KeyState, StoreId, Timestamp, Untrusted};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use uuid::Uuid;

/// Initial rows of a new store.
pub(crate) struct InitialRows {
    /// Random store id.
    pub(crate) id: StoreId,
    /// First key, for sessions and app tokens.
    pub(crate) key: KeySpec,
    /// Creation time.
    pub(crate) now: Timestamp,
}

/// Kind of a database file, by its header and schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DatabaseKind {
    /// No content.
    Empty,
    /// A store with the current schema version.
    CurrentStore,
}

/// Returns the schema version after all migrations of `history`.
fn schema_version(history: &[&str]) -> i64 {
    i64::try_from(history.len()).unwrap_or(i64::MAX)
}

/// Determines the kind of the file without a change to the file. The caller holds a transaction or
/// has opened the file exclusively, so that all reads see the same snapshot.
pub(super) fn detect_kind(connection: &Connection, path: &Path) -> Result<DatabaseKind, Error> {
    detect_kind_in(MIGRATIONS, connection, path)
}

/// Determines the kind as [`detect_kind`] does, with the migrations of `history` instead of
/// [`MIGRATIONS`].
fn detect_kind_in(
    history: &[&str],
    connection: &Connection,
    path: &Path,
) -> Result<DatabaseKind, Error> {
    let query_number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = query_number("PRAGMA application_id").map_err(map_open_error(path))?;
    let (found, expected) = (query_number("PRAGMA user_version")?, schema_version(history));
    if application == 0 && found == 0 && query_number("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(DatabaseKind::Empty);
    }
    if application != i64::from(APPLICATION_ID) {
        return Err(Error::NotAStore(path.to_owned()));
    }
    if found > expected {
        return Err(Error::NewerSchema { found, expected });
    }
    if found < 1 {
        return Err(Error::Damaged(format!("invalid schema version {found}")));
    }
    // The schema is checked before any of its tables is read. The queries above read only the file
    // header and `sqlite_schema`.
    let applied_migrations = usize::try_from(found).ok().and_then(|found| history.get(..found));
    check_schema(connection, applied_migrations.unwrap_or(history))?;
    if found < expected {
        return Err(Error::OlderSchema { found, expected });
    }
    Ok(DatabaseKind::CurrentStore)
}

/// Returns the random store id.
pub(super) fn store_id(connection: &Connection) -> Result<StoreId, Error> {
    let id: [u8; 16] = connection.query_row("SELECT store_id FROM store", [], |row| row.get(0))?;
    Ok(StoreId::new(Uuid::from_bytes(id)))
}

/// Creates the schema, the store id and the first key. Returns `false` if another process has
/// already created the store.
pub(super) fn initialize_store(
    connection: &Connection,
    path: &Path,
    initial_rows: &InitialRows,
) -> Result<bool, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if detect_kind(&transaction, path)? == DatabaseKind::CurrentStore {
        return Ok(false);
    }
    create_schema(&transaction)?;
    transaction.execute(
        "INSERT INTO store (one, store_id, created_at) VALUES (1, ?1, ?2)",
        (initial_rows.id.uuid().as_bytes(), initial_rows.now.unix()),
    )?;
    let writer = Writer::sqlite(&transaction);
    writer.add_key(&initial_rows.key, KeyState::Active, initial_rows.now)?;
    writer.note_target(Some(Untrusted::new("the new store")));
    let summary = writer.into_summary();
    commit(transaction, summary)?;
    Ok(true)
}

/// Creates the tables of the current version in an empty database. Begins no transaction.
pub(super) fn create_schema(connection: &Connection) -> Result<(), Error> {
    for migration in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(connection.pragma_update(None, "user_version", schema_version(MIGRATIONS))?)
}

/// Migrates an older store to the latest schema of `history`, and adds `event`, in one transaction.
/// Before the migration, calls `create_backup` with the old version while no other process can
/// write. Returns the result of `create_backup`, or `None` if the store already has the latest
/// schema.
pub(super) fn migrate<T>(
    history: &[&str],
    connection: &Connection,
    path: &Path,
    event: &NewEvent<'_>,
    create_backup: impl FnOnce(i64) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = match detect_kind_in(history, &transaction, path) {
        Err(Error::OlderSchema { found, .. }) => found,
        Err(error) => return Err(error),
        Ok(DatabaseKind::Empty) => return Err(Error::NotFound(path.to_owned())),
        Ok(DatabaseKind::CurrentStore) => return Ok(None),
    };
    let backup = create_backup(found)?;
    for migration in history.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", schema_version(history))?;
    let writer = Writer::sqlite(&transaction);
    writer.add_event(event)?;
    let summary = writer.into_summary();
    commit(transaction, summary)?;
    Ok(Some(backup))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Algorithm, EventSubject, Purpose};
    use crate::store::{Store, backup::backup_before_migration};
    use secrecy::SecretSlice;
    use std::path::PathBuf;
    use std::time::Duration;

    const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

    /// All [`MIGRATIONS`], and one additional migration.
    const EXTENDED_MIGRATIONS: &[&str] =
        &[MIGRATIONS[0], MIGRATIONS[1], MIGRATIONS[2], "CREATE TABLE made_up (one INTEGER) STRICT"];

    /// Creates the store `a.db` in a directory.
    pub(in crate::store) fn create_store(directory: &Path) -> PathBuf {
        let key = KeySpec {
            kid: Untrusted::new("k"),
            purpose: Purpose::App,
            algorithm: Algorithm::HS256,
            material: SecretSlice::from(vec![7]),
            is_withheld: false,
            public_jwk: None,
            is_weak: false,
        };
        let now = Timestamp::from_unix(1_800_000_000).unwrap();
        let initial_rows = || InitialRows { id: StoreId::new(Uuid::from_u128(7)), key, now };
        let outcome =
            Store::open_or_create_file(&directory.join("a.db"), LOCK_TIMEOUT, initial_rows);
        outcome.unwrap().store.address().to_path()
    }

    fn migrate_store(
        history: &[&str],
        path: &Path,
        backup_target: Option<&Path>,
    ) -> Result<Option<PathBuf>, Error> {
        let at = Timestamp::from_unix(1_800_000_001).unwrap();
        let (action, outcome) = ("store migrate", "done");
        let subject = EventSubject::default();
        let event = NewEvent { at, user: None, os_uid: 0, action, subject, outcome, count: 1 };
        let connection = Connection::open(path).unwrap();
        migrate(history, &connection, path, &event, |version| {
            backup_before_migration(path, backup_target, version, LOCK_TIMEOUT)
        })
    }

    fn query_number(path: &Path, sql: &str) -> i64 {
        Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn older_store_is_backed_up_and_migrated_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = create_store(directory.path());
        let connection = Connection::open(&path).unwrap();
        let result = detect_kind_in(EXTENDED_MIGRATIONS, &connection, &path);
        assert!(matches!(result, Err(Error::OlderSchema { found: 3, expected: 4 })));
        let backup = migrate_store(EXTENDED_MIGRATIONS, &path, None).unwrap().unwrap();
        assert_eq!(backup, PathBuf::from(format!("{}.v3", path.display())));
        assert_eq!(query_number(&path, "PRAGMA user_version"), 4);
        assert_eq!(query_number(&path, "SELECT count(*) FROM made_up"), 0);
        assert_eq!(
            query_number(&path, "SELECT count(*) FROM audit WHERE action = 'store migrate'"),
            1
        );
        // Without the additional migration, the program refuses the migrated store.
        assert!(matches!(
            Store::open_file(&path, LOCK_TIMEOUT),
            Err(Error::NewerSchema { found: 4, expected: 3 })
        ));
        assert_eq!(migrate_store(EXTENDED_MIGRATIONS, &path, None).unwrap(), None);
        Store::open_file(&backup, LOCK_TIMEOUT).unwrap();
        assert_eq!(query_number(&backup, "SELECT count(*) FROM audit"), 0);
    }

    /// Creates a store with schema version 1, the version of the first release. The store has an
    /// app key, a test key and two settings.
    fn create_version_1_store(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO store (one, store_id, created_at) VALUES (1, zeroblob(16), 0);
                 INSERT INTO keys (kid, purpose, algorithm, state, material, created_at)
                     VALUES ('a', 'app', 'HS256', 'active', x'01', 0),
                            ('t', 'test', 'HS256', 'active', x'02', 0);
                 INSERT INTO settings VALUES ('pruned_until', '77', 77), ('issuer', 'me', 1);
                 PRAGMA user_version = 1;",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection
    }

    #[test]
    fn migration_moves_prune_time_from_settings_to_test_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        drop(create_version_1_store(&path));
        migrate_store(MIGRATIONS, &path, None).unwrap().unwrap();
        let sql = "SELECT group_concat(kid || ifnull(pruned_until, '-')) FROM keys";
        let connection = Connection::open(&path).unwrap();
        let prune_times: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(prune_times, "a-,t77");
        assert_eq!(query_number(&path, "SELECT count(*) FROM settings"), 1);
    }

    #[test]
    fn migrated_and_new_stores_have_the_same_schema() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old.db");
        drop(create_version_1_store(&path));
        migrate_store(MIGRATIONS, &path, None).unwrap().unwrap();
        let schema = |path: &Path| -> String {
            let sql = "SELECT group_concat(ifnull(sql, name), char(10)) FROM
                (SELECT sql, name FROM sqlite_schema ORDER BY type, name)";
            Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(schema(&path), schema(&create_store(directory.path())));
    }

    #[test]
    fn failed_or_unnecessary_migration_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = create_store(directory.path());
        assert_eq!(migrate_store(MIGRATIONS, &path, None).unwrap(), None);
        let target = directory.path().join("copy.db");
        std::fs::write(&target, "").unwrap();
        assert!(matches!(
            migrate_store(EXTENDED_MIGRATIONS, &path, Some(&target)),
            Err(Error::TargetExists(_))
        ));
        let broken_history = [EXTENDED_MIGRATIONS, &["CREATE TABLE users (one INTEGER)"]].concat();
        assert!(migrate_store(&broken_history, &path, None).is_err());
        assert_eq!(query_number(&path, "PRAGMA user_version"), 3);
        assert_eq!(
            query_number(&path, "SELECT count(*) FROM sqlite_schema WHERE name = 'made_up'"),
            0
        );
        Store::open_file(&path, LOCK_TIMEOUT).unwrap();
    }
}
