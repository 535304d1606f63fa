//! Secure access to the session file, its directory and its lock file.

use crate::directory::{self, InsecureDirectory};
use crate::files;
use rustix::fs::{Access, Mode, OFlags, access};
use rustix::io::Errno;
use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// Reason why the session file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file operation failed, possibly only temporarily. The operation can also concern the lock
    /// file or the directory.
    #[error("the session file cannot be used: {0}")]
    Io(String),
    #[error("disk full: the session file cannot be written")]
    DiskFull,
    /// Like [`Error::Io`], but a new attempt would fail too, for example because of a missing
    /// permission.
    #[error("the session file cannot be used: {0}")]
    Unusable(String),
    /// The session file or its lock file is a symbolic link, is not a regular file, or is owned by
    /// another user.
    #[error("the session file or its lock file is {0}")]
    InsecureFile(&'static str),
    /// Other users can replace files in the directory of the session file.
    #[error("other users can write to the directory of the session file")]
    InsecureDirectory(InsecureDirectory),
    /// The content cannot be read, or is invalid.
    #[error("the session file is damaged")]
    Damaged,
    /// Another process holds the lock.
    #[error("the session is in use by another process")]
    Busy,
    /// `HOME` is not set and no configuration directory is given.
    #[error("directory of the session file unknown: neither `HOME` nor `JETON_CONFIG_DIR` is set")]
    NoDirectory,
}

/// Content of a file that only the current user can read.
pub(super) struct PrivateFile {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// True if other users had permissions for the file until the file was read. The read operation
    /// has removed these permissions.
    pub(super) was_exposed: bool,
}

/// Reads the file at `path` in `directory`, and removes the permissions of other users for the
/// file. Returns `None` if the file is missing. Refuses a symbolic link, any other file that is not
/// regular, and a file of another user. Also refuses a directory to which other users can write.
pub(super) fn read(directory: &Path, path: &Path) -> Result<Option<PrivateFile>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(open_error(error)),
    };
    let metadata = check_type_and_owner(&file)?;
    directory::check_permissions(directory)?;
    let was_exposed = restrict_permissions(&file, &metadata, 0o600)?;
    let bytes = files::read_document(file).map_err(|_| Error::Damaged)?;
    Ok(Some(PrivateFile { bytes, was_exposed }))
}

/// Opens the lock file `name` in `directory`, and waits for the lock of this file. Creates the
/// directory and the file if necessary. Returns [`Error::Busy`] if the lock is not acquired within
/// `lock_timeout`.
pub(super) fn open_lock(
    directory: &Path,
    name: &str,
    lock_timeout: Duration,
) -> Result<File, Error> {
    create_directory(directory)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::open(directory.join(name), flags, Mode::from_raw_mode(0o600));
    let lock = File::from(lock.map_err(open_error)?);
    check_type_and_owner(&lock)?;
    if files::lock(&lock, lock_timeout)? { Ok(lock) } else { Err(Error::Busy) }
}

/// Creates the directory if necessary; fails if the directory is insecure or not writable.
pub(crate) fn prepare_directory(directory: Option<&Path>) -> Result<(), Error> {
    let directory = directory.ok_or(Error::NoDirectory)?;
    create_directory(directory)?;
    access(directory, Access::WRITE_OK).map_err(|error| std::io::Error::from(error).into())
}

/// Creates the directory with mode 0700, or sets this mode if other users have permissions for an
/// existing directory. Fails if other users can replace the directory or files in the directory.
fn create_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    directory::check_permissions_with_parents(&path.canonicalize()?)?;
    let directory = File::open(path)?;
    let metadata = directory.metadata()?;
    restrict_permissions(&directory, &metadata, 0o700).map(drop)
}

fn open_error(error: Errno) -> Error {
    match error {
        Errno::LOOP => Error::InsecureFile("a symbolic link"),
        error => std::io::Error::from(error).into(),
    }
}

/// Fails if the file is not a regular file of the current user; returns the metadata of the file.
fn check_type_and_owner(file: &File) -> Result<Metadata, Error> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Error::InsecureFile("not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::InsecureFile("owned by another user"));
    }
    Ok(metadata)
}

/// Sets `mode` if other users have permissions; returns whether other users had permissions.
fn restrict_permissions(file: &File, metadata: &Metadata, mode: u32) -> Result<bool, Error> {
    let is_exposed = metadata.mode() & 0o077 != 0;
    if is_exposed {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(is_exposed)
}

impl From<directory::Error> for Error {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Io(error) => error.into(),
            directory::Error::Insecure(insecure) => Self::InsecureDirectory(insecure),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use ErrorKind::{
            AlreadyExists, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
        };
        // The creation of a directory fails with `NotFound` in `/proc`. The creation fails with
        // `AlreadyExists` at the path of a file or of a symbolic link without a target.
        let permanent_kinds =
            [PermissionDenied, ReadOnlyFilesystem, NotADirectory, AlreadyExists, NotFound];
        let text = error.to_string();
        if files::is_disk_full(&error) {
            return Self::DiskFull;
        }
        if permanent_kinds.contains(&error.kind()) { Self::Unusable(text) } else { Self::Io(text) }
    }
}
