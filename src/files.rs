//! Bounded reads, atomic file replacement and file locks. Replacement is atomic: during a
//! replacement and after a crash, a reader of the file finds either the old or the new content.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Maximum length of a document that [`read_document`] reads, in bytes.
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// Reads a document of at most 1 MiB. Returns the error `FileTooLarge` for a longer document.
pub(crate) fn read_document(reader: impl Read) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = read_limited(reader, MAX_DOCUMENT_BYTES)?;
    if bytes.len() > MAX_DOCUMENT_BYTES { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Reads at most `max_bytes + 1` bytes. If the result is longer than `max_bytes`, the input is too
/// long for the caller.
pub(crate) fn read_limited(reader: impl Read, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>> {
    // Most inputs fit into this capacity. They need only two reads: the second read detects the
    // end.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max_bytes.min(8 * 1024)));
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Base name of the temporary file (`.jeton-file.new`) of [`replace_in_user_directory`]. All
/// callers share this name, because each caller locks the directory first.
const TEMP_BASE_NAME: &str = ".jeton-file";

/// Creates the temporary file `NAME.new`, which the caller renames when the content is complete.
/// Dropping the returned value removes the file.
///
/// `NAME` is the parameter `name`. The umask applies to `mode`. The name is fixed, so that the next
/// process replaces the file that a killed process left. The caller must therefore hold a lock that
/// excludes other writers of this name. In a directory that the user chose, a file of the user
/// could be named `NAME.new`. For such a directory, the caller must pass a `name` that no user file
/// has, such as [`TEMP_BASE_NAME`].
pub(crate) fn create_temp_file(directory: &Path, name: &OsStr, mode: u32) -> Result<NamedTempFile> {
    remove_stale_temp(directory, name)?;
    tempfile::Builder::new()
        .prefix(&temp_name(name))
        .rand_bytes(0)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(directory)
}

fn temp_name(name: &OsStr) -> OsString {
    let mut file_name = name.to_owned();
    file_name.push(".new");
    file_name
}

/// Removes the temporary file `NAME.new` that a killed process left. The caller must hold the lock
/// that excludes other writers of this name.
///
/// An entry `NAME.new` is kept if it is a directory, a symbolic link, or a file that another user
/// owns, because no jeton process of the current user creates such an entry.
pub(crate) fn remove_stale_temp(directory: &Path, name: &OsStr) -> Result<()> {
    let path = directory.join(temp_name(name));
    let must_keep = path.symlink_metadata().is_ok_and(|metadata| {
        !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw()
    });
    if must_keep { Ok(()) } else { remove_if_exists(&path) }
}

/// Returns whether the error means that the disk or the user's disk quota is full.
pub(crate) fn is_disk_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Removes a file if it exists.
pub(crate) fn remove_if_exists(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file in a directory that only jeton uses. Writes and syncs [a temporary
/// file][create_temp_file], renames it to `name`, and syncs the directory. The caller must hold a
/// lock that excludes other writers of the file.
pub(crate) fn replace(directory: &Path, name: &str, content: &[u8], mode: u32) -> Result<()> {
    replace_via_temp_file(directory, OsStr::new(name), name, content, mode)?;
    sync_directory(directory)
}

/// Replaces a file in a directory that the user chose. The name of the temporary file is based on
/// [`TEMP_BASE_NAME`], because a file of the user could be named `NAME.new`. The caller must hold
/// the lock of the directory. After the last replaced file, the caller must [sync the
/// directory][sync_directory].
pub(crate) fn replace_in_user_directory(
    directory: &Path,
    name: &str,
    content: &[u8],
    mode: u32,
) -> Result<()> {
    replace_via_temp_file(directory, OsStr::new(TEMP_BASE_NAME), name, content, mode)
}

/// Removes the temporary file that a killed process left in a directory that the user chose. The
/// caller must hold the lock of the directory.
pub(crate) fn remove_stale_temp_in_user_directory(directory: &Path) -> Result<()> {
    remove_stale_temp(directory, OsStr::new(TEMP_BASE_NAME))
}

fn replace_via_temp_file(
    directory: &Path,
    temp_base_name: &OsStr,
    name: &str,
    content: &[u8],
    mode: u32,
) -> Result<()> {
    let file = create_temp_file(directory, temp_base_name, mode)?;
    file.as_file().write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name))?;
    Ok(())
}

/// Locks a file or directory, and returns `true`. Returns `false` if the lock is still unavailable
/// after `timeout`. Closing the file releases the lock.
pub(crate) fn lock(file: &File, timeout: Duration) -> Result<bool> {
    let deadline = Instant::now() + timeout;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(false),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Makes the creation, renaming and removal of entries in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)?.sync_all()
}
