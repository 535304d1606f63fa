//! SQLite connections: open flags and per-connection settings.

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

/// Size in bytes above which a write-ahead log (WAL) is long: 100 pages. The last process that
/// closes the store copies a long WAL into the file.
const MAX_SHORT_WAL_BYTES: u64 = 400 * 1024;

/// Maximum wait for readers that prevent the truncation of the WAL. Most readers finish within this
/// time.
const MAX_READER_WAIT: Duration = Duration::from_millis(200);

/// Maximum size in bytes of a value or row. No command stores larger values, so a larger value is
/// damage.
const MAX_VALUE_BYTES: i32 = 4 * 1024 * 1024;

/// Purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "every mode permits reading")]
pub(super) enum OpenMode {
    /// Reading and writing. The connection can only read if the file is not writable, or if its
    /// directory permits only [`ReadMode::Immutable`].
    ReadWrite,
    /// Reading without any change to the file.
    ReadOnly,
    /// Reading while this process has another connection to the file. In this mode, [`connect`]
    /// does not open and close the file of the WAL index, because the close operation would release
    /// the locks of the other connection.
    ReadOnlyAlongside,
}

/// Opens the existing file at `path`, a path without symbolic links.
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
        // Without SQLITE_OPEN_URI, a path that starts with `file:` is a plain path.
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

/// Applies the settings that connections to a store have in common.
pub(super) fn configure(connection: &Connection, lock_timeout: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(lock_timeout)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Text in double quotes is never a string. Builds that use `.cargo/config.toml` have this
    // setting already at compile time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // SQLite plans each statement once, regardless of the bound values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // By default, a process does not copy the WAL into the file on exit: a command with one commit
    // then needs two fsyncs instead of five. A commit copies the WAL if the WAL then has 100 pages
    // or more (see `configure_writing`). On exit, a process copies the WAL if the WAL is long (see
    // `checkpoint_long_wal_on_close`).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Applies the settings of writing connections. Must run before the first write.
pub(super) fn configure_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted content is overwritten, not only marked as free.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 100)
}

/// Applies the settings of a connection for large transactions. SQLite then copies the WAL into the
/// file after 1,000 pages instead of 100, and when the connection is closed. Must run after
/// [`configure_writing`].
pub(super) fn configure_bulk_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1_000)
}

/// Makes SQLite copy a long WAL into the file, and remove the WAL, when the connection is closed
/// and no other process has the store open. Returns `false` and changes nothing if the WAL is not
/// long, or if the connection cannot write.
///
/// A writer can overwrite the WAL from its start only after all of the WAL was copied. In addition,
/// at least one process must have had the store open at each moment since that copy. Without the
/// copy on close, consecutive short processes would therefore append to the WAL without limit, and
/// each process would read all of the WAL.
pub(super) fn checkpoint_long_wal_on_close(
    connection: &Connection,
    path: &Path,
) -> Result<bool, Error> {
    let [wal, _] = file::wal_paths(path);
    let is_long = std::fs::metadata(wal).is_ok_and(|wal| wal.len() > MAX_SHORT_WAL_BYTES);
    let is_enabled = is_long && !connection.is_readonly(MAIN_DB)?;
    if is_enabled {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(is_enabled)
}

/// Copies the WAL into the file and truncates the WAL, so that the WAL contains no deleted rows. If
/// another process reads for longer than the shorter of [`MAX_READER_WAIT`] and `lock_timeout`, the
/// WAL stays until a later command truncates the WAL. Afterwards, the connection has the busy
/// timeout `lock_timeout`.
pub(super) fn truncate_wal(connection: &Connection, lock_timeout: Duration) {
    let _ = connection.busy_timeout(MAX_READER_WAIT.min(lock_timeout));
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = connection.busy_timeout(lock_timeout);
}

/// Returns a function that converts SQLite errors for a file that may not be a database.
pub(super) fn map_open_error(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::NotAStore(path.to_owned()),
        _ => Error::from(error),
    }
}

/// Switches to write-ahead logging, unless the file is already in this mode. SQLite does not call
/// the busy handler for this switch, so this function itself retries until `lock_timeout` has
/// passed.
pub(super) fn enable_wal(connection: &Connection, lock_timeout: Duration) -> Result<(), Error> {
    let mode = retry_until(Instant::now() + lock_timeout, || {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = connection.pragma_query_value(None, "journal_mode", read)?;
        if mode == "wal" {
            return Ok(mode);
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", read).map_err(Error::from)
    })?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(Error::Unreadable(format!("found journal mode `{mode}`, expected `wal`")))
    }
}
