//! Files of the store that a restore replaces. The restore keeps the replaced store, then called
//! the previous store, under another path.

use super::Error;
use super::file::{self, StoreFile};
use crate::files;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns the path of the previous store. `path` is the path of the store that the restore
/// replaces.
pub(super) fn previous_store_path(path: &Path) -> PathBuf {
    file::with_suffix(path, ".before-restore")
}

/// Returns the path of the requested store, whose file is missing, if its write-ahead log (WAL)
/// exists and is not empty. Does not check that the file is missing. If a new file were created at
/// this path, SQLite would remove the WAL.
pub(super) fn find_missing_store_with_wal(requested: &Path) -> Option<PathBuf> {
    let path = file::canonical_directory(requested).ok()?.join(requested.file_name()?);
    let [wal, _] = file::wal_paths(&path);
    wal.symlink_metadata().is_ok_and(|wal| wal.len() > 0).then_some(path)
}

/// Creates an empty file if no file exists. Returns the path of the file, with symbolic links in
/// the directory part resolved.
pub(super) fn create_empty_file(requested: &Path) -> Result<PathBuf, Error> {
    file::create_file(requested)?;
    match file::check_existing_file(requested)? {
        Some(StoreFile { path, .. }) => Ok(path),
        None => Err(Error::NotFound(requested.to_owned())),
    }
}

/// Renames the store file, its WAL and its journal to the names for the previous store, and removes
/// the WAL index. Used if SQLite cannot open the store file, or if the store file is missing.
/// Returns the path of the previous store.
pub(super) fn rename_replaced_store(path: &Path, directory: &Path) -> Result<PathBuf, Error> {
    let previous = previous_store_path(path);
    let [wal, index] = file::wal_paths(path);
    let rename_files = || -> io::Result<()> {
        files::remove_if_exists(&index)?;
        // The store file is renamed last: if this process is killed earlier, the next restore finds
        // the store file at `path` and renames the remaining files.
        let [previous_wal, _] = file::wal_paths(&previous);
        let sources = [wal, file::journal_path(path), path.to_owned()];
        for (source, target) in
            sources.iter().zip([previous_wal, file::journal_path(&previous), previous.clone()])
        {
            match std::fs::rename(source, target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        files::sync_directory(directory)
    };
    rename_files().map_err(|error| file::unreadable_error(&error))?;
    Ok(previous)
}

/// Returns an error if the previous store of an earlier restore exists. If `checks_wal_and_journal`
/// is set, also returns an error if the WAL, the WAL index or the journal of the previous store
/// exists.
pub(super) fn ensure_no_previous_store(
    path: &Path,
    checks_wal_and_journal: bool,
) -> Result<(), Error> {
    let previous = previous_store_path(path);
    let side_paths = file::wal_paths(&previous).into_iter().chain([file::journal_path(&previous)]);
    let checked_paths =
        [previous.clone()].into_iter().chain(side_paths.filter(|_| checks_wal_and_journal));
    match checked_paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(existing) => {
            let directory = suggest_directory(path);
            Err(Error::PreviousStoreExists { previous, existing, directory })
        }
        None => Ok(()),
    }
}

/// Returns the path of a directory that does not exist yet. The user can move the previous store of
/// an earlier restore to this directory.
fn suggest_directory(path: &Path) -> PathBuf {
    let mut directory = path.with_file_name("before-restore");
    let mut number = 1;
    while directory.symlink_metadata().is_ok() {
        number += 1;
        directory = path.with_file_name(format!("before-restore-{number}"));
    }
    directory
}

/// Acquires the lock of a directory. Returns the open directory; dropping the value releases the
/// lock.
pub(super) fn lock_directory(directory: &Path, lock_timeout: Duration) -> Result<File, Error> {
    let lock = File::open(directory).map_err(|error| file::unreadable_error(&error))?;
    let is_locked =
        files::lock(&lock, lock_timeout).map_err(|error| file::unreadable_error(&error))?;
    if is_locked { Ok(lock) } else { Err(Error::Busy) }
}
