//! The store's file before SQLite sees it: whose it is, who else can read it, its first byte, and
//! how it can be opened at all.

use super::Error;
use super::file_status::{FileFault, FileStatus, is_missing};
use super::remedy::{FileRole, Remedy};
use super::schema::APPLICATION_ID;
use crate::directory::{self, Writers};
use rustix::fs::{Access, access};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A store's file that SQLite may open.
pub(super) struct StoreFile {
    /// Its path, without links in its directory.
    pub(super) path: PathBuf,
    /// Whether others can read it or its logs.
    pub(super) is_exposed: bool,
    /// The users who can write its directory.
    pub(super) writers: Writers,
    /// Whether it is not empty and has no log beside it.
    lacks_wal: bool,
}

impl StoreFile {
    /// Tells a file whose log is missing from a store that was never made. In the first moments of
    /// a store its file has no tables, and its log has everything: a copy of the file alone looks
    /// just as an `init` that was interrupted.
    pub(super) fn refine_error(&self, error: Error) -> Error {
        if self.lacks_wal && matches!(error, Error::NotFound(_)) {
            return Error::MissingWal(self.path.clone());
        }
        error
    }
}

/// Judges the file, its directory and what SQLite keeps beside it, without following a link;
/// nothing is changed. `None` if there is no file. Not while this process has it open: whoever
/// closes a file gives back all locks that the process has on it (fcntl of POSIX).
pub(super) fn locate(requested: &Path) -> Result<Option<StoreFile>, Error> {
    let status = |path: &Path| FileStatus::load(path).map_err(|error| unreadable_error(&error));
    let name = requested.file_name().ok_or(Error::UnsafeFile(FileFault::NotRegularFile))?;
    let path = match canonical_directory(requested) {
        Ok(directory) => directory.join(name),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable_error(&error)),
    };
    let Some(file) = status(&path)? else { return Ok(None) };
    let user = rustix::process::geteuid().as_raw();
    file.check(user).map_err(Error::UnsafeFile)?;
    // Before the logs: after this no other user can put one there.
    let role = if file.size == 0 { FileRole::NewStore } else { FileRole::Store };
    let writers = check_directory(requested, path.parent().unwrap_or(&path), role)?;
    let mut is_exposed = file.is_group_or_world_accessible();
    let mut has_wal = false;
    for (at, sidecar) in wal_paths(&path).into_iter().chain([journal_path(&path)]).enumerate() {
        let Some(sidecar_status) = status(&sidecar)? else { continue };
        sidecar_status.check(user).map_err(|fault| Error::UnsafeWal(sidecar, fault))?;
        is_exposed |= sidecar_status.is_group_or_world_accessible();
        has_wal |= at == 0 && sidecar_status.size > 0;
    }
    // SQLite would put a log beside it, or roll back what another program left. A file with a log
    // may say there whose it is.
    if !has_wal && belongs_to_other_program(&path) {
        return Err(Error::NotAStore(requested.to_owned()));
    }
    let lacks_wal = file.size > 0 && !has_wal;
    Ok(Some(StoreFile { path, is_exposed, writers, lacks_wal }))
}

/// Refuses a `file` in a `directory`, a path without links, that others can write or replace.
pub(super) fn check_directory(
    file: &Path,
    directory: &Path,
    role: FileRole,
) -> Result<Writers, Error> {
    directory::check_with_parents(directory).map_err(|error| match error {
        directory::Error::Io(error) => unreadable_error(&error),
        directory::Error::Insecure(insecure) => {
            let remedy = Remedy::new(file, &insecure, role);
            Error::InsecureDirectory(insecure, remedy)
        }
    })
}

/// Who besides its owner can read the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PermissionFix {
    /// Nobody.
    NotNeeded,
    /// Others could until now.
    Applied,
    /// Others can, and the file system lets nobody change that.
    Failed,
}

/// Takes the rights of others away: from the file, and from the logs that SQLite keeps beside it.
pub(super) fn restrict_permissions(path: &Path) -> Result<PermissionFix, Error> {
    for file in [path.to_owned()].iter().chain(&wal_paths(path)) {
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
            // A log that is not there holds nothing to be read.
            _ => {}
        }
    }
    Ok(PermissionFix::Applied)
}

/// How SQLite can open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadMode {
    /// With its log beside it, which is there or can be made; if need be only for reading.
    WithWal,
    /// As it is and for reading: a log can neither be there nor be made.
    Immutable,
}

/// The way that is left where the directory cannot be written. A log without its index cannot be
/// read there, and without it the file would be read as it was some time ago.
pub(super) fn detect_read_mode(path: &Path) -> Result<ReadMode, Error> {
    if path.parent().is_some_and(|directory| access(directory, Access::WRITE_OK).is_ok()) {
        return Ok(ReadMode::WithWal);
    }
    let [wal, index] = wal_paths(path);
    match (wal.metadata().is_ok_and(|wal| wal.len() > 0), index.exists()) {
        (false, _) => Ok(ReadMode::Immutable),
        (true, true) => Ok(ReadMode::WithWal),
        (true, false) => Err(Error::WalWithoutIndex),
    }
}

/// Whether the file itself says that it is another program's; one without tables does not yet.
fn belongs_to_other_program(path: &Path) -> bool {
    // The SQLite file format, section 1.3: the header's magic, pages, and application id.
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

const WAL_SUFFIXES: [&str; 2] = ["-wal", "-shm"];
const JOURNAL_SUFFIX: &str = "-journal";

/// The log beside a file, and the log's index.
pub(super) fn wal_paths(path: &Path) -> [PathBuf; 2] {
    WAL_SUFFIXES.map(|suffix| with_suffix(path, suffix))
}

/// What a file has beside it that is written without a log.
pub(super) fn journal_path(path: &Path) -> PathBuf {
    with_suffix(path, JOURNAL_SUFFIX)
}

/// Refuses a name that SQLite gives to what it keeps beside another file: it would be written over,
/// or removed.
pub(super) fn reject_reserved_suffix(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let is_reserved = WAL_SUFFIXES
        .iter()
        .chain(&[JOURNAL_SUFFIX])
        .any(|suffix| name.ends_with(suffix.as_bytes()));
    if is_reserved { Err(Error::ReservedName(path.to_owned())) } else { Ok(()) }
}

/// The path with something behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates the empty file with mode 0600 and the missing directories above it with mode 0700. A
/// file that another process of this user created in the meantime is as good.
pub(super) fn create_file(path: &Path) -> Result<(), Error> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| unreadable_error(&error))?;
    }
    // After it was made: what was there already may be another user's.
    let directory = canonical_directory(path).map_err(|error| unreadable_error(&error))?;
    check_directory(path, &directory, FileRole::NewStore)?;
    // `create_new` is O_CREAT|O_EXCL, which does not follow a link either.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unreadable_error(&error)),
    }
}

/// The directory of a file, without links.
pub(super) fn canonical_directory(path: &Path) -> std::io::Result<PathBuf> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => Path::new(".").canonicalize(),
    }
}

pub(super) fn unreadable_error(error: &std::io::Error) -> Error {
    Error::Unreadable(error.to_string())
}
