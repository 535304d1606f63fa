//! The store's file before SQLite sees it: whose it is, who else can read it, its first byte, and
//! how it can be opened at all.

use super::Error;
use super::remedy::{Remedy, Role};
use super::schema::APPLICATION_ID;
use super::status::{Fault, Status, is_missing};
use crate::directory::{self, Writers};
use rustix::fs::{Access, access};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A store's file that SQLite may open.
pub(super) struct Located {
    /// Its path, without links in its directory.
    pub(super) path: PathBuf,
    /// Whether others can read it or its logs.
    pub(super) loose: bool,
    /// The users who can write its directory.
    pub(super) writers: Writers,
    /// Whether it is not empty and has no log beside it.
    is_alone: bool,
}

impl Located {
    /// Tells a file whose log is missing from a store that was never made. In the first moments of
    /// a store its file has no tables, and its log has everything: a copy of the file alone looks
    /// just as an `init` that was interrupted.
    pub(super) fn explain(&self, error: Error) -> Error {
        if self.is_alone && matches!(error, Error::NotThere(_)) {
            return Error::NoLog(self.path.clone());
        }
        error
    }
}

/// Judges the file, its directory and what SQLite keeps beside it, without following a link;
/// nothing is changed. `None` if there is no file. Not while this process has it open: whoever
/// closes a file gives back all locks that the process has on it (fcntl of POSIX).
pub(super) fn locate(given: &Path) -> Result<Option<Located>, Error> {
    let status = |path: &Path| Status::of(path).map_err(|error| unreadable(&error));
    let name = given.file_name().ok_or(Error::File(Fault::Irregular))?;
    let path = match directory(given) {
        Ok(directory) => directory.join(name),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let Some(file) = status(&path)? else { return Ok(None) };
    let user = rustix::process::geteuid().as_raw();
    file.judge(user).map_err(Error::File)?;
    // Before the logs: after this no other user can put one there.
    let role = if file.size == 0 { Role::NewStore } else { Role::Store };
    let writers = judge_directory(given, path.parent().unwrap_or(&path), role)?;
    let mut loose = file.is_loose();
    let mut has_log = false;
    for (at, beside) in logs(&path).into_iter().chain([journal(&path)]).enumerate() {
        let Some(found) = status(&beside)? else { continue };
        found.judge(user).map_err(|fault| Error::Log(beside, fault))?;
        loose |= found.is_loose();
        has_log |= at == 0 && found.size > 0;
    }
    // SQLite would put a log beside it, or roll back what another program left. A file with a log
    // may say there whose it is.
    if !has_log && is_of_others(&path) {
        return Err(Error::Foreign(given.to_owned()));
    }
    let is_alone = file.size > 0 && !has_log;
    Ok(Some(Located { path, loose, writers, is_alone }))
}

/// Refuses a `file` in a `directory`, a path without links, that others can write or replace.
pub(super) fn judge_directory(file: &Path, directory: &Path, role: Role) -> Result<Writers, Error> {
    directory::check_with_parents(directory).map_err(|error| match error {
        directory::Error::Io(error) => unreadable(&error),
        directory::Error::Insecure(insecure) => {
            let remedy = Remedy::new(file, &insecure, role);
            Error::Directory(insecure, remedy)
        }
    })
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

/// Whether the file itself says that it is another program's; one without tables does not yet.
fn is_of_others(path: &Path) -> bool {
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

/// Creates the empty file with mode 0600 and the missing directories above it with mode 0700. A
/// file that another process of this user created in the meantime is as good.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| unreadable(&error))?;
    }
    // After it was made: what was there already may be another user's.
    let directory = directory(path).map_err(|error| unreadable(&error))?;
    judge_directory(path, &directory, Role::NewStore)?;
    // `create_new` is O_CREAT|O_EXCL, which does not follow a link either.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unreadable(&error)),
    }
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
