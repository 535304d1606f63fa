//! Restore of a store in a SQLite file from a backup. One SQLite transaction replaces the content,
//! under a lock that excludes all other processes. A replaced store with content is kept in the
//! same directory.

use super::backup::{CopyObserver, file_size, vacuum_into};
use super::check::check_file;
use super::connect::enable_wal;
use super::exclusive::{ExclusiveDatabase, create_database, lock_database, open_exclusively};
use super::file::{self, StoreFile};
use super::previous_store::{
    create_empty_file, ensure_no_previous_store, find_missing_store_with_wal, lock_directory,
    previous_store_path, rename_replaced_store,
};
use super::schema::{DatabaseKind, detect_kind};
use super::{CryptoChecks, Error, Findings, NewEvent, Reader, Writer};
use crate::files;
use crate::model::Timestamp;
use crate::signals::Interrupted;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Base name of the temporary file for the new content.
const CONTENT_TEMP_NAME: &str = ".jeton-restore";

/// Base name of the temporary file for the copy of the replaced store.
const COPY_TEMP_NAME: &str = ".jeton-before-restore";

/// The store that a restore replaces. The database, if any, is locked against all other processes.
/// Dropping the value releases the lock.
pub(crate) struct LockedStore {
    /// `None` if the file does not exist, or if SQLite cannot open it as a database: no process can
    /// then use the store.
    database: Option<ExclusiveDatabase>,
    path: PathBuf,
    lock_timeout: Duration,
    /// Set if the store has no content: the restore then has no replaced store to keep.
    is_empty: bool,
}

/// Result of a restore.
#[derive(Debug)]
pub(crate) struct RestoreOutcome {
    /// Path at which the replaced store is kept, if any.
    pub(crate) previous_store: Option<PathBuf>,
    /// Set if the backup, and therefore the restored store, has an older schema version.
    pub(crate) is_from_older_version: bool,
}

/// New content in a hidden file next to the store.
struct StagedContent {
    connection: Connection,
    is_from_older_version: bool,
    /// The hidden file, which is removed when the value is dropped.
    _file: NamedTempFile,
}

impl LockedStore {
    /// Locks the store at `requested` for a restore. A store that does not exist is created later,
    /// by [`LockedStore::replace`].
    pub(crate) fn lock(requested: &Path, lock_timeout: Duration) -> Result<Self, Error> {
        file::reject_reserved_suffix(requested)?;
        let Some(StoreFile { path, .. }) = file::check_existing_file(requested)? else {
            let store_with_wal = find_missing_store_with_wal(requested);
            let is_empty = store_with_wal.is_none();
            let path = store_with_wal.unwrap_or_else(|| requested.to_owned());
            return Ok(Self { database: None, path, lock_timeout, is_empty });
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

    /// Runs `work` on the content of the store before the restore. Returns [`Error::NotAStore`] if
    /// the file is missing or SQLite cannot open it.
    pub(crate) fn read<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.database {
            Some(database) => work(&Reader::sqlite(&database.connection)),
            None => Err(Error::NotAStore(self.path.clone()).into()),
        }
    }

    /// Replaces the content with the content of the backup and with the audit event that
    /// `build_event` returns. Keeps a replaced store with content under another path. `on_progress`
    /// receives the copied and the total number of bytes. If `on_progress` returns an error, the
    /// store is unchanged.
    pub(crate) fn replace<'e>(
        self,
        backup: &Path,
        build_event: impl FnOnce(&Reader<'_>) -> Result<NewEvent<'e>, Error>,
        on_progress: impl CopyObserver,
    ) -> Result<RestoreOutcome, Error> {
        let Self { database, path, lock_timeout, is_empty } = self;
        let directory = if is_empty && database.is_none() {
            file::create_directory(&path)?
        } else {
            file::canonical_directory(&path).map_err(|error| file::unreadable_error(&error))?
        };
        let _lock = lock_directory(&directory, lock_timeout)?;
        if !is_empty {
            ensure_no_previous_store(&path, database.is_some())?;
        }
        let progress = on_progress.clone();
        let content = StagedContent::new(backup, &directory, lock_timeout, build_event, progress)?;
        // After an interruption, `on_progress` returns an error.
        let backup_bytes = file_size(backup);
        let check_interrupt = || on_progress(backup_bytes, backup_bytes);
        check_interrupt()?;
        let previous_is_copy = database.is_some();
        let (mut database, previous_store) = match database {
            Some(database) if is_empty => (database, None),
            Some(mut database) => {
                let previous_store =
                    database.copy_replaced_store(&path, &directory, check_interrupt)?;
                (database, Some(previous_store))
            }
            None if is_empty => (create_database(&path, lock_timeout)?, None),
            None => {
                let previous_store = rename_replaced_store(&path, &directory)?;
                create_empty_file(&path)?;
                (lock_database(&path, lock_timeout)?, Some(previous_store))
            }
        };
        let replaced = database.replace_pages(&content.connection, lock_timeout);
        if let (Err(Error::DiskFull(_)), Some(copy)) =
            (&replaced, previous_store.as_ref().filter(|_| previous_is_copy))
        {
            // No page was replaced: the copy is removed to free disk space. A renamed store is
            // kept, because no other copy exists.
            files::remove_if_exists(copy).map_err(|error| file::unreadable_error(&error))?;
        }
        replaced?;
        // The restore is complete now, so errors are ignored. SQLite removes the WAL when this
        // connection, the only connection to the file, is closed.
        let _ = checkpoint(&database.connection);
        let _ =
            database.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        let [_, index] = file::wal_paths(&path);
        let _ = files::remove_if_exists(&index);
        Ok(RestoreOutcome { previous_store, is_from_older_version: content.is_from_older_version })
    }
}

impl ExclusiveDatabase {
    /// Copies the file, including the content of the WAL, to the path at which a restore keeps the
    /// replaced store. Returns this path. An error of `check_interrupt` leaves no copy.
    fn copy_replaced_store(
        &mut self,
        path: &Path,
        directory: &Path,
        check_interrupt: impl Fn() -> Result<(), Interrupted>,
    ) -> Result<PathBuf, Error> {
        checkpoint(&self.connection)?;
        let previous_store = previous_store_path(path);
        let mut copy_file = || -> io::Result<NamedTempFile> {
            let mut copy = files::create_temp_file(directory, OsStr::new(COPY_TEMP_NAME), 0o600)?;
            io::copy(&mut self.file, copy.as_file_mut())?;
            copy.as_file().sync_all()?;
            Ok(copy)
        };
        let copy_error =
            |error| Error::Failed(format!("cannot copy the store before the restore: {error}"));
        let copy = copy_file().map_err(copy_error)?;
        check_interrupt()?;
        copy.persist_noclobber(&previous_store).map_err(|error| copy_error(error.error))?;
        files::sync_directory(directory).map_err(copy_error)?;
        Ok(previous_store)
    }

    /// Replaces all pages by the pages of `content` in one transaction.
    fn replace_pages(&mut self, content: &Connection, lock_timeout: Duration) -> Result<(), Error> {
        enable_wal(&self.connection, lock_timeout)?;
        let page_size = |source: &Connection| -> rusqlite::Result<i64> {
            source.pragma_query_value(None, "page_size", |row| row.get(0))
        };
        if page_size(content)? != page_size(&self.connection)? {
            // SQLite changes the page size only in a journal mode without WAL. The first copied
            // page contains the file header, which enables the WAL again.
            let connection = &self.connection;
            connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        }
        let step_result =
            Backup::new(content, &mut self.connection).and_then(|backup| backup.step(-1));
        if step_result? == StepResult::Done { Ok(()) } else { Err(Error::Busy) }
    }
}

impl StagedContent {
    /// Copies the backup to a hidden file in `directory`, and adds the event to the copy.
    fn new<'e>(
        backup: &Path,
        directory: &Path,
        lock_timeout: Duration,
        build_event: impl FnOnce(&Reader<'_>) -> Result<NewEvent<'e>, Error>,
        on_progress: impl CopyObserver,
    ) -> Result<Self, Error> {
        let file = files::create_temp_file(directory, OsStr::new(CONTENT_TEMP_NAME), 0o600)
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
        let writer = Writer::sqlite(&transaction);
        let event = build_event(&writer)?;
        // Before version 3, the target of an event was stored in another format.
        if older_version.is_some_and(|version| version < 3) {
            writer.add_event_before_migration(&event)?;
        } else {
            writer.add_event(&event)?;
        }
        transaction.commit()?;
        Ok(Self { connection, is_from_older_version: older_version.is_some(), _file: file })
    }
}

/// Copies the WAL into the file and truncates the WAL.
fn checkpoint(connection: &Connection) -> Result<(), Error> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// Checks a backup, as [`check_file`] checks a store, before a restore to the store at `path`.
/// Returns an error if the backup is the store itself. Also returns an error if the store file is
/// not empty and the previous store of an earlier restore still exists.
pub(crate) fn check_backup(
    backup: &Path,
    path: &Path,
    checks: &CryptoChecks,
    now: Timestamp,
    lock_timeout: Duration,
) -> Result<Findings, Error> {
    let invalid_backup = |reason: &str| Error::InvalidBackup(backup.to_owned(), reason.to_owned());
    let metadata = backup.metadata().map_err(|error| invalid_backup(&error.to_string()))?;
    // Checked before the backup is opened: if the backup is the store, closing the backup would
    // release the locks of the store.
    let file_id = |file: &Metadata| (file.dev(), file.ino());
    if path.metadata().is_ok_and(|store| file_id(&store) == file_id(&metadata)) {
        return Err(invalid_backup("the file is the store itself"));
    }
    if path.metadata().is_ok_and(|store| store.len() > 0) {
        ensure_no_previous_store(path, false)?;
    }
    match check_file(backup, checks, now, lock_timeout) {
        Err(Error::NotFound(path)) => Err(Error::NotAStore(path)),
        other => other,
    }
}
