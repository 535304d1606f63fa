//! Opening of a SQLite file so that no other process can use the file.

use super::Error;
use super::connect::{configure, configure_writing, map_open_error};
use super::file::{self, ReadMode};
use super::lock::retry_until;
use super::previous_store::create_empty_file;
use super::schema::{DatabaseKind, detect_kind};
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// A SQLite file that no other process can use.
pub(super) struct ExclusiveDatabase {
    pub(super) connection: Connection,
    /// Descriptor for copying the content of the file. Must be closed after the connection: closing
    /// a descriptor releases all locks of the process on the file (POSIX).
    pub(super) file: File,
}

/// Creates an empty file at `path`, where no store exists, and opens the file exclusively. Returns
/// [`Error::Busy`] if another process creates a store at this path at the same time.
pub(super) fn create_database(
    path: &Path,
    lock_timeout: Duration,
) -> Result<ExclusiveDatabase, Error> {
    let path = create_empty_file(path)?;
    let database = lock_database(&path, lock_timeout)?;
    match detect_kind(&database.connection, &path)? {
        DatabaseKind::Empty => Ok(database),
        // Another process has created this store in the meantime: the store must not be replaced.
        DatabaseKind::CurrentStore => Err(Error::Busy),
    }
}

/// Waits until no other process uses the file, then opens the file exclusively. Returns
/// [`Error::Busy`] if another process still uses the file after `lock_timeout`.
pub(super) fn lock_database(
    path: &Path,
    lock_timeout: Duration,
) -> Result<ExclusiveDatabase, Error> {
    if file::detect_read_mode(path)? == ReadMode::Immutable {
        return Err(Error::ReadOnly);
    }
    let file = File::open(path).map_err(|error| file::unreadable_error(&error))?;
    // Each attempt uses a new connection, because a waiting connection would hold a lock that
    // another restore needs.
    let connection = retry_until(Instant::now() + lock_timeout, || open_exclusively(path))?;
    Ok(ExclusiveDatabase { connection, file })
}

/// Opens a file so that no other process can use the file. Returns [`Error::Busy`] if another
/// process uses the file.
pub(super) fn open_exclusively(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // This mode is set before the first read. SQLite then keeps the WAL index in memory, and keeps
    // every lock until the connection is closed.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    configure(&connection, Duration::ZERO).map_err(map_open_error(path))?;
    configure_writing(&connection).map_err(map_open_error(path))?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(Error::ReadOnly);
    }
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT").map_err(map_open_error(path))?;
    Ok(connection)
}
