//! Opening a store, and making one: schema, identity and first key in one exclusive transaction.

use super::file::{self, Found};
use super::{Error, Store, Writer};
use crate::model::{KeyState, NewKey, StoreId, Timestamp};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Marks a file as ours: "jetn".
const APPLICATION_ID: i64 = 0x6A65_746E;

/// The schema's history, append-only: the version of a file is how many of these it has seen.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_first.sql")];

fn version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Bytes of a log that is worth copying back: about a hundred pages.
const LONG_LOG: u64 = 400 * 1024;

/// What a new store begins with.
pub(crate) struct Beginning {
    /// Its random identity.
    pub(crate) id: StoreId,
    /// Its first key, for sessions and app tokens.
    pub(crate) key: NewKey,
    /// When it begins.
    pub(crate) now: Timestamp,
}

/// A store, and what happened to it on the way.
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Store,
    /// Whether it was made just now.
    pub(crate) created: bool,
    /// Whether its file could be read by others until now.
    pub(crate) tightened: bool,
}

enum Identity {
    Blank,
    Ours(StoreId),
}

impl Store {
    /// Opens the store at `path`; [`Error::NotThere`] if there is none. `wait` bounds every lock.
    pub(crate) fn open(path: &Path, wait: Duration) -> Result<Opened, Error> {
        let Found::File { loose } = file::look(path)? else {
            return Err(Error::NotThere(path.to_owned()));
        };
        let path = file::canonical(path)?;
        let connection = connect(&path, wait)?;
        let transaction = connection.unchecked_transaction().map_err(not_a_database(&path))?;
        let identity = identity(&transaction, &path)?;
        drop(transaction);
        match identity {
            Identity::Blank => Err(Error::NotThere(path)),
            Identity::Ours(id) => {
                // Not before it is known to be ours: a foreign file keeps its mode.
                if loose {
                    file::tighten(&path)?;
                }
                let fold = fold_long_log(&connection, &path)?;
                let store = Self { connection, path, id, wait, fold };
                Ok(Opened { store, created: false, tightened: loose })
            }
        }
    }

    /// Opens the store at `path` and makes it first if it is not there.
    pub(crate) fn open_or_create(
        path: &Path,
        wait: Duration,
        beginning: impl FnOnce() -> Beginning,
    ) -> Result<Opened, Error> {
        match Self::open(path, wait) {
            Err(Error::NotThere(_)) => {}
            other => return other,
        }
        file::make(path)?;
        let Found::File { loose } = file::look(path)? else {
            return Err(Error::NotThere(path.to_owned()));
        };
        let path = file::canonical(path)?;
        // It was blank a moment ago, and the log beside it inherits its mode.
        if loose {
            file::tighten(&path)?;
        }
        let connection = connect(&path, wait)?;
        use_wal(&connection, wait)?;
        let (id, created) = begin(&connection, &path, &beginning())?;
        let store = Self { connection, path, id, wait, fold: false };
        Ok(Opened { store, created, tightened: loose })
    }

    /// A store in memory, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn in_memory(beginning: &Beginning) -> Self {
        let path = Path::new(":memory:");
        let connection = Connection::open_in_memory().unwrap();
        configure(&connection, Duration::from_secs(1)).unwrap();
        let (id, _) = begin(&connection, path, beginning).unwrap();
        let (path, wait) = (path.to_owned(), Duration::from_secs(1));
        Self { connection, path, id, wait, fold: false }
    }

    /// Puts rows into a state that no rule leads to yet, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn arrange(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }
}

fn connect(path: &Path, wait: Duration) -> Result<Connection, Error> {
    // Without SQLITE_OPEN_URI a path that begins with `file:` is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection, wait).map_err(not_a_database(path))?;
    Ok(connection)
}

fn configure(connection: &Connection, wait: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(wait)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A statement is planned once, not again for the values that are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A process that ends does not copy the log back: two fsyncs a commit instead of five. While
    // many run at once every hundredth page does; see also `fold_long_log`.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 100)?;
    Ok(())
}

/// Has a log that has become long copied back and removed when this process ends, if it is the
/// last one then. SQLite begins the log anew only where it was copied back by a process that is
/// still there: processes that follow one another would append to it for ever, and each of them
/// reads all of it. Whether it is that long.
fn fold_long_log(connection: &Connection, path: &Path) -> Result<bool, Error> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let is_long = std::fs::metadata(log).is_ok_and(|log| log.len() > LONG_LOG);
    if is_long {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(is_long)
}

/// Reads what the file says it is. It changes nothing; its caller holds a transaction, so that
/// all it reads is of one moment.
fn identity(connection: &Connection, path: &Path) -> Result<Identity, Error> {
    let read = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = read("PRAGMA application_id").map_err(not_a_database(path))?;
    let found = read("PRAGMA user_version")?;
    if application == 0 && found == 0 && read("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(Identity::Blank);
    }
    if application != APPLICATION_ID {
        return Err(Error::Foreign(path.to_owned()));
    }
    if found > version() {
        return Err(Error::Newer { found, known: version() });
    }
    if found != version() {
        return Err(Error::Damaged(format!("schema version {found}")));
    }
    let id: [u8; 16] = connection.query_row("SELECT store_id FROM store", [], |row| row.get(0))?;
    Ok(Identity::Ours(StoreId::new(Uuid::from_bytes(id))))
}

fn not_a_database(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::Foreign(path.to_owned()),
        _ => Error::from(error),
    }
}

/// Switches to write-ahead logging. SQLite does not call the busy handler for this switch, so the
/// mode is read first and the switch tried again.
fn use_wal(connection: &Connection, wait: Duration) -> Result<(), Error> {
    let deadline = Instant::now() + wait;
    loop {
        let result = connection
            .pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))
            .and_then(|mode| match mode.as_str() {
                "wal" => Ok(mode),
                _ => connection
                    .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)),
            });
        match result.map_err(Error::from) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(Error::Unreadable(format!("journal mode `{mode}`"))),
            Err(Error::Busy) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Makes the schema, the identity and the first key, unless another process was faster.
fn begin(
    connection: &Connection,
    path: &Path,
    beginning: &Beginning,
) -> Result<(StoreId, bool), Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if let Identity::Ours(id) = identity(&transaction, path)? {
        return Ok((id, false));
    }
    for migration in MIGRATIONS {
        transaction.execute_batch(migration)?;
    }
    transaction.execute(
        "INSERT INTO store (one, store_id, created_at) VALUES (1, ?1, ?2)",
        (beginning.id.bytes(), beginning.now.unix()),
    )?;
    Writer::on(&transaction).add_key(&beginning.key, KeyState::Active, beginning.now)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version())?;
    transaction.commit()?;
    Ok((beginning.id, true))
}
