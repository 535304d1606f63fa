//! Replacing the content of a store by that of a backup: in one transaction of SQLite, under a lock
//! that excludes every other process, and with the old file kept beside the store.

use super::check::check;
use super::connect::{configure, configure_writing, not_a_database, use_wal};
use super::copy::fill;
use super::file::{self, Located, Way};
use super::lock::retry_until;
use super::replaced::{is_free, kept, lock_directory, make, orphaned_log, set_aside};
use super::schema::{Identity, identity};
use super::{Error, Findings, Reader, Tests, Writer};
use crate::files;
use crate::model::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// The names of files until they are complete: the content to come, and the old store.
const HIDDEN: [&str; 2] = [".jeton-restore", ".jeton-before-restore"];

/// A store that no other process can open or has open. The lock ends with the value.
pub(crate) struct LockedStore {
    /// `None` if SQLite cannot open the file, so that no process can use it.
    open: Option<Open>,
    path: PathBuf,
    wait: Duration,
    is_blank: bool,
}

struct Open {
    connection: Connection,
    /// The same file, to be copied. Closed after the connection: to close a file releases all
    /// locks that the process has on it (POSIX).
    bytes: File,
}

/// A restored store.
#[derive(Debug)]
pub(crate) struct Restored {
    /// The old store, if there was one.
    pub(crate) kept: Option<PathBuf>,
    /// Whether the backup was made by an older version of jeton.
    pub(crate) is_older: bool,
}

/// The content to come, in a hidden file beside the store.
struct Content {
    connection: Connection,
    is_older: bool,
    _file: NamedTempFile,
}

impl LockedStore {
    /// Locks the store at `given` for a restore. A missing store is made, empty.
    pub(crate) fn lock(given: &Path, wait: Duration) -> Result<Self, Error> {
        file::no_log(given)?;
        let path = match file::locate(given)? {
            Some(Located { path, .. }) => path,
            None => match orphaned_log(given) {
                Some(path) => return Ok(Self { open: None, path, wait, is_blank: false }),
                None => make(given)?,
            },
        };
        let open = match lock(&path, wait) {
            Err(Error::Damaged(_) | Error::Foreign(_)) => None,
            other => Some(other?),
        };
        let is_blank = match open.as_ref().map(|open| identity(&open.connection, &path)) {
            Some(Ok(Identity::Blank)) => true,
            // A database of another program.
            Some(Err(error @ Error::Foreign(_))) => return Err(error),
            _ => false,
        };
        Ok(Self { open, path, wait, is_blank })
    }

    /// Reads the old content.
    pub(crate) fn read<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.open {
            Some(open) => work(&Reader { sql: &open.connection }),
            None => Err(Error::Foreign(self.path.clone()).into()),
        }
    }

    /// Replaces the content by that of the store `backup`, in which `event` is recorded first, and
    /// keeps the old one. `seen` gets the pages that are copied and all pages.
    pub(crate) fn replace(
        self,
        backup: &Path,
        event: impl FnOnce(&Writer<'_>) -> Result<(), Error>,
        seen: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<Restored, Error> {
        let Self { open, path, wait, is_blank } = self;
        let directory = file::directory(&path).map_err(|error| file::unreadable(&error))?;
        let _lock = lock_directory(&directory, wait)?;
        if !is_blank {
            is_free(&path, open.is_some())?;
        }
        let content = Content::new(backup, &directory, wait, event, seen)?;
        let (mut open, kept) = match open {
            Some(open) if is_blank => (open, None),
            Some(mut open) => {
                let kept = open.keep(&path, &directory)?;
                (open, Some(kept))
            }
            None => {
                let kept = set_aside(&path, &directory)?;
                make(&path)?;
                (lock(&path, wait)?, Some(kept))
            }
        };
        open.fill(&content.connection, kept.as_deref(), wait)?;
        // From here on the restore is done, whatever fails. The connection is the only one, and
        // removes the log when it is closed.
        let _ = checkpoint(&open.connection);
        let _ = open.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        let [_, index] = file::logs(&path);
        let _ = files::remove(&index);
        Ok(Restored { kept, is_older: content.is_older })
    }
}

impl Open {
    /// Copies the file, with all that its log has, to the name under which it is kept.
    fn keep(&mut self, path: &Path, directory: &Path) -> Result<PathBuf, Error> {
        checkpoint(&self.connection)?;
        let target = kept(path);
        let mut keep = || -> io::Result<()> {
            let mut copy = files::beside(directory, OsStr::new(HIDDEN[1]), 0o600)?;
            io::copy(&mut self.bytes, copy.as_file_mut())?;
            copy.as_file().sync_all()?;
            copy.persist_noclobber(&target)?;
            files::sync(directory)
        };
        keep().map_err(|error| Error::Failed(format!("the old store cannot be kept: {error}")))?;
        Ok(target)
    }

    /// Copies the pages in one transaction.
    fn fill(
        &mut self,
        content: &Connection,
        kept: Option<&Path>,
        wait: Duration,
    ) -> Result<(), Error> {
        use_wal(&self.connection, wait)?;
        let page_size = |of: &Connection| -> rusqlite::Result<i64> {
            of.pragma_query_value(None, "page_size", |row| row.get(0))
        };
        if page_size(content)? != page_size(&self.connection)? {
            // SQLite changes the size of pages only without a log. The content brings its mode.
            let connection = &self.connection;
            connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        }
        let copied = Backup::new(content, &mut self.connection).and_then(|backup| backup.step(-1));
        let is_full = |error: &rusqlite::Error| {
            error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        };
        if let (true, Some(kept)) = (copied.as_ref().is_err_and(is_full), kept) {
            // Nothing was replaced, and room is needed.
            files::remove(kept).map_err(|error| file::unreadable(&error))?;
        }
        if copied? == StepResult::Done { Ok(()) } else { Err(Error::Busy) }
    }
}

impl Content {
    fn new(
        backup: &Path,
        directory: &Path,
        wait: Duration,
        event: impl FnOnce(&Writer<'_>) -> Result<(), Error>,
        seen: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<Self, Error> {
        let file = files::beside(directory, OsStr::new(HIDDEN[0]), 0o600)
            .map_err(|error| file::unreadable(&error))?;
        fill(backup, file.path(), wait, seen)?;
        let connection = open_exclusively(file.path())?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        let is_older = match identity(&connection, backup) {
            Ok(Identity::Ours) => false,
            Ok(Identity::Blank) => return Err(Error::Foreign(backup.to_owned())),
            Err(Error::Older { .. }) => true,
            Err(error) => return Err(error),
        };
        let transaction = connection.unchecked_transaction()?;
        event(&Writer::on(&transaction))?;
        transaction.commit()?;
        Ok(Self { connection, is_older, _file: file })
    }
}

/// Opens the file, and keeps every other process out of it.
fn lock(path: &Path, wait: Duration) -> Result<Open, Error> {
    if file::way(path)? == Way::Alone {
        return Err(Error::ReadOnly);
    }
    let bytes = File::open(path).map_err(|error| file::unreadable(&error))?;
    // A new connection each time: one that waits would hold a lock that another restore needs.
    let connection = retry_until(Instant::now() + wait, || open_exclusively(path))?;
    Ok(Open { connection, bytes })
}

fn open_exclusively(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // Before the first read: the log is then indexed in memory, and every lock is kept.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    configure(&connection, Duration::ZERO).map_err(not_a_database(path))?;
    configure_writing(&connection).map_err(not_a_database(path))?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(Error::ReadOnly);
    }
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT").map_err(not_a_database(path))?;
    Ok(connection)
}

/// Copies the log into the file and empties it.
fn checkpoint(connection: &Connection) -> Result<(), Error> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// Looks at a store that is to be restored to `path`: see [`check`]. Refuses what needs no lock to
/// be seen.
pub(crate) fn check_backup(
    backup: &Path,
    path: &Path,
    tests: &Tests,
    now: Timestamp,
    wait: Duration,
) -> Result<Findings, Error> {
    let refusal = |why: &str| Error::NoBackup(backup.to_owned(), why.to_owned());
    let found = backup.metadata().map_err(|error| refusal(&error.to_string()))?;
    // Before the file is opened: to close it would release the locks of the open store.
    let identity = |file: &Metadata| (file.dev(), file.ino());
    if path.metadata().is_ok_and(|store| identity(&store) == identity(&found)) {
        return Err(refusal("it is the store itself"));
    }
    if path.metadata().is_ok_and(|store| store.len() > 0) {
        is_free(path, false)?;
    }
    match check(backup, tests, now, wait) {
        Err(Error::NotThere(path)) => Err(Error::Foreign(path)),
        other => other,
    }
}
