//! The schema and its history: what a file says it is, how it begins, and how an older one is
//! brought up.

use super::connect::not_a_database;
use super::expected_schema::verify;
use super::transaction::commit;
use super::{Error, Event, Writer};
use crate::model::{KeyState, NewKey, StoreId, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use uuid::Uuid;

/// Marks a file as ours: "jetn".
pub(super) const APPLICATION_ID: u32 = 0x6A65_746E;

/// The schema's history, append-only: the version of a file is how many of these it has seen.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_first.sql"), include_str!("migrations/0002_bounds.sql")];

/// What a new store begins with.
pub(crate) struct Beginning {
    /// Its random identity.
    pub(crate) id: StoreId,
    /// Its first key, for sessions and app tokens.
    pub(crate) key: NewKey,
    /// When it begins.
    pub(crate) now: Timestamp,
}

/// What a file says it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing yet.
    Blank,
    /// A store of the present version.
    Ours,
}

fn version(history: &[&str]) -> i64 {
    i64::try_from(history.len()).unwrap_or(i64::MAX)
}

/// Reads what the file says it is. It changes nothing; its caller holds a transaction, so that
/// all it reads is of one moment.
pub(super) fn identity(connection: &Connection, path: &Path) -> Result<Identity, Error> {
    identity_in(MIGRATIONS, connection, path)
}

fn identity_in(history: &[&str], connection: &Connection, path: &Path) -> Result<Identity, Error> {
    let read = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = read("PRAGMA application_id").map_err(not_a_database(path))?;
    let (found, known) = (read("PRAGMA user_version")?, version(history));
    if application == 0 && found == 0 && read("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(Identity::Blank);
    }
    if application != i64::from(APPLICATION_ID) {
        return Err(Error::Foreign(path.to_owned()));
    }
    if found > known {
        return Err(Error::Newer { found, known });
    }
    if found < 1 {
        return Err(Error::Damaged(format!("schema version {found}")));
    }
    // Nothing but headers and `sqlite_schema` was read so far: what else is read depends on the
    // schema.
    let applied = usize::try_from(found).ok().and_then(|found| history.get(..found));
    verify(connection, applied.unwrap_or(history))?;
    if found < known {
        return Err(Error::Older { found, known });
    }
    Ok(Identity::Ours)
}

/// Reads the random identity of a store.
pub(super) fn store_id(connection: &Connection) -> Result<StoreId, Error> {
    let id: [u8; 16] = connection.query_row("SELECT store_id FROM store", [], |row| row.get(0))?;
    Ok(StoreId::new(Uuid::from_bytes(id)))
}

/// Makes the schema, the identity and the first key, unless another process was faster.
pub(super) fn begin(
    connection: &Connection,
    path: &Path,
    beginning: &Beginning,
) -> Result<bool, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if identity(&transaction, path)? == Identity::Ours {
        return Ok(false);
    }
    for migration in MIGRATIONS {
        transaction.execute_batch(migration)?;
    }
    transaction.execute(
        "INSERT INTO store (one, store_id, created_at) VALUES (1, ?1, ?2)",
        (beginning.id.bytes(), beginning.now.unix()),
    )?;
    let writer = Writer::on(&transaction);
    writer.add_key(&beginning.key, KeyState::Active, beginning.now)?;
    writer.wrote(Some("the new store"));
    let written = writer.written();
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version(MIGRATIONS))?;
    commit(transaction, written)?;
    Ok(true)
}

/// Brings an older store to the latest schema of `history` in one transaction, and writes that down.
/// `copy` comes first, with the old version and while nobody can change anything. What it led to;
/// `None` if there was nothing to do.
pub(super) fn bring_up<T>(
    history: &[&str],
    connection: &Connection,
    path: &Path,
    event: &Event<'_>,
    copy: impl FnOnce(i64) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = match identity_in(history, &transaction, path) {
        Err(Error::Older { found, .. }) => found,
        Err(error) => return Err(error),
        Ok(Identity::Blank) => return Err(Error::NotThere(path.to_owned())),
        Ok(Identity::Ours) => return Ok(None),
    };
    let copied = copy(found)?;
    for migration in history.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", version(history))?;
    let writer = Writer::on(&transaction);
    writer.add_event(event)?;
    let written = writer.written();
    commit(transaction, written)?;
    Ok(Some(copied))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Algorithm, Foreign, Purpose};
    use crate::store::{Store, copy::copy_before};
    use secrecy::SecretSlice;
    use std::path::PathBuf;
    use std::time::Duration;

    const WAIT: Duration = Duration::from_secs(1);

    /// A history with one version more than the program has.
    const HISTORY: &[&str] =
        &[MIGRATIONS[0], MIGRATIONS[1], "CREATE TABLE made_up (one INTEGER) STRICT"];

    fn store(directory: &Path) -> PathBuf {
        let key = NewKey {
            kid: Foreign::new("k"),
            purpose: Purpose::App,
            algorithm: Algorithm::HS256,
            material: SecretSlice::from(vec![7]),
            public: None,
            weak: false,
        };
        let now = Timestamp::from_unix(1_800_000_000).unwrap();
        let begin = || Beginning { id: StoreId::new(Uuid::from_u128(7)), key, now };
        let opened = Store::open_or_create(&directory.join("a.db"), WAIT, begin);
        opened.unwrap().store.path().to_owned()
    }

    fn up(history: &[&str], path: &Path, target: Option<&Path>) -> Result<Option<PathBuf>, Error> {
        let at = Timestamp::from_unix(1_800_000_001).unwrap();
        let (action, outcome) = ("store migrate", "done");
        let event = Event { at, user: None, os_uid: 0, action, target: None, outcome, count: 1 };
        let connection = Connection::open(path).unwrap();
        bring_up(history, &connection, path, &event, |version| {
            copy_before(path, target, version, WAIT)
        })
    }

    fn ask(path: &Path, question: &str) -> i64 {
        Connection::open(path).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_store_is_copied_and_then_brought_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = store(directory.path());
        let connection = Connection::open(&path).unwrap();
        let older = identity_in(HISTORY, &connection, &path);
        assert!(matches!(older, Err(Error::Older { found: 2, known: 3 })));
        let copy = up(HISTORY, &path, None).unwrap().unwrap();
        assert_eq!(copy, PathBuf::from(format!("{}.v2", path.display())));
        assert_eq!(ask(&path, "PRAGMA user_version"), 3);
        assert_eq!(ask(&path, "SELECT count(*) FROM made_up"), 0);
        assert_eq!(ask(&path, "SELECT count(*) FROM audit WHERE action = 'store migrate'"), 1);
        assert!(matches!(Store::open(&path, WAIT), Err(Error::Newer { found: 3, known: 2 })));
        assert_eq!(up(HISTORY, &path, None).unwrap(), None);
        Store::open(&copy, WAIT).unwrap();
        assert_eq!(ask(&copy, "SELECT count(*) FROM audit"), 0);
    }

    /// A store of version 1, as that version made it.
    fn first_version(path: &Path) -> Connection {
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
    fn migrated_store_keeps_the_time_of_its_prune_per_test_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        drop(first_version(&path));
        up(MIGRATIONS, &path, None).unwrap().unwrap();
        let marks = "SELECT group_concat(kid || ifnull(pruned_until, '-')) FROM keys";
        let connection = Connection::open(&path).unwrap();
        let marks: String = connection.query_row(marks, [], |row| row.get(0)).unwrap();
        assert_eq!(marks, "a-,t77");
        assert_eq!(ask(&path, "SELECT count(*) FROM settings"), 1);
    }

    #[test]
    fn migrated_and_new_stores_have_the_same_schema() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old.db");
        drop(first_version(&path));
        up(MIGRATIONS, &path, None).unwrap().unwrap();
        let schema = |path: &Path| -> String {
            let sql = "SELECT group_concat(ifnull(sql, name), char(10)) FROM
                (SELECT sql, name FROM sqlite_schema ORDER BY type, name)";
            Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(schema(&path), schema(&store(directory.path())));
    }

    #[test]
    fn without_a_copy_or_with_an_error_nothing_is_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = store(directory.path());
        assert_eq!(up(MIGRATIONS, &path, None).unwrap(), None);
        let target = directory.path().join("copy.db");
        std::fs::write(&target, "").unwrap();
        assert!(matches!(up(HISTORY, &path, Some(&target)), Err(Error::Occupied(_))));
        let broken = [HISTORY, &["CREATE TABLE users (one INTEGER)"]].concat();
        assert!(up(&broken, &path, None).is_err());
        assert_eq!(ask(&path, "PRAGMA user_version"), 2);
        assert_eq!(ask(&path, "SELECT count(*) FROM sqlite_schema WHERE name = 'made_up'"), 0);
        Store::open(&path, WAIT).unwrap();
    }
}
