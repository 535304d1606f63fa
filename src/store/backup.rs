//! Copies of the whole store: of one moment, whatever others write meanwhile, and at their place
//! only when they are complete.

use super::connect::{OpenMode, configure_writing, connect, enable_wal, truncate_wal};
use super::file;
use super::remedy::FileRole;
use super::schema::{MIGRATIONS, migrate};
use super::{Error, NewEvent, Store};
use crate::directory::Writers;
use crate::files;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// What a copy is called until it is complete: always the same, so that what killed processes leave
/// never grows in number.
const TEMP_NAME: &str = ".jeton-backup";

/// Bytes of a page.
const PAGE_BYTES: u64 = 4_096;

/// Instructions of SQLite between two looks at how far a copy is.
const PROGRESS_INTERVAL: i32 = 100_000;

/// A copy that stands beside its place. It is removed unless it is kept.
pub(crate) struct PendingBackup {
    file: NamedTempFile,
    target: PathBuf,
    /// The users who can write the directory.
    pub(crate) writers: Writers,
    _lock: File,
}

impl PendingBackup {
    /// Puts it in its place, where nothing may stand; its size.
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
    /// Copies the store as it is at this moment. `seen` hears how many pages of how many are there.
    pub(crate) fn backup(
        &self,
        target: &Path,
        on_progress: impl FnMut(usize, usize) + Send + 'static,
    ) -> Result<PendingBackup, Error> {
        prepare_backup(&self.path, target, self.lock_timeout, on_progress)
    }

    /// Brings the store at `path` to the schema of this program. A store of an older one is copied
    /// first: to `target`, or beside itself under its version. Where to; `None` if there was
    /// nothing to do.
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
            // Older versions left deleted rows in free pages.
            connection.execute_batch("VACUUM")?;
            truncate_wal(&connection, lock_timeout);
        }
        Ok(backup_path)
    }
}

/// Copies a store of that version through a connection of its own, because the one that holds
/// the write lock cannot be copied from; where to.
pub(super) fn backup_before_migration(
    path: &Path,
    target: Option<&Path>,
    version: i64,
    lock_timeout: Duration,
) -> Result<PathBuf, Error> {
    let target =
        target.map_or_else(|| file::with_suffix(path, &format!(".v{version}")), Path::to_owned);
    prepare_backup(path, &target, lock_timeout, |_, _| {})?.persist()?;
    Ok(target)
}

fn prepare_backup(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    on_progress: impl FnMut(usize, usize) + Send + 'static,
) -> Result<PendingBackup, Error> {
    let unwritable = |error: io::Error| {
        if files::is_disk_full(&error) {
            return Error::DiskFull(BACKUP_LABEL);
        }
        Error::UnwritableBackup(target.to_owned(), error.to_string())
    };
    file::reject_reserved_suffix(target)?;
    // A log of another file that was called so would be taken for the copy's.
    let paths = [target.to_owned()]
        .into_iter()
        .chain(file::wal_paths(target))
        .chain([file::journal_path(target)]);
    if let Some(existing) = paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::TargetExists(existing));
    }
    let name = target.file_name();
    let name = name.ok_or_else(|| unwritable(io::ErrorKind::InvalidFilename.into()))?;
    let directory = file::canonical_directory(target).map_err(unwritable)?;
    let writers = file::check_directory(target, &directory, FileRole::Backup)?;
    let lock = File::open(&directory).map_err(unwritable)?;
    if !files::lock(&lock, lock_timeout).map_err(unwritable)? {
        return Err(Error::Busy);
    }
    let file =
        files::create_temp_file(&directory, OsStr::new(TEMP_NAME), 0o600).map_err(unwritable)?;
    vacuum_into(source, file.path(), lock_timeout, on_progress).map_err(|error| {
        if matches!(error, Error::DiskFull(_)) { Error::DiskFull(BACKUP_LABEL) } else { error }
    })?;
    file.as_file().sync_all().map_err(|error| write_error(&error))?;
    Ok(PendingBackup { file, target: directory.join(name), writers, _lock: lock })
}

/// Writes the rows of the store at `source`, as they are at one moment, into the empty file at
/// `target`: without free pages and what they still hold of deleted rows, and with a write-ahead log
/// from its first use. `seen` hears about how many pages of how many are there.
pub(super) fn vacuum_into(
    source: &Path,
    target: &Path,
    lock_timeout: Duration,
    mut on_progress: impl FnMut(usize, usize) + Send + 'static,
) -> Result<(), Error> {
    let pages = |path: &Path| {
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        usize::try_from(bytes / PAGE_BYTES).unwrap_or(usize::MAX)
    };
    // What a killed process left would be rolled back into the copy.
    for stale in file::wal_paths(target).iter().chain([&file::journal_path(target)]) {
        files::remove_if_exists(stale).map_err(|error| write_error(&error))?;
    }
    let (total, path) = (pages(source), target.to_owned());
    let mut source = connect(source, OpenMode::ReadOnlyAlongside, lock_timeout)?;
    let report_progress = move || {
        on_progress(pages(&path).min(total), total);
        false
    };
    source.progress_handler(PROGRESS_INTERVAL, Some(report_progress))?;
    let path = ToSqlOutput::Borrowed(ValueRef::Text(target.as_os_str().as_bytes()));
    source.execute("VACUUM INTO ?1", [path])?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let target = Connection::open_with_flags(target, flags)?;
    // Nobody needs a half-written copy: there is nothing to roll back to, and it is synced as a
    // whole. Held alone, it gets no files beside it.
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    enable_wal(&target, lock_timeout)
}

const BACKUP_LABEL: &str = "the copy";

fn write_error(error: &io::Error) -> Error {
    if files::is_disk_full(error) {
        return Error::DiskFull(BACKUP_LABEL);
    }
    Error::Failed(format!("the copy cannot be written: {error}"))
}
