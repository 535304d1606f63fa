//! Backups of the whole store. A backup is a snapshot, and appears at its target path only when
//! complete.

use super::connect::{OpenMode, configure_writing, connect, enable_wal, truncate_wal};
use super::directory_remedy::FileRole;
use super::file;
use super::migrations::MIGRATIONS;
#[cfg(feature = "postgres")]
use super::postgres::ServerError;
use super::schema::migrate;
use super::{Database, Error, NewEvent, Store};
use crate::directory::Writers;
use crate::files;
use crate::signals::Interrupted;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Base name of the temporary file for an incomplete backup. The name is fixed, so that killed
/// processes leave at most one file.
const TEMP_NAME: &str = ".jeton-backup";

/// Number of SQLite instructions between two progress reports.
const PROGRESS_INTERVAL: i32 = 100_000;

/// Observer of a copy, which gets the number of copied bytes and of all bytes.
pub(crate) trait CopyObserver:
    Fn(usize, usize) -> Result<(), Interrupted> + Clone + Send + 'static
{
}

impl<F: Fn(usize, usize) -> Result<(), Interrupted> + Clone + Send + 'static> CopyObserver for F {}

/// A complete backup next to its target path. Dropping the value removes the file.
pub(crate) struct PendingBackup {
    file: NamedTempFile,
    target: PathBuf,
    /// Users with write access to the directory.
    pub(crate) writers: Writers,
    _lock: File,
}

impl PendingBackup {
    /// Moves the backup to its target path, which must not exist. Returns the size in bytes.
    pub(crate) fn persist(self) -> Result<u64, Error> {
        let file = self.file.persist_noclobber(&self.target).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                return Error::TargetExists(self.target.clone());
            }
            write_error(&error.error)
        })?;
        self.target
            .parent()
            .map_or(Ok(()), files::sync_directory)
            .map_err(|error| write_error(&error))?;
        file.metadata().map(|metadata| metadata.len()).map_err(|error| write_error(&error))
    }
}

impl Store {
    /// Backs up the current state of the store. `on_progress` receives the copied and the total
    /// number of bytes; an error ends the backup.
    pub(crate) fn backup(
        &self,
        target: &Path,
        on_progress: impl CopyObserver,
    ) -> Result<PendingBackup, Error> {
        match &self.database {
            Database::Sqlite(database) => {
                prepare_backup(&database.path, target, self.lock_timeout, on_progress)
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => Err(ServerError::UnsupportedOperation("backups").into()),
        }
    }

    /// Migrates the store at `path` to the current schema. An older store is backed up first, to
    /// `target` or next to the store with the version as suffix. Returns the path of the backup, or
    /// `None` if the schema is current.
    pub(crate) fn migrate(
        path: &Path,
        target: Option<&Path>,
        event: &NewEvent<'_>,
        lock_timeout: Duration,
    ) -> Result<Option<PathBuf>, Error> {
        let Some(store_file) = file::locate(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        let path = &store_file.path;
        let connection = connect(path, OpenMode::ReadWrite, lock_timeout)?;
        configure_writing(&connection)?;
        let back_up = |version| backup_before_migration(path, target, version, lock_timeout);
        let backup_path = migrate(MIGRATIONS, &connection, path, event, back_up)
            .map_err(|error| store_file.refine_error(error))?;
        if backup_path.is_some() {
            // Earlier versions left deleted rows in free pages.
            connection.execute_batch("VACUUM")?;
            truncate_wal(&connection, lock_timeout);
        }
        Ok(backup_path)
    }
}

/// Backs up a store of schema version `version` before its migration. Uses a second connection,
/// because SQLite cannot copy from the connection that holds the write lock. Returns the path of
/// the backup.
pub(super) fn backup_before_migration(
    path: &Path,
    target: Option<&Path>,
    version: i64,
    lock_timeout: Duration,
) -> Result<PathBuf, Error> {
    let target =
        target.map_or_else(|| file::with_suffix(path, &format!(".v{version}")), Path::to_owned);
    prepare_backup(path, &target, lock_timeout, |_, _| Ok(()))?.persist()?;
    Ok(target)
}

fn prepare_backup(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    on_progress: impl CopyObserver,
) -> Result<PendingBackup, Error> {
    let unwritable_error = |error: io::Error| {
        if files::is_disk_full(&error) {
            return Error::DiskFull(BACKUP_LABEL);
        }
        Error::UnwritableBackup(target.to_owned(), error.to_string())
    };
    file::reject_reserved_suffix(target)?;
    // SQLite would use an existing WAL or journal of that name for the backup.
    let paths = [target.to_owned()]
        .into_iter()
        .chain(file::wal_paths(target))
        .chain([file::journal_path(target)]);
    if let Some(existing) = paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::TargetExists(existing));
    }
    let name = target.file_name();
    let name = name.ok_or_else(|| unwritable_error(io::ErrorKind::InvalidFilename.into()))?;
    let directory = file::canonical_directory(target).map_err(unwritable_error)?;
    let writers = file::check_directory(target, &directory, FileRole::Backup)?;
    let lock = File::open(&directory).map_err(unwritable_error)?;
    if !files::lock(&lock, lock_timeout).map_err(unwritable_error)? {
        return Err(Error::Busy);
    }
    let file = files::create_temp_file(&directory, OsStr::new(TEMP_NAME), 0o600)
        .map_err(unwritable_error)?;
    vacuum_into(source, file.path(), lock_timeout, on_progress.clone()).map_err(|error| {
        if matches!(error, Error::DiskFull(_)) { Error::DiskFull(BACKUP_LABEL) } else { error }
    })?;
    file.as_file().sync_all().map_err(|error| write_error(&error))?;
    let size = count_bytes(file.path());
    on_progress(size, size)?;
    Ok(PendingBackup { file, target: directory.join(name), writers, _lock: lock })
}

/// Writes a snapshot of the store at `source` into the empty file at `target`, without free pages
/// and the deleted rows in them. The copy is in WAL mode. `on_progress` receives the
/// copied and the total number of bytes, both approximate; an error ends the copying.
pub(super) fn vacuum_into(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    on_progress: impl CopyObserver,
) -> Result<(), Error> {
    // SQLite would roll back the journal of a killed process into the copy.
    for stale_path in file::wal_paths(target).iter().chain([&file::journal_path(target)]) {
        files::remove_if_exists(stale_path).map_err(|error| write_error(&error))?;
    }
    let (total, path) = (count_bytes(source), target.to_owned());
    let mut source = connect(source, OpenMode::ReadOnlyAlongside, lock_timeout)?;
    let report_progress = move || {
        // A result of `true` ends the statement.
        on_progress(count_bytes(&path).min(total), total).is_err()
    };
    source.progress_handler(PROGRESS_INTERVAL, Some(report_progress))?;
    let path = ToSqlOutput::Borrowed(ValueRef::Text(target.as_os_str().as_bytes()));
    source.execute("VACUUM INTO ?1", [path])?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let target = Connection::open_with_flags(target, flags)?;
    // An incomplete copy is never used: no rollback is needed, and one sync at the end is enough.
    // In exclusive mode, SQLite creates no WAL files.
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    enable_wal(&target, lock_timeout)
}

/// Returns the size of a file; 0 if the file cannot be read.
pub(super) fn count_bytes(path: &Path) -> usize {
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    usize::try_from(size).unwrap_or(usize::MAX)
}

const BACKUP_LABEL: &str = "the backup";

fn write_error(error: &io::Error) -> Error {
    if files::is_disk_full(error) {
        return Error::DiskFull(BACKUP_LABEL);
    }
    Error::Failed(format!("cannot write the backup: {error}"))
}
