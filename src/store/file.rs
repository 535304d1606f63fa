//! The store's file before SQLite sees it: whose it is, who else can read it, its first byte, and
//! how it can be opened at all.

use super::Error;
use super::schema::APPLICATION_ID;
use rustix::fs::{Access, access};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What stands at a path.
pub(super) enum Found {
    Nothing,
    /// A regular file of this user, and whether others can read it or its logs.
    File {
        loose: bool,
    },
}

/// Looks at the file without following a link; nothing is changed. Not while this process has it
/// open: whoever closes a file gives back all locks that the process has on it (fcntl of POSIX).
pub(super) fn look(path: &Path) -> Result<Found, Error> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(unreadable(&error)),
    };
    if metadata.is_symlink() {
        return Err(Error::Insecure("a symbolic link"));
    }
    if !metadata.is_file() {
        return Err(Error::Insecure("not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::NotOurs);
    }
    // SQLite would put a log beside it, or roll back what another program left.
    if is_of_others(path) {
        return Err(Error::Foreign(path.to_owned()));
    }
    let loose = is_loose(&metadata)
        || logs(path).iter().any(|log| log.symlink_metadata().is_ok_and(|log| is_loose(&log)));
    Ok(Found::File { loose })
}

/// Who besides its owner can read the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Nobody.
    None,
    /// Others could until now.
    Ended,
    /// Others can, and the file system lets nobody change that.
    Left,
}

/// Takes the rights of others away: from the file, and from the logs that SQLite keeps beside it.
pub(super) fn tighten(path: &Path) -> Result<Readers, Error> {
    for file in [path.to_owned()].iter().chain(&logs(path)) {
        match file.symlink_metadata() {
            Ok(metadata) if metadata.is_file() && is_loose(&metadata) => {
                match std::fs::set_permissions(file, Permissions::from_mode(0o600)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                        return Ok(Readers::Left);
                    }
                    Err(error) => return Err(unreadable(&error)),
                }
            }
            // A log that is not there holds nothing to be read.
            _ => {}
        }
    }
    Ok(Readers::Ended)
}

/// How SQLite can open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With its log beside it, which is there or can be made; if need be only for reading.
    WithLog,
    /// As it is and for reading: a log can neither be there nor be made.
    Alone,
}

/// The way that is left where the directory cannot be written. A log without its index cannot be
/// read there, and without it the file would be read as it was some time ago.
pub(super) fn way(path: &Path) -> Result<Way, Error> {
    if path.parent().is_some_and(|directory| access(directory, Access::WRITE_OK).is_ok()) {
        return Ok(Way::WithLog);
    }
    let [log, index] = logs(path);
    match (log.metadata().is_ok_and(|log| log.len() > 0), index.exists()) {
        (false, _) => Ok(Way::Alone),
        (true, true) => Ok(Way::WithLog),
        (true, false) => Err(Error::LogAlone),
    }
}

/// Whether the file itself says that it is another program's. One with a log may say it there, and
/// one without tables not yet.
fn is_of_others(path: &Path) -> bool {
    let [log, _] = logs(path);
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return false;
    }
    // The SQLite file format, section 1.3: the header's magic, pages, and application id.
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    if read.is_err() || !header.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let number = |at: usize| {
        let bytes = header.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let (pages, owner) = (number(28), number(68));
    if owner == 0 { pages > 1 } else { owner != APPLICATION_ID }
}

fn is_loose(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.mode() & 0o077 != 0
}

const LOGS: [&str; 2] = ["-wal", "-shm"];
const JOURNAL: &str = "-journal";

/// The log beside a file, and the log's index.
pub(super) fn logs(path: &Path) -> [PathBuf; 2] {
    LOGS.map(|end| beside(path, end))
}

/// What a file has beside it that is written without a log.
pub(super) fn journal(path: &Path) -> PathBuf {
    beside(path, JOURNAL)
}

/// Refuses a name that SQLite gives to what it keeps beside another file: it would be written over,
/// or removed.
pub(super) fn no_log(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let is_log = LOGS.iter().chain(&[JOURNAL]).any(|end| name.ends_with(end.as_bytes()));
    if is_log { Err(Error::LogName(path.to_owned())) } else { Ok(()) }
}

/// The path with something behind its name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Makes the empty file, readable by nobody else from its first instant, and the directories that
/// it needs. A file that somebody else made in the meantime is as good.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| unreadable(&error))?;
    }
    // `create_new` is O_CREAT|O_EXCL, which does not follow a link either.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unreadable(&error)),
    }
}

/// The path with its directory's links resolved. The last part is kept: it must not be a link.
pub(super) fn canonical(path: &Path) -> Result<PathBuf, Error> {
    let name = path.file_name().ok_or(Error::Insecure("not a regular file"))?;
    Ok(directory(path).map_err(|error| unreadable(&error))?.join(name))
}

/// The directory of a file, without links.
pub(super) fn directory(path: &Path) -> std::io::Result<PathBuf> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
        _ => Path::new(".").canonicalize(),
    }
}

pub(super) fn unreadable(error: &std::io::Error) -> Error {
    Error::Unreadable(error.to_string())
}
