//! The files of a store: checks before SQLite opens the store file, permissions, creation, and the
//! paths of the files that SQLite adds.

use super::Error;
use super::directory_remedy::{DirectoryRemedy, FileRole};
use super::file_status::{FileFault, FileStatus, is_missing};
use super::migrations::APPLICATION_ID;
use crate::directory::{self, Writers};
use rustix::fs::{Access, access};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A store file that SQLite may open.
pub(super) struct StoreFile {
    /// Path in which the symbolic links of the directory part are resolved.
    pub(super) path: PathBuf,
    /// Set if other users have any permission on the file, its write-ahead log (WAL), the WAL index
    /// or the rollback journal.
    pub(super) is_exposed: bool,
    /// Users with write access to the directory.
    pub(super) writers: Writers,
    /// Set if the file is not empty, and the WAL is empty or missing.
    lacks_wal: bool,
}

impl StoreFile {
    /// Converts [`Error::NotFound`] to [`Error::MissingWal`] if the file is not empty, and its WAL
    /// is empty or missing. At first, the file of a new store has no tables and the WAL holds all
    /// data. A copy of the file alone therefore resembles a store whose creation was interrupted.
    pub(super) fn to_missing_wal_error(&self, error: Error) -> Error {
        if self.lacks_wal && matches!(error, Error::NotFound(_)) {
            return Error::MissingWal(self.path.clone());
        }
        error
    }
}

/// Checks the file at `requested`, its directory, WAL, WAL index and journal. Changes nothing.
/// Follows symbolic links only in the directory part of the path. Returns `None` if the file does
/// not exist.
///
/// Must not be called while this process has the file open: POSIX releases all `fcntl` locks of a
/// process on a file when the process closes any descriptor of the file.
pub(super) fn check_existing_file(requested: &Path) -> Result<Option<StoreFile>, Error> {
    let load_status =
        |path: &Path| FileStatus::load(path).map_err(|error| unreadable_error(&error));
    let name = requested.file_name().ok_or(Error::UnsafeFile(FileFault::NotRegularFile))?;
    let path = match canonical_directory(requested) {
        Ok(directory) => directory.join(name),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable_error(&error)),
    };
    let Some(file) = load_status(&path)? else { return Ok(None) };
    let user = rustix::process::geteuid().as_raw();
    file.check(user).map_err(Error::UnsafeFile)?;
    // The directory is checked before the WAL: after this check, no other user can create a WAL.
    let role = if file.size == 0 { FileRole::NewStore } else { FileRole::Store };
    let writers = check_directory(requested, path.parent().unwrap_or(&path), role)?;
    let mut is_exposed = file.is_group_or_world_accessible();
    let mut has_wal = false;
    for (position, sidecar) in wal_paths(&path).into_iter().chain([journal_path(&path)]).enumerate()
    {
        let Some(sidecar_status) = load_status(&sidecar)? else { continue };
        sidecar_status.check(user).map_err(|fault| Error::UnsafeSidecarFile(sidecar, fault))?;
        is_exposed |= sidecar_status.is_group_or_world_accessible();
        has_wal |= position == 0 && sidecar_status.size > 0;
    }
    // SQLite would create a WAL for a database of another program, or roll back its journal. If a
    // WAL exists, the application id may be only in the WAL, so the header is not checked.
    if !has_wal && belongs_to_other_program(&path) {
        return Err(Error::NotAStore(requested.to_owned()));
    }
    let lacks_wal = file.size > 0 && !has_wal;
    Ok(Some(StoreFile { path, is_exposed, writers, lacks_wal }))
}

/// Refuses a `directory` in which other users can write or replace files. The path of `directory`
/// must not contain symbolic links. Returns the users with write access. The path `file` and its
/// `role` determine the remedy in the error.
pub(super) fn check_directory(
    file: &Path,
    directory: &Path,
    role: FileRole,
) -> Result<Writers, Error> {
    directory::check_permissions_with_parents(directory).map_err(|error| match error {
        directory::Error::Io(error) => unreadable_error(&error),
        directory::Error::Insecure(insecure) => {
            let remedy = DirectoryRemedy::new(file, &insecure, role);
            Error::InsecureDirectory(insecure, remedy)
        }
    })
}

/// Result of restricting the permissions on the files of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PermissionFix {
    /// Only the owner has permissions on the files of the store. Also the result for a store on a
    /// server, and for the simulated store of a dry run.
    NotNeeded,
    /// Other users had permissions until now.
    Applied,
    /// Other users have permissions, and the file system is read-only.
    Failed,
}

/// Removes all permissions of group and others from the file, its WAL, the WAL index and the
/// journal.
pub(super) fn restrict_permissions(path: &Path) -> Result<PermissionFix, Error> {
    for file in [path.to_owned(), journal_path(path)].iter().chain(&wal_paths(path)) {
        match file.symlink_metadata() {
            Ok(metadata) if metadata.is_file() && is_group_or_world_accessible(&metadata) => {
                match std::fs::set_permissions(file, Permissions::from_mode(0o600)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                        return Ok(PermissionFix::Failed);
                    }
                    Err(error) => return Err(unreadable_error(&error)),
                }
            }
            // A missing or already restricted file needs no change.
            _ => {}
        }
    }
    Ok(PermissionFix::Applied)
}

/// Mode of reading that the file system permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadMode {
    /// Reading with a WAL, which exists or can be created.
    WithWal,
    /// Reading the file alone: the WAL is missing or empty, and no WAL can be created.
    Immutable,
}

/// Determines the mode of reading. Returns [`Error::WalWithoutIndex`] for a non-empty WAL without
/// its index in a directory that is not writable: the WAL cannot be read, and the content of the
/// file alone would be outdated.
pub(super) fn detect_read_mode(path: &Path) -> Result<ReadMode, Error> {
    if path.parent().is_some_and(|directory| access(directory, Access::WRITE_OK).is_ok()) {
        return Ok(ReadMode::WithWal);
    }
    let [wal, index] = wal_paths(path);
    match (wal.metadata().is_ok_and(|metadata| metadata.len() > 0), index.exists()) {
        (false, _) => Ok(ReadMode::Immutable),
        (true, true) => Ok(ReadMode::WithWal),
        (true, false) => Err(Error::WalWithoutIndex),
    }
}

/// Returns whether the SQLite header has the application id of another program, or no application
/// id but more than one page. The file of a new store has one page, and no application id yet.
fn belongs_to_other_program(path: &Path) -> bool {
    // SQLite file format, section 1.3: magic string, page count, application id.
    let mut header = [0; 100];
    let result = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    if result.is_err() || !header.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let read_u32 = |at: usize| {
        let bytes = header.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let (pages, application_id) = (read_u32(28), read_u32(68));
    if application_id == 0 { pages > 1 } else { application_id != APPLICATION_ID }
}

fn is_group_or_world_accessible(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.mode() & 0o077 != 0
}

/// Suffixes of the WAL and of the WAL index.
const WAL_SUFFIXES: [&str; 2] = ["-wal", "-shm"];
const JOURNAL_SUFFIX: &str = "-journal";

/// Returns the paths of the WAL and of the WAL index.
pub(super) fn wal_paths(path: &Path) -> [PathBuf; 2] {
    WAL_SUFFIXES.map(|suffix| with_suffix(path, suffix))
}

/// Returns the path of the rollback journal.
pub(super) fn journal_path(path: &Path) -> PathBuf {
    with_suffix(path, JOURNAL_SUFFIX)
}

/// Refuses a path that ends with the suffix of a WAL, WAL index or journal. SQLite could
/// overwrite or remove a file at this path, because SQLite uses such paths itself.
pub(super) fn reject_reserved_suffix(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let is_reserved = WAL_SUFFIXES
        .iter()
        .chain(&[JOURNAL_SUFFIX])
        .any(|suffix| name.ends_with(suffix.as_bytes()));
    if is_reserved { Err(Error::ReservedName(path.to_owned())) } else { Ok(()) }
}

/// Returns `path` with `suffix` appended to the file name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates the missing directories of a new store at `path` with mode 0700. Refuses a directory in
/// which other users can replace files. Returns the directory of the store with symbolic links
/// resolved.
pub(super) fn create_directory(path: &Path) -> Result<PathBuf, Error> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| unreadable_error(&error))?;
    }
    // Checked in any case: the directory may have existed already and belong to another user.
    let directory = canonical_directory(path).map_err(|error| unreadable_error(&error))?;
    check_directory(path, &directory, FileRole::NewStore)?;
    Ok(directory)
}

/// Creates an empty file with mode 0600, and missing directories with mode 0700. Keeps an existing
/// file, because another process may have just created this file.
pub(super) fn create_file(path: &Path) -> Result<(), Error> {
    create_directory(path)?;
    // `create_new` is O_CREAT|O_EXCL, which follows no symbolic link.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unreadable_error(&error)),
    }
}

/// Refuses a path with a reserved suffix, or in a directory in which other users can write or
/// replace files. Accepts a missing directory, which would be created. Does not check that the
/// directory is writable or can be created.
pub(super) fn check_new_file(path: &Path) -> Result<(), Error> {
    reject_reserved_suffix(path)?;
    let Ok(directory) = canonical_directory(path) else { return Ok(()) };
    check_directory(path, &directory, FileRole::NewStore).map(|_| ())
}

/// Returns the file's directory with symbolic links resolved.
pub(super) fn canonical_directory(path: &Path) -> std::io::Result<PathBuf> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => Path::new(".").canonicalize(),
    }
}

pub(super) fn unreadable_error(error: &std::io::Error) -> Error {
    Error::Unreadable(error.to_string())
}
