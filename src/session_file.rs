//! Session file (mode 0600, replaced atomically) and the lock that every change requires.

use crate::directory::{self, InsecureDirectory};
use crate::files;
use crate::model::{Jti, SerializablePath, Sid, StoreId, Timestamp};
use rustix::fs::{Access, Mode, OFlags, access};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reason why the session file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file operation failed, possibly only temporarily.
    #[error("the session file cannot be used: {0}")]
    Io(String),
    #[error("disk full: the session file cannot be written")]
    DiskFull,
    /// The path can never be read or written.
    #[error("the session file cannot be used: {0}")]
    Unusable(String),
    /// The file is a link, not a regular file, or owned by another user.
    #[error("the session file is {0}")]
    InsecureFile(&'static str),
    /// Other users can write the directory of the file.
    #[error("other users can write the directory of the session file")]
    InsecureDirectory(InsecureDirectory),
    /// The content is invalid.
    #[error("the session file is damaged")]
    Damaged,
    /// Another process holds the lock.
    #[error("the session is in use by another process")]
    Busy,
    /// No home directory exists and no directory is configured.
    #[error("no home directory or configuration directory for the session file")]
    NoDirectory,
}

/// Stored state of one login.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Path of the store at the login: a copy of the store at another path is a different store.
    pub(crate) store_path: PathBuf,
    /// Session id.
    pub(crate) sid: Sid,
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: SecretString,
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh_expires_at: Timestamp,
    /// Token ids of a refresh that may have been interrupted.
    pub(crate) pending_refresh: Option<PendingRefresh>,
    /// Recovery state, present until the store has committed the session.
    pub(crate) pending_login: Option<PendingLogin>,
}

/// State to restore if the store never committed the session.
#[derive(Debug, Clone)]
pub(crate) struct PendingLogin {
    /// The login that the pending login replaces.
    pub(crate) previous: Option<Box<Login>>,
}

/// Token ids that a refresh chooses before it uses the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PendingRefresh {
    /// `jti` of the next access token.
    pub(crate) access_jti: Jti,
    /// `jti` of the next refresh token.
    pub(crate) refresh_jti: Jti,
}

/// Session file of one store in one configuration directory.
#[derive(Debug, Clone)]
pub(crate) struct SessionFile {
    directory: PathBuf,
    store: StoreId,
}

/// Session file that is locked against other processes until the value is dropped.
pub(crate) struct LockedSessionFile {
    session_file: SessionFile,
    _lock: File,
}

/// JSON format of the session file.
#[derive(Serialize, Deserialize)]
struct LoginJson {
    store: SerializablePath,
    sid: String,
    access: String,
    refresh: String,
    access_expires_at: i64,
    refresh_expires_at: i64,
    pending: Option<PendingRefreshJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beginning: Option<PendingLoginJson>,
}

#[derive(Serialize, Deserialize)]
struct PendingLoginJson {
    before: Option<Box<LoginJson>>,
}

#[derive(Serialize, Deserialize)]
struct PendingRefreshJson {
    access: String,
    refresh: String,
}

impl SessionFile {
    /// Returns the session file of `store` in `directory`, without any file access.
    pub(crate) fn new(directory: Option<PathBuf>, store: StoreId) -> Result<Self, Error> {
        Ok(Self { directory: directory.ok_or(Error::NoDirectory)?, store })
    }

    /// Returns the path of the file, which may not exist.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.store))
    }

    /// Reads the login, if any. The flag is true if other users could read the file until now.
    pub(crate) fn read(&self) -> Result<(Option<Login>, bool), Error> {
        let Some((file, metadata)) = open_own_file(&self.path())? else {
            return Ok((None, false));
        };
        directory::check_permissions(&self.directory)?;
        let was_exposed = restrict_permissions(&file, &metadata, 0o600)?;
        let text = files::read_document(file).map_err(|_| Error::Damaged)?;
        let members = serde_json::from_slice(&text).map_err(|_| Error::Damaged)?;
        Ok((Some(parse_login(members).ok_or(Error::Damaged)?), was_exposed))
    }

    /// Creates the directory if necessary; fails if no session file can be written in it.
    pub(crate) fn prepare_directory(directory: Option<PathBuf>) -> Result<(), Error> {
        let directory = directory.ok_or(Error::NoDirectory)?;
        create_directory(&directory)?;
        access(&directory, Access::WRITE_OK).map_err(|error| io_error(error.into()))
    }

    /// Waits for the lock; creates the directory if necessary.
    pub(crate) fn lock(&self, lock_timeout: Duration) -> Result<LockedSessionFile, Error> {
        create_directory(&self.directory)?;
        let lock = open_lock_file(&self.directory.join(format!("{}.lock", self.store)))?;
        if !files::lock(&lock, lock_timeout).map_err(io_error)? {
            return Err(Error::Busy);
        }
        Ok(LockedSessionFile { session_file: self.clone(), _lock: lock })
    }
}

impl LockedSessionFile {
    /// See [`SessionFile::read`].
    pub(crate) fn read(&self) -> Result<(Option<Login>, bool), Error> {
        self.session_file.read()
    }

    /// Replaces the login.
    pub(crate) fn write(&self, login: &Login) -> Result<(), Error> {
        let json =
            serde_json::to_string(&to_login_json(login)).map_err(|e| Error::Io(e.to_string()))?;
        let json = zeroize::Zeroizing::new(json);
        let name = format!("{}.json", self.session_file.store);
        files::replace(&self.session_file.directory, &name, json.as_bytes(), 0o600)
            .map_err(io_error)
    }

    /// Removes the file; returns whether it existed.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match std::fs::remove_file(self.session_file.path()) {
            Ok(()) => {
                files::sync_directory(&self.session_file.directory).map(|()| true).map_err(io_error)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io_error(error)),
        }
    }
}

fn parse_login(file: LoginJson) -> Option<Login> {
    let pending_refresh = match file.pending {
        Some(jtis) => Some(PendingRefresh {
            access_jti: Jti::parse(&jtis.access)?,
            refresh_jti: Jti::parse(&jtis.refresh)?,
        }),
        None => None,
    };
    let pending_login = match file.beginning {
        Some(PendingLoginJson { before: Some(previous) }) => {
            Some(PendingLogin { previous: Some(Box::new(parse_login(*previous)?)) })
        }
        Some(PendingLoginJson { before: None }) => Some(PendingLogin { previous: None }),
        None => None,
    };
    Some(Login {
        store_path: PathBuf::from(file.store),
        sid: Sid::parse(&file.sid)?,
        access_token: SecretString::from(file.access),
        refresh_token: SecretString::from(file.refresh),
        access_expires_at: Timestamp::from_unix(file.access_expires_at)?,
        refresh_expires_at: Timestamp::from_unix(file.refresh_expires_at)?,
        pending_refresh,
        pending_login,
    })
}

fn to_login_json(login: &Login) -> LoginJson {
    LoginJson {
        store: SerializablePath::from(login.store_path.as_path()),
        sid: login.sid.to_string(),
        access: login.access_token.expose_secret().to_owned(),
        refresh: login.refresh_token.expose_secret().to_owned(),
        access_expires_at: login.access_expires_at.unix(),
        refresh_expires_at: login.refresh_expires_at.unix(),
        pending: login.pending_refresh.map(|jtis| PendingRefreshJson {
            access: jtis.access_jti.to_string(),
            refresh: jtis.refresh_jti.to_string(),
        }),
        beginning: login.pending_login.as_ref().map(|pending| PendingLoginJson {
            before: pending.previous.as_deref().map(to_login_json).map(Box::new),
        }),
    }
}

/// Opens a file without following a link; fails if the current user does not own the file.
fn open_own_file(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(Error::InsecureFile("a symbolic link")),
        Err(error) => return Err(io_error(error.into())),
    };
    let metadata = check_ownership(&file)?;
    Ok(Some((file, metadata)))
}

/// Creates the directory with mode 0700, or restricts an existing directory to this mode.
fn create_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_error)?;
    directory::check_permissions_with_parents(&path.canonicalize().map_err(io_error)?)?;
    let directory = File::open(path).map_err(io_error)?;
    let metadata = directory.metadata().map_err(io_error)?;
    restrict_permissions(&directory, &metadata, 0o700).map(drop)
}

fn open_lock_file(path: &Path) -> Result<File, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::from_raw_mode(0o600)) {
        Ok(file) => {
            let file = File::from(file);
            check_ownership(&file).map(|_| file)
        }
        Err(rustix::io::Errno::LOOP) => Err(Error::InsecureFile("a symbolic link")),
        Err(error) => Err(io_error(error.into())),
    }
}

fn check_ownership(file: &File) -> Result<Metadata, Error> {
    let metadata = file.metadata().map_err(io_error)?;
    if !metadata.is_file() {
        return Err(Error::InsecureFile("not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::InsecureFile("owned by another user"));
    }
    Ok(metadata)
}

/// Removes the permissions of other users; returns whether there were any.
fn restrict_permissions(file: &File, metadata: &Metadata, mode: u32) -> Result<bool, Error> {
    let is_exposed = metadata.mode() & 0o077 != 0;
    if is_exposed {
        file.set_permissions(Permissions::from_mode(mode)).map_err(io_error)?;
    }
    Ok(is_exposed)
}

impl From<directory::Error> for Error {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Io(error) => io_error(error),
            directory::Error::Insecure(insecure) => Self::InsecureDirectory(insecure),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes the error by value")]
fn io_error(error: std::io::Error) -> Error {
    use ErrorKind::{AlreadyExists, NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let permanent_kinds = [PermissionDenied, ReadOnlyFilesystem, NotADirectory, AlreadyExists];
    let text = error.to_string();
    if files::is_disk_full(&error) {
        return Error::DiskFull;
    }
    if permanent_kinds.contains(&error.kind()) { Error::Unusable(text) } else { Error::Io(text) }
}
