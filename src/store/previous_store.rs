//! The store that a restore replaces: its new path, and its renaming if SQLite cannot open the file.

use super::Error;
use super::file::{self, StoreFile};
use crate::files;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns the path at which a restore keeps the replaced store.
pub(super) fn previous_store_path(path: &Path) -> PathBuf {
    file::with_suffix(path, ".before-restore")
}

/// Returns the path of a store whose file is missing but whose WAL exists. A new file at this path
/// would make SQLite remove the WAL.
pub(super) fn find_missing_store_with_wal(requested: &Path) -> Option<PathBuf> {
    let path = file::canonical_directory(requested).ok()?.join(requested.file_name()?);
    let [wal, _] = file::wal_paths(&path);
    wal.symlink_metadata().is_ok_and(|wal| wal.len() > 0).then_some(path)
}

/// Creates an empty file if no file exists. Returns the path of the file, with symbolic links in the
/// directory part resolved.
pub(super) fn create_empty_file(requested: &Path) -> Result<PathBuf, Error> {
    file::create_file(requested)?;
    match file::check_existing_file(requested)? {
        Some(StoreFile { path, .. }) => Ok(path),
        None => Err(Error::NotFound(requested.to_owned())),
    }
}

/// Renames the store file, its WAL and its journal to the path of the replaced store, and removes
/// the WAL index. Used if SQLite cannot open the store file, or if the store file is missing.
/// Returns the new path.
pub(super) fn rename_replaced_store(path: &Path, directory: &Path) -> Result<PathBuf, Error> {
    let previous = previous_store_path(path);
    let [wal, index] = file::wal_paths(path);
    let rename = || -> io::Result<()> {
        files::remove_if_exists(&index)?;
        // The store file is renamed last: if this process is killed earlier, the next restore finds
        // the store file at `path` and renames the remaining files.
        let [previous_wal, _] = file::wal_paths(&previous);
        let from = [wal, file::journal_path(path), path.to_owned()];
        for (from, to) in
            from.iter().zip([previous_wal, file::journal_path(&previous), previous.clone()])
        {
            match std::fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        files::sync_directory(directory)
    };
    rename().map_err(|error| file::unreadable_error(&error))?;
    Ok(previous)
}

/// Returns an error if the replaced store of an earlier restore exists. If `with_wal_names` is set,
/// also returns an error if the WAL, the WAL index or the journal of that replaced store exists.
pub(super) fn ensure_no_previous_store(path: &Path, with_wal_names: bool) -> Result<(), Error> {
    let previous = previous_store_path(path);
    let wal_paths = file::wal_paths(&previous).into_iter().chain([file::journal_path(&previous)]);
    let checked_paths = [previous.clone()].into_iter().chain(wal_paths.filter(|_| with_wal_names));
    match checked_paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(existing) => {
            let directory = suggest_directory(path);
            Err(Error::PreviousStoreExists { previous, existing, directory })
        }
        None => Ok(()),
    }
}

/// Returns the path of a directory that does not exist yet, to which the user can move the replaced
/// store of an earlier restore.
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
