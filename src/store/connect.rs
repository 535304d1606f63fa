//! How SQLite opens the file, and what is set before anything else.

use super::Error;
use super::file::{self, ReadMode};
use super::lock::{retry_until, wait_for_index};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a log that is worth copying back: about a hundred pages.
const LONG_WAL_BYTES: u64 = 400 * 1024;

/// As long as most readers need.
const READER_WAIT: Duration = Duration::from_millis(200);

/// The most bytes of a value or a row. Larger ones are damage: no input is as large.
const MAX_VALUE_BYTES: i32 = 4 * 1024 * 1024;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "they name modes of reading")]
pub(super) enum OpenMode {
    /// Everything; where the file cannot be written, SQLite itself falls back to reading.
    ReadWrite,
    /// A look that changes nothing.
    ReadOnly,
    /// The same, while this process has another connection: its locks must not be touched.
    ReadOnlyAlongside,
}

/// Opens the file that is there, by its path without links.
pub(super) fn connect(
    path: &Path,
    open_mode: OpenMode,
    lock_timeout: Duration,
) -> Result<Connection, Error> {
    let deadline = Instant::now() + lock_timeout;
    retry_until(deadline, || {
        let read_mode = file::detect_read_mode(path)?;
        if read_mode == ReadMode::WithWal && open_mode != OpenMode::ReadOnlyAlongside {
            wait_for_index(path, deadline)?;
        }
        let connection = open(path, read_mode, open_mode)?;
        let remaining = deadline.saturating_duration_since(Instant::now());
        configure(&connection, remaining).map_err(map_open_error(path))?;
        connection.busy_timeout(lock_timeout)?;
        Ok(connection)
    })
}

fn open(path: &Path, read_mode: ReadMode, open_mode: OpenMode) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    match (read_mode, open_mode) {
        // Without SQLITE_OPEN_URI a path that begins with `file:` is a path.
        (ReadMode::WithWal, OpenMode::ReadWrite) => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
        }
        (ReadMode::WithWal, OpenMode::ReadOnly | OpenMode::ReadOnlyAlongside) => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
        }
        (ReadMode::Immutable, _) => {
            let encoded = percent_encode(path.as_os_str().as_bytes(), NON_ALPHANUMERIC);
            let uri = format!("file:{encoded}?immutable=1");
            let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(uri, flags)
        }
    }
}

/// Sets what holds for every connection.
pub(super) fn configure(connection: &Connection, lock_timeout: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(lock_timeout)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A statement is planned once, not again for the values that are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A process that ends does not copy the log back: two fsyncs a commit instead of five. While
    // many run at once every hundredth page does; see also `fold_long_log`.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Sets what holds for every connection that writes, before it does.
pub(super) fn configure_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is overwritten, not only marked as free.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 100)
}

/// Has a log that has become long copied back and removed when this process ends, if it is the
/// last one then. SQLite begins the log anew only where it was copied back by a process that is
/// still there: processes that follow one another would append to it for ever, and each of them
/// reads all of it. Whether it is that long.
pub(super) fn checkpoint_long_wal_on_close(
    connection: &Connection,
    path: &Path,
) -> Result<bool, Error> {
    let [wal, _] = file::wal_paths(path);
    let is_long = std::fs::metadata(wal).is_ok_and(|wal| wal.len() > LONG_WAL_BYTES);
    let is_enabled = is_long && !connection.is_readonly(MAIN_DB)?;
    if is_enabled {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(is_enabled)
}

/// Copies the log back and empties it, so that it holds no earlier content of deleted rows. While
/// another process reads from it, it stays until a later command empties it.
pub(super) fn truncate_wal(connection: &Connection, lock_timeout: Duration) {
    let _ = connection.busy_timeout(READER_WAIT.min(lock_timeout));
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = connection.busy_timeout(lock_timeout);
}

/// What an error means before it is known that the file is a database at all.
pub(super) fn map_open_error(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::NotAStore(path.to_owned()),
        _ => Error::from(error),
    }
}

/// Switches to write-ahead logging. SQLite does not call the busy handler for this switch, so the
/// mode is read first and the switch tried again.
pub(super) fn enable_wal(connection: &Connection, lock_timeout: Duration) -> Result<(), Error> {
    let mode = retry_until(Instant::now() + lock_timeout, || {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = connection.pragma_query_value(None, "journal_mode", read)?;
        if mode == "wal" {
            return Ok(mode);
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", read).map_err(Error::from)
    })?;
    if mode == "wal" { Ok(()) } else { Err(Error::Unreadable(format!("journal mode `{mode}`"))) }
}
