//! The session file and its lock. The file is old or new, never half, and readable by its owner
//! only; it is changed by whoever holds the lock.

use crate::directory::{self, Insecure};
use crate::files;
use crate::model::{JsonPath, Jti, Sid, StoreId, Timestamp};
use rustix::fs::{Access, Mode, OFlags, access};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the session file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file system does not let us.
    #[error("the session file cannot be used: {0}")]
    Io(String),
    #[error("disk full: the session file cannot be written")]
    Full,
    /// Where it stands nothing can be read or written, now or later.
    #[error("the session file cannot be used: {0}")]
    Unusable(String),
    /// A link, not a regular file, or somebody else's.
    #[error("the session file is {0}")]
    Insecure(&'static str),
    /// Other users can write its directory.
    #[error("other users can write the directory of the session file")]
    Directory(Insecure),
    /// It does not hold what it should.
    #[error("the session file is damaged")]
    Damaged,
    /// Another process holds the lock.
    #[error("the session is in use by another process")]
    Busy,
    /// There is no home and nobody said where.
    #[error("there is no directory for the session")]
    NoDirectory,
}

/// What one login left behind.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Where the store was: a copy of it elsewhere is another store.
    pub(crate) store: PathBuf,
    /// The session.
    pub(crate) sid: Sid,
    /// Its access token.
    pub(crate) access: SecretString,
    /// Its refresh token.
    pub(crate) refresh: SecretString,
    /// The access token's end.
    pub(crate) access_expires_at: Timestamp,
    /// The refresh token's end.
    pub(crate) refresh_expires_at: Timestamp,
    /// The successors of an interrupted refresh.
    pub(crate) pending: Option<Pending>,
    /// The session was not begun yet when this was written.
    pub(crate) beginning: Option<Beginning>,
}

/// What stands here if the session was never begun.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// The login before it.
    pub(crate) before: Option<Box<Login>>,
}

/// The identities that a refresh chose before it spent its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The next access token.
    pub(crate) access: Jti,
    /// The next refresh token.
    pub(crate) refresh: Jti,
}

/// The login of one store in one configuration directory.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    directory: PathBuf,
    store: StoreId,
}

/// The same, held against other processes until it is dropped.
pub(crate) struct Locked {
    credentials: Credentials,
    _lock: File,
}

/// The file's members.
#[derive(Serialize, Deserialize)]
struct Members {
    store: JsonPath,
    sid: String,
    access: String,
    refresh: String,
    access_expires_at: i64,
    refresh_expires_at: i64,
    pending: Option<PendingMembers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beginning: Option<BeginningMembers>,
}

#[derive(Serialize, Deserialize)]
struct BeginningMembers {
    before: Option<Box<Members>>,
}

#[derive(Serialize, Deserialize)]
struct PendingMembers {
    access: String,
    refresh: String,
}

impl Credentials {
    /// Those of the store in `directory`; nothing is touched yet.
    pub(crate) fn new(directory: Option<PathBuf>, store: StoreId) -> Result<Self, Error> {
        Ok(Self { directory: directory.ok_or(Error::NoDirectory)?, store })
    }

    /// Where the login stands, or would.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.store))
    }

    /// The login, if there is one, and whether others could read its file until now.
    pub(crate) fn read(&self) -> Result<(Option<Login>, bool), Error> {
        let Some((file, metadata)) = open_owned(&self.path())? else {
            return Ok((None, false));
        };
        directory::check(&self.directory)?;
        let tightened = tighten(&file, &metadata, 0o600)?;
        let text = files::read_document(file).map_err(|_| Error::Damaged)?;
        let members = serde_json::from_slice(&text).map_err(|_| Error::Damaged)?;
        Ok((Some(login(members).ok_or(Error::Damaged)?), tightened))
    }

    /// Makes the directory if need be; an error where no login can ever be written there.
    pub(crate) fn prepare(directory: Option<PathBuf>) -> Result<(), Error> {
        let directory = directory.ok_or(Error::NoDirectory)?;
        make_directory(&directory)?;
        access(&directory, Access::WRITE_OK).map_err(|error| io(error.into()))
    }

    /// Waits for the lock, which makes the directory if need be.
    pub(crate) fn lock(&self, wait: Duration) -> Result<Locked, Error> {
        make_directory(&self.directory)?;
        let lock = lock_file(&self.directory.join(format!("{}.lock", self.store)))?;
        if !files::lock(&lock, wait).map_err(io)? {
            return Err(Error::Busy);
        }
        Ok(Locked { credentials: self.clone(), _lock: lock })
    }
}

impl Locked {
    /// See [`Credentials::read`].
    pub(crate) fn read(&self) -> Result<(Option<Login>, bool), Error> {
        self.credentials.read()
    }

    /// Replaces the login.
    pub(crate) fn write(&self, login: &Login) -> Result<(), Error> {
        let json = serde_json::to_string(&members(login)).map_err(|e| Error::Io(e.to_string()))?;
        let json = zeroize::Zeroizing::new(json);
        let name = format!("{}.json", self.credentials.store);
        files::replace(&self.credentials.directory, &name, json.as_bytes(), 0o600).map_err(io)
    }

    /// Removes the login; whether there was one.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match std::fs::remove_file(self.credentials.path()) {
            Ok(()) => files::sync(&self.credentials.directory).map(|()| true).map_err(io),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io(error)),
        }
    }
}

fn login(members: Members) -> Option<Login> {
    let pending = match members.pending {
        Some(next) => {
            Some(Pending { access: Jti::parse(&next.access)?, refresh: Jti::parse(&next.refresh)? })
        }
        None => None,
    };
    let beginning = match members.beginning {
        Some(BeginningMembers { before: Some(before) }) => {
            Some(Beginning { before: Some(Box::new(login(*before)?)) })
        }
        Some(BeginningMembers { before: None }) => Some(Beginning { before: None }),
        None => None,
    };
    Some(Login {
        store: PathBuf::from(members.store),
        sid: Sid::parse(&members.sid)?,
        access: SecretString::from(members.access),
        refresh: SecretString::from(members.refresh),
        access_expires_at: Timestamp::from_unix(members.access_expires_at)?,
        refresh_expires_at: Timestamp::from_unix(members.refresh_expires_at)?,
        pending,
        beginning,
    })
}

fn members(login: &Login) -> Members {
    Members {
        store: JsonPath::from(login.store.as_path()),
        sid: login.sid.to_string(),
        access: login.access.expose_secret().to_owned(),
        refresh: login.refresh.expose_secret().to_owned(),
        access_expires_at: login.access_expires_at.unix(),
        refresh_expires_at: login.refresh_expires_at.unix(),
        pending: login.pending.map(|next| PendingMembers {
            access: next.access.to_string(),
            refresh: next.refresh.to_string(),
        }),
        beginning: login.beginning.as_ref().map(|beginning| BeginningMembers {
            before: beginning.before.as_deref().map(members).map(Box::new),
        }),
    }
}

/// Opens a file that must be ours, without following a link.
fn open_owned(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(Error::Insecure("a symbolic link")),
        Err(error) => return Err(io(error.into())),
    };
    let metadata = owned(&file)?;
    Ok(Some((file, metadata)))
}

/// Creates the directory with mode 0700. From one that is there the right to read is taken away.
fn make_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
    directory::check_with_parents(&path.canonicalize().map_err(io)?)?;
    let directory = File::open(path).map_err(io)?;
    let metadata = directory.metadata().map_err(io)?;
    tighten(&directory, &metadata, 0o700).map(drop)
}

fn lock_file(path: &Path) -> Result<File, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::from_raw_mode(0o600)) {
        Ok(file) => {
            let file = File::from(file);
            owned(&file).map(|_| file)
        }
        Err(rustix::io::Errno::LOOP) => Err(Error::Insecure("a symbolic link")),
        Err(error) => Err(io(error.into())),
    }
}

fn owned(file: &File) -> Result<Metadata, Error> {
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(Error::Insecure("not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::Insecure("somebody else's"));
    }
    Ok(metadata)
}

/// Takes the rights of others away; whether they had any.
fn tighten(file: &File, metadata: &Metadata, mode: u32) -> Result<bool, Error> {
    let loose = metadata.mode() & 0o077 != 0;
    if loose {
        file.set_permissions(Permissions::from_mode(mode)).map_err(io)?;
    }
    Ok(loose)
}

impl From<directory::Error> for Error {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Io(error) => io(error),
            directory::Error::Insecure(insecure) => Self::Directory(insecure),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn io(error: std::io::Error) -> Error {
    use ErrorKind::{AlreadyExists, NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let lasting = [PermissionDenied, ReadOnlyFilesystem, NotADirectory, AlreadyExists];
    let text = error.to_string();
    if files::is_full(&error) {
        return Error::Full;
    }
    if lasting.contains(&error.kind()) { Error::Unusable(text) } else { Error::Io(text) }
}
