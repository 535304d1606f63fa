//! Backups of the whole store. A backup is a snapshot, and appears at its target path only when
//! complete.

#[cfg(feature = "postgres")]
use super::Reader;
use super::connect::{OpenMode, configure_writing, connect, enable_wal, truncate_wal};
#[cfg(feature = "postgres")]
use super::copy;
use super::file;
use super::migrations::MIGRATIONS;
use super::pending_backup::{
    PendingBackup, attribute_full_disk_to_backup, open_incomplete, remove_stale_journals,
};
use super::schema::migrate;
use super::{Database, Error, NewEvent, Store};
use crate::signals::Interrupted;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Number of instructions of the SQLite virtual machine between two progress reports.
const PROGRESS_INTERVAL: i32 = 100_000;

/// Function that observes a backup or restore. For a store in a file, the arguments are the number
/// of copied bytes and the total number of bytes. For a store on a server, the arguments are
/// numbers of rows: first the inserted rows and all rows, later the compared rows and all rows to
/// compare. An error of the function ends the operation.
pub(crate) trait CopyObserver:
    Fn(usize, usize) -> Result<(), Interrupted> + Clone + Send + 'static
{
}

impl<F: Fn(usize, usize) -> Result<(), Interrupted> + Clone + Send + 'static> CopyObserver for F {}

impl Store {
    /// Backs up the current state of the store to a SQLite file, which appears at `target` only
    /// after [`PendingBackup::persist`]. An error of `on_progress` ends the backup.
    pub(crate) fn backup(
        &mut self,
        target: &Path,
        on_progress: impl CopyObserver,
    ) -> Result<PendingBackup, Error> {
        let lock_timeout = self.lock_timeout;
        match &self.database {
            Database::Sqlite(database) => {
                prepare_backup(&database.path, target, lock_timeout, on_progress)
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => {
                let observer = |_, done, total| on_progress(done, total);
                let copy = |source: &Reader<'_>| {
                    copy::copy_to_file(source, target, None, lock_timeout, &observer)
                };
                self.read(copy).map(|(backup, _)| backup)
            }
        }
    }

    /// Migrates the store at `path` to the current schema, and adds `event`. Backs up the store
    /// before the migration. The default for `backup_target` is the path of the store with the
    /// suffix `.vVERSION`, in which VERSION is the old schema version. Returns the path of the
    /// backup. If the schema is already current, adds no event and returns `None`.
    pub(crate) fn migrate(
        path: &Path,
        backup_target: Option<&Path>,
        event: &NewEvent<'_>,
        lock_timeout: Duration,
    ) -> Result<Option<PathBuf>, Error> {
        let Some(store_file) = file::check_existing_file(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        let path = &store_file.path;
        let connection = connect(path, OpenMode::ReadWrite, lock_timeout)?;
        configure_writing(&connection)?;
        let back_up = |version| backup_before_migration(path, backup_target, version, lock_timeout);
        let backup_path = migrate(MIGRATIONS, &connection, path, event, back_up)
            .map_err(|error| store_file.to_missing_wal_error(error))?;
        if backup_path.is_some() {
            // Earlier versions of jeton left the content of deleted rows in free pages. VACUUM
            // removes free pages.
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

/// Creates a complete backup, which is not yet at the path `target`.
fn prepare_backup(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    on_progress: impl CopyObserver,
) -> Result<PendingBackup, Error> {
    let backup = PendingBackup::create(target, lock_timeout)?;
    let path = backup.temp_path();
    vacuum_into(source, path, lock_timeout, on_progress.clone())
        .map_err(attribute_full_disk_to_backup)?;
    backup.sync()?;
    let size = file_size(path);
    on_progress(size, size)?;
    Ok(backup)
}

/// Writes a snapshot of the store at `source` into the empty file at `target`. The copy is in WAL
/// mode, and has no free pages, because free pages can contain deleted rows. `on_progress` receives
/// the number of copied bytes and the total number of bytes. Both numbers are approximate. An error
/// of `on_progress` ends the copying.
pub(super) fn vacuum_into(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    on_progress: impl CopyObserver,
) -> Result<(), Error> {
    remove_stale_journals(target)?;
    let (total, target_path) = (file_size(source), target.to_owned());
    let mut source = connect(source, OpenMode::ReadOnlyAlongside, lock_timeout)?;
    let report_progress = move || {
        // A result of `true` ends the statement.
        on_progress(file_size(&target_path).min(total), total).is_err()
    };
    source.progress_handler(PROGRESS_INTERVAL, Some(report_progress))?;
    let path = ToSqlOutput::Borrowed(ValueRef::Text(target.as_os_str().as_bytes()));
    source.execute("VACUUM INTO ?1", [path])?;
    let target = open_incomplete(target)?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    enable_wal(&target, lock_timeout)
}

/// Returns the size of a file; 0 if the file cannot be read.
pub(super) fn file_size(path: &Path) -> usize {
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    usize::try_from(size).unwrap_or(usize::MAX)
}
