//! How SQLite opens the file, and what is set before anything else.

use super::Error;
use super::file::{self, Way};
use super::lock::{retry_until, wait_for_index};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a log that is worth copying back: about a hundred pages.
const LONG_LOG: u64 = 400 * 1024;

/// As long as most readers need.
const READERS_LEAVE_WITHIN: Duration = Duration::from_millis(200);

/// The most bytes of a value or a row. Larger ones are damage: no input is as large.
const LONGEST_VALUE: i32 = 4 * 1024 * 1024;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Everything; where the file cannot be written, SQLite itself falls back to reading.
    Use,
    /// A look that changes nothing.
    Look,
    /// The same, while this process has another connection: its locks must not be touched.
    LookBeside,
}

/// Opens the file that is there, by its path without links.
pub(super) fn connect(path: &Path, intent: Intent, wait: Duration) -> Result<Connection, Error> {
    let deadline = Instant::now() + wait;
    retry_until(deadline, || {
        let way = file::way(path)?;
        if way == Way::WithLog && intent != Intent::LookBeside {
            wait_for_index(path, deadline)?;
        }
        let connection = open(path, way, intent)?;
        let rest = deadline.saturating_duration_since(Instant::now());
        configure(&connection, rest).map_err(not_a_database(path))?;
        connection.busy_timeout(wait)?;
        Ok(connection)
    })
}

fn open(path: &Path, way: Way, intent: Intent) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    match (way, intent) {
        // Without SQLITE_OPEN_URI a path that begins with `file:` is a path.
        (Way::WithLog, Intent::Use) => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
        }
        (Way::WithLog, Intent::Look | Intent::LookBeside) => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
        }
        (Way::Alone, _) => {
            let encoded = percent_encode(path.as_os_str().as_bytes(), NON_ALPHANUMERIC);
            let uri = format!("file:{encoded}?immutable=1");
            let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(uri, flags)
        }
    }
}

/// Sets what holds for every connection.
pub(super) fn configure(connection: &Connection, wait: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(wait)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
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
pub(super) fn fold_long_log(connection: &Connection, path: &Path) -> Result<bool, Error> {
    let [log, _] = file::logs(path);
    let is_long = std::fs::metadata(log).is_ok_and(|log| log.len() > LONG_LOG);
    let folds = is_long && !connection.is_readonly(MAIN_DB)?;
    if folds {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(folds)
}

/// Copies the log back and empties it, so that it holds no earlier content of deleted rows. While
/// another process reads from it, it stays until a later command empties it.
pub(super) fn truncate_log(connection: &Connection, wait: Duration) {
    let _ = connection.busy_timeout(READERS_LEAVE_WITHIN.min(wait));
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = connection.busy_timeout(wait);
}

/// What an error means before it is known that the file is a database at all.
pub(super) fn not_a_database(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::Foreign(path.to_owned()),
        _ => Error::from(error),
    }
}

/// Switches to write-ahead logging. SQLite does not call the busy handler for this switch, so the
/// mode is read first and the switch tried again.
pub(super) fn use_wal(connection: &Connection, wait: Duration) -> Result<(), Error> {
    let mode = retry_until(Instant::now() + wait, || {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = connection.pragma_query_value(None, "journal_mode", read)?;
        if mode == "wal" {
            return Ok(mode);
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", read).map_err(Error::from)
    })?;
    if mode == "wal" { Ok(()) } else { Err(Error::Unreadable(format!("journal mode `{mode}`"))) }
}
