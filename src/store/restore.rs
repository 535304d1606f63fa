//! Restore of a store from a backup. One SQLite transaction replaces the content, under a lock that
//! excludes all other processes. The replaced store is kept next to the new store.

use super::backup::vacuum_into;
use super::check::check;
use super::connect::{configure, configure_writing, enable_wal, map_open_error};
use super::file::{self, ReadMode, StoreFile};
use super::lock::retry_until;
use super::previous_store::{
    create_empty_file, ensure_no_previous_store, find_missing_store_with_wal, lock_directory,
    previous_store_path, rename_replaced_store,
};
use super::schema::{DatabaseKind, detect_kind};
use super::{CryptoChecks, Error, Findings, NewEvent, Reader, Writer};
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

/// Base names of temporary files: the new content, and the copy of the replaced store.
const TEMP_NAMES: [&str; 2] = [".jeton-restore", ".jeton-before-restore"];

/// A store that no other process has open or can open. Dropping the value releases the lock.
pub(crate) struct LockedStore {
    /// `None` if SQLite cannot open the file, so that no process can use the file.
    database: Option<OpenDatabase>,
    path: PathBuf,
    lock_timeout: Duration,
    is_empty: bool,
}

struct OpenDatabase {
    connection: Connection,
    /// Descriptor of the file for copying. Must be closed after the connection: closing a
    /// descriptor releases all locks of the process on the file (POSIX).
    file: File,
}

/// Result of a restore.
#[derive(Debug)]
pub(crate) struct RestoreOutcome {
    /// Path of the replaced store, if any.
    pub(crate) previous_store: Option<PathBuf>,
    /// Set if the backup was created by an older version of jeton.
    pub(crate) is_from_older_version: bool,
}

/// New content in a hidden file next to the store.
struct StagedContent {
    connection: Connection,
    is_from_older_version: bool,
    _file: NamedTempFile,
}

impl LockedStore {
    /// Locks the store at `requested` for a restore. Creates an empty file if the store does not
    /// exist.
    pub(crate) fn lock(requested: &Path, lock_timeout: Duration) -> Result<Self, Error> {
        file::reject_reserved_suffix(requested)?;
        let path = match file::locate(requested)? {
            Some(StoreFile { path, .. }) => path,
            None => match find_missing_store_with_wal(requested) {
                Some(path) => {
                    return Ok(Self { database: None, path, lock_timeout, is_empty: false });
                }
                None => create_empty_file(requested)?,
            },
        };
        let database = match lock_database(&path, lock_timeout) {
            Err(Error::Damaged(_) | Error::NotAStore(_)) => None,
            other => Some(other?),
        };
        let is_empty =
            match database.as_ref().map(|database| detect_kind(&database.connection, &path)) {
                Some(Ok(DatabaseKind::Empty)) => true,
                // A database of another program.
                Some(Err(error @ Error::NotAStore(_))) => return Err(error),
                _ => false,
            };
        Ok(Self { database, path, lock_timeout, is_empty })
    }

    /// Reads the old content.
    pub(crate) fn read<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.database {
            Some(database) => work(&Reader::new(&database.connection)),
            None => Err(Error::NotAStore(self.path.clone()).into()),
        }
    }

    /// Replaces the content with the backup, to which the result of `build_event` is added first,
    /// and keeps the old store. `on_progress` receives the copied and the total number of pages.
    pub(crate) fn replace<'e>(
        self,
        backup: &Path,
        build_event: impl FnOnce(&Reader<'_>) -> Result<NewEvent<'e>, Error>,
        on_progress: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<RestoreOutcome, Error> {
        let Self { database, path, lock_timeout, is_empty } = self;
        let directory =
            file::canonical_directory(&path).map_err(|error| file::unreadable_error(&error))?;
        let _lock = lock_directory(&directory, lock_timeout)?;
        if !is_empty {
            ensure_no_previous_store(&path, database.is_some())?;
        }
        let content =
            StagedContent::new(backup, &directory, lock_timeout, build_event, on_progress)?;
        let (mut database, previous_store) = match database {
            Some(database) if is_empty => (database, None),
            Some(mut database) => {
                let previous_store = database.copy_replaced_store(&path, &directory)?;
                (database, Some(previous_store))
            }
            None => {
                let previous_store = rename_replaced_store(&path, &directory)?;
                create_empty_file(&path)?;
                (lock_database(&path, lock_timeout)?, Some(previous_store))
            }
        };
        database.replace_pages(&content.connection, previous_store.as_deref(), lock_timeout)?;
        // The restore is complete now, so errors are ignored. SQLite removes the WAL when this only
        // connection is closed.
        let _ = checkpoint(&database.connection);
        let _ =
            database.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        let [_, index] = file::wal_paths(&path);
        let _ = files::remove_if_exists(&index);
        Ok(RestoreOutcome { previous_store, is_from_older_version: content.is_from_older_version })
    }
}

impl OpenDatabase {
    /// Copies the file, including the content of the WAL, to the path of the replaced store.
    fn copy_replaced_store(&mut self, path: &Path, directory: &Path) -> Result<PathBuf, Error> {
        checkpoint(&self.connection)?;
        let previous_store = previous_store_path(path);
        let mut copy_file = || -> io::Result<()> {
            let mut copy = files::create_temp_file(directory, OsStr::new(TEMP_NAMES[1]), 0o600)?;
            io::copy(&mut self.file, copy.as_file_mut())?;
            copy.as_file().sync_all()?;
            copy.persist_noclobber(&previous_store)?;
            files::sync_directory(directory)
        };
        copy_file()
            .map_err(|error| Error::Failed(format!("cannot save the old store: {error}")))?;
        Ok(previous_store)
    }

    /// Copies all pages in one transaction.
    fn replace_pages(
        &mut self,
        content: &Connection,
        previous_store: Option<&Path>,
        lock_timeout: Duration,
    ) -> Result<(), Error> {
        enable_wal(&self.connection, lock_timeout)?;
        let page_size = |source: &Connection| -> rusqlite::Result<i64> {
            source.pragma_query_value(None, "page_size", |row| row.get(0))
        };
        if page_size(content)? != page_size(&self.connection)? {
            // SQLite changes the page size only without a WAL. The copied header then
            // determines the journal mode.
            let connection = &self.connection;
            connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        }
        let step_result =
            Backup::new(content, &mut self.connection).and_then(|backup| backup.step(-1));
        let is_disk_full = |error: &rusqlite::Error| {
            error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        };
        if let (true, Some(previous_store)) =
            (step_result.as_ref().is_err_and(is_disk_full), previous_store)
        {
            // No page was replaced, and disk space is needed.
            files::remove_if_exists(previous_store)
                .map_err(|error| file::unreadable_error(&error))?;
        }
        if step_result? == StepResult::Done { Ok(()) } else { Err(Error::Busy) }
    }
}

impl StagedContent {
    fn new<'e>(
        backup: &Path,
        directory: &Path,
        lock_timeout: Duration,
        build_event: impl FnOnce(&Reader<'_>) -> Result<NewEvent<'e>, Error>,
        on_progress: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<Self, Error> {
        let file = files::create_temp_file(directory, OsStr::new(TEMP_NAMES[0]), 0o600)
            .map_err(|error| file::unreadable_error(&error))?;
        vacuum_into(backup, file.path(), lock_timeout, on_progress)?;
        let connection = open_exclusively(file.path())?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        let older_version = match detect_kind(&connection, backup) {
            Ok(DatabaseKind::CurrentStore) => None,
            Ok(DatabaseKind::Empty) => return Err(Error::NotAStore(backup.to_owned())),
            Err(Error::OlderSchema { found, .. }) => Some(found),
            Err(error) => return Err(error),
        };
        let transaction = connection.unchecked_transaction()?;
        let writer = Writer::new(&transaction);
        let event = build_event(&writer)?;
        if older_version.is_some_and(|version| version < 3) {
            writer.add_event_before_migration(&event)?;
        } else {
            writer.add_event(&event)?;
        }
        transaction.commit()?;
        Ok(Self { connection, is_from_older_version: older_version.is_some(), _file: file })
    }
}

/// Opens the file and excludes all other processes.
fn lock_database(path: &Path, lock_timeout: Duration) -> Result<OpenDatabase, Error> {
    if file::detect_read_mode(path)? == ReadMode::Immutable {
        return Err(Error::ReadOnly);
    }
    let file = File::open(path).map_err(|error| file::unreadable_error(&error))?;
    // A new connection per attempt: a waiting connection would hold a lock that another restore
    // needs.
    let connection = retry_until(Instant::now() + lock_timeout, || open_exclusively(path))?;
    Ok(OpenDatabase { connection, file })
}

fn open_exclusively(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // Set before the first read: SQLite then keeps the WAL index in memory, and keeps every lock.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    configure(&connection, Duration::ZERO).map_err(map_open_error(path))?;
    configure_writing(&connection).map_err(map_open_error(path))?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(Error::ReadOnly);
    }
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT").map_err(map_open_error(path))?;
    Ok(connection)
}

/// Copies the WAL into the file and truncates the WAL.
fn checkpoint(connection: &Connection) -> Result<(), Error> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// Checks a backup before a restore to `path`, as [`check`] checks a store. Also refuses a restore
/// that would fail for a reason that is visible without a lock.
pub(crate) fn check_backup(
    backup: &Path,
    path: &Path,
    checks: &CryptoChecks,
    now: Timestamp,
    lock_timeout: Duration,
) -> Result<Findings, Error> {
    let invalid_backup = |reason: &str| Error::InvalidBackup(backup.to_owned(), reason.to_owned());
    let metadata = backup.metadata().map_err(|error| invalid_backup(&error.to_string()))?;
    // Checked before the file is opened: closing the file would release the locks of the open
    // store.
    let file_id = |file: &Metadata| (file.dev(), file.ino());
    if path.metadata().is_ok_and(|store| file_id(&store) == file_id(&metadata)) {
        return Err(invalid_backup("the file is the store itself"));
    }
    if path.metadata().is_ok_and(|store| store.len() > 0) {
        ensure_no_previous_store(path, false)?;
    }
    match check(backup, checks, now, lock_timeout) {
        Err(Error::NotFound(path)) => Err(Error::NotAStore(path)),
        other => other,
    }
}
