//! The file of a store that is replaced: the name under which it is kept, and what becomes of one
//! that SQLite cannot open.

use super::Error;
use super::file::{self, Located};
use crate::files;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns the path at which the old store is kept.
pub(super) fn kept(path: &Path) -> PathBuf {
    file::beside(path, ".before-restore")
}

/// Returns the path of a missing store that has left its log. SQLite would remove it.
pub(super) fn orphaned_log(given: &Path) -> Option<PathBuf> {
    let path = file::directory(given).ok()?.join(given.file_name()?);
    let [log, _] = file::logs(&path);
    log.symlink_metadata().is_ok_and(|log| log.len() > 0).then_some(path)
}

/// Makes an empty file.
pub(super) fn make(given: &Path) -> Result<PathBuf, Error> {
    file::make(given)?;
    match file::locate(given)? {
        Some(Located { path, .. }) => Ok(path),
        None => Err(Error::NotThere(given.to_owned())),
    }
}

/// Renames a store that SQLite cannot open, with all that it has beside it.
pub(super) fn set_aside(path: &Path, directory: &Path) -> Result<PathBuf, Error> {
    let kept = kept(path);
    let [log, index] = file::logs(path);
    let rename = || -> io::Result<()> {
        files::remove(&index)?;
        // The store last: until then another restore finds it and goes on.
        let [kept_log, _] = file::logs(&kept);
        let from = [log, file::journal(path), path.to_owned()];
        for (from, to) in from.iter().zip([kept_log, file::journal(&kept), kept.clone()]) {
            match std::fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        files::sync(directory)
    };
    rename().map_err(|error| file::unreadable(&error))?;
    Ok(kept)
}

/// Refuses a restore while the store of an earlier one is kept: under its name, or `with_logs`
/// also under the names of the logs that it would have.
pub(super) fn is_free(path: &Path, with_logs: bool) -> Result<(), Error> {
    let kept = kept(path);
    let logs = file::logs(&kept).into_iter().chain([file::journal(&kept)]);
    let names = [kept.clone()].into_iter().chain(logs.filter(|_| with_logs));
    match names.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(there) => Err(Error::Kept { kept: there, directory: free_directory(path) }),
        None => Ok(()),
    }
}

/// Returns a directory that is not there, for the store of an earlier restore.
fn free_directory(path: &Path) -> PathBuf {
    let mut directory = path.with_file_name("before-restore");
    let mut number = 1;
    while directory.symlink_metadata().is_ok() {
        number += 1;
        directory = path.with_file_name(format!("before-restore-{number}"));
    }
    directory
}

pub(super) fn lock_directory(directory: &Path, wait: Duration) -> Result<File, Error> {
    let lock = File::open(directory).map_err(|error| file::unreadable(&error))?;
    let is_locked = files::lock(&lock, wait).map_err(|error| file::unreadable(&error))?;
    if is_locked { Ok(lock) } else { Err(Error::Busy) }
}
