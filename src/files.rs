//! Files that are replaced whole, and their locks: somebody who reads one meanwhile, or after a crash, finds the old
//! content or the new one.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The longest document that is read whole, in bytes, where nothing else is said.
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// Reads a document of at most 1 MiB; a longer one is an error.
pub(crate) fn read_document(reader: impl Read) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = read_limited(reader, MAX_DOCUMENT_BYTES)?;
    if bytes.len() > MAX_DOCUMENT_BYTES { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Reads `most` bytes and one at most, so that too much is seen to be too much without being read.
pub(crate) fn read_limited(reader: impl Read, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>> {
    // Most documents are short: with room for them they take one read, and one that finds the end.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max_bytes.min(8 * 1024)));
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name of files until they are complete, in directories that the user chose. One is enough:
/// the directory is locked.
const TEMP_BASE_NAME: &str = ".jeton-file";

/// Makes the file beside one that is to come; it is removed with the value. It has that mode, less
/// what the umask takes away. The caller holds a lock: the name beside is always the same, so that
/// what a killed process left is replaced, never joined by more of its kind. In a directory that
/// is not jeton's own, `name` is one that no user gives to a file: see [`RESERVED`].
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

/// Removes what a killed process left beside a file. The caller holds a lock. Whatever no process
/// of this user can have left is kept: a directory, a link, a file of another user.
pub(crate) fn remove_stale_temp(directory: &Path, name: &OsStr) -> Result<()> {
    let path = directory.join(temp_name(name));
    let must_keep = path.symlink_metadata().is_ok_and(|metadata| {
        !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw()
    });
    if must_keep { Ok(()) } else { remove_if_exists(&path) }
}

/// Returns whether an error says that the disk, or the user's part of it, is full.
pub(crate) fn is_disk_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Removes a file, if it is there.
pub(crate) fn remove_if_exists(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file of a directory of jeton's own: written beside, synced, renamed, the directory
/// synced. See [`beside`].
pub(crate) fn replace(directory: &Path, name: &str, content: &[u8], mode: u32) -> Result<()> {
    replace_via(directory, OsStr::new(name), name, content, mode)
}

/// Replaces a file in a directory that the user chose. `NAME.new` may be a file of the user there.
pub(crate) fn replace_in_user_directory(
    directory: &Path,
    name: &str,
    content: &[u8],
    mode: u32,
) -> Result<()> {
    replace_via(directory, OsStr::new(TEMP_BASE_NAME), name, content, mode)
}

/// Removes what a killed process left in a directory that the user chose. The caller holds its
/// lock.
pub(crate) fn remove_stale_temp_in_user_directory(directory: &Path) -> Result<()> {
    remove_stale_temp(directory, OsStr::new(TEMP_BASE_NAME))
}

fn replace_via(
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
    sync_directory(directory)
}

/// Waits for the lock of a file or directory; whether it was had. It is given back with the file.
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

/// Makes durable which files a directory has.
pub(crate) fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)?.sync_all()
}
