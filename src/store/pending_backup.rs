//! The file of a backup, or of a copy of the store. The file appears at its target path only when
//! its content is complete. A restore also prepares its new content with functions of this module.

use super::directory_remedy::FileRole;
use super::{Error, file};
use crate::directory::Writers;
use crate::files;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Base name of the temporary file (`.jeton-backup.new`) for an incomplete backup. The name is
/// fixed, so that killed processes leave at most one incomplete backup in a directory.
const TEMP_BASE_NAME: &str = ".jeton-backup";

/// A backup or copy of the store in a temporary file next to its target path. Dropping the value
/// removes the temporary file.
pub(crate) struct PendingBackup {
    file: NamedTempFile,
    target: PathBuf,
    /// Users with write access to the directory.
    pub(crate) writers: Writers,
    /// Lock of the directory, because all processes use the same temporary file.
    _lock: File,
}

impl PendingBackup {
    /// Locks the directory of `target`, and creates an empty temporary file there. Refuses a target
    /// that exists or has a WAL or journal, a target with a reserved suffix, and a directory in
    /// which other users can replace the backup.
    pub(super) fn create(target: &Path, lock_timeout: Duration) -> Result<Self, Error> {
        let unwritable_error = |error: io::Error| {
            if files::is_disk_full(&error) {
                return Error::DiskFull(BACKUP_LABEL);
            }
            Error::UnwritableBackup(target.to_owned(), error.to_string())
        };
        file::reject_reserved_suffix(target)?;
        // SQLite would treat an existing WAL or journal next to the target as part of the backup.
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
        let file = files::create_temp_file(&directory, OsStr::new(TEMP_BASE_NAME), 0o600)
            .map_err(unwritable_error)?;
        Ok(Self { file, target: directory.join(name), writers, _lock: lock })
    }

    /// Returns the path of the temporary file.
    pub(super) fn temp_path(&self) -> &Path {
        self.file.path()
    }

    /// Makes the content durable.
    pub(super) fn sync(&self) -> Result<(), Error> {
        self.file.as_file().sync_all().map_err(|error| write_error(&error))
    }

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

/// Name of the backup in the message about a full disk.
const BACKUP_LABEL: &str = "the backup";

/// Removes the write-ahead log (WAL), the WAL index and the rollback journal that a killed process
/// left next to an incomplete file. SQLite would treat these files as part of the new content.
pub(super) fn remove_stale_journals(path: &Path) -> Result<(), Error> {
    for stale_path in file::wal_paths(path).iter().chain([&file::journal_path(path)]) {
        files::remove_if_exists(stale_path).map_err(|error| write_error(&error))?;
    }
    Ok(())
}

/// Opens an incomplete file for writing. SQLite does not sync this file: a file that stays
/// incomplete is never used, so one sync by the caller at the end is enough. In exclusive locking
/// mode, SQLite creates no WAL index file.
pub(super) fn open_incomplete(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(connection)
}

fn write_error(error: &io::Error) -> Error {
    if files::is_disk_full(error) {
        return Error::DiskFull(BACKUP_LABEL);
    }
    Error::Failed(format!("cannot write the backup: {error}"))
}

/// Makes the error of a full disk name the backup instead of the store.
pub(super) fn attribute_full_disk_to_backup(error: Error) -> Error {
    if matches!(error, Error::DiskFull(_)) { Error::DiskFull(BACKUP_LABEL) } else { error }
}
