//! Session file: the login to one store, and the state that an interrupted login or refresh leaves.
//! Every change requires the lock of a separate lock file.
//!
//! Before the store commits a new session, the new login is written as pending, together with the
//! previous login. The pending login is settled after the commit. If the command is interrupted,
//! the next command that needs the login settles the pending login. If the new session exists in
//! the store, the new login is kept; otherwise the previous login is restored. A refresh writes the
//! ids of the new token pair before it uses the refresh token, so that an interrupted refresh can
//! be repeated. An interruption at any point neither logs the user out nor leaves a session that no
//! file contains.

mod disk;
#[cfg(test)]
mod tests;

pub(crate) use disk::{Error, prepare_directory};

use crate::files;
use crate::model::{Jti, Sid, StoreId, Timestamp, path_format};
use disk::PrivateFile;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Login to a store, in the format of the session file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    /// Path of the store at the login, or address of the database without user and password. For a
    /// login, a copy of the store at another path is a different store.
    #[serde(rename = "store", with = "path_format")]
    pub(crate) store_path: PathBuf,
    /// Session id.
    pub(crate) sid: Sid,
    #[serde(rename = "access", with = "secret_format")]
    pub(crate) access_token: SecretString,
    #[serde(rename = "refresh", with = "secret_format")]
    pub(crate) refresh_token: SecretString,
    #[serde(with = "unix_format")]
    pub(crate) access_expires_at: Timestamp,
    #[serde(with = "unix_format")]
    pub(crate) refresh_expires_at: Timestamp,
    /// Token ids of a refresh that may have been interrupted.
    #[serde(rename = "pending")]
    pub(crate) pending_refresh: Option<PendingRefresh>,
    /// State for the recovery after an interrupted login. Set until the pending login is settled.
    #[serde(rename = "beginning", default, skip_serializing_if = "Option::is_none")]
    pub(crate) pending_login: Option<PendingLogin>,
}

/// State to restore if the store did not commit the session of a pending login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingLogin {
    /// The login that the pending login replaces.
    #[serde(rename = "before")]
    previous: Option<Box<Login>>,
}

/// Token ids that a refresh chooses before it uses the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingRefresh {
    /// `jti` of the next access token.
    #[serde(rename = "access")]
    pub(crate) access_jti: Jti,
    /// `jti` of the next refresh token.
    #[serde(rename = "refresh")]
    pub(crate) refresh_jti: Jti,
}

impl Login {
    /// Returns the login as pending; `previous` is the login that the pending login replaces.
    fn into_pending(self, previous: Option<Self>) -> Self {
        Self { pending_login: Some(PendingLogin { previous: previous.map(Box::new) }), ..self }
    }

    /// Settles a pending login: returns the login if the store committed its session, or else the
    /// previous login. A login that is not pending is returned unchanged.
    fn settle(self, is_committed: bool) -> Option<Self> {
        match self.pending_login {
            Some(pending) if !is_committed => pending.previous.map(|previous| *previous),
            _ => Some(Self { pending_login: None, ..self }),
        }
    }
}

/// Session file of one store in one configuration directory.
#[derive(Debug, Clone)]
pub(crate) struct SessionFile {
    directory: PathBuf,
    store_id: StoreId,
    store_path: PathBuf,
}

/// Session file that is locked against other processes until the value is dropped.
pub(crate) struct LockedSessionFile {
    session_file: SessionFile,
    _lock: File,
}

/// Result of reading the session file.
#[derive(Debug)]
pub(crate) struct Content {
    /// The login in the file, if the path in this login is the store path of the [`SessionFile`].
    pub(crate) login: Option<Login>,
    /// Path or address of the store in the login, if different from the store path of the
    /// [`SessionFile`]. The login then belongs to another copy of the store, or to the same store
    /// under an earlier path or another address. Copies of a store have the same id and therefore
    /// the same session file.
    pub(crate) other_copy: Option<PathBuf>,
    /// True if other users had permissions for the file until the file was read. The read operation
    /// has removed these permissions.
    pub(crate) was_exposed: bool,
}

impl SessionFile {
    /// Returns the session file for a store. `directory` is the directory of the session file. No
    /// file is accessed.
    pub(crate) fn new(
        directory: Option<PathBuf>,
        store_id: StoreId,
        store_path: &Path,
    ) -> Result<Self, Error> {
        let directory = directory.ok_or(Error::NoDirectory)?;
        Ok(Self { directory, store_id, store_path: store_path.to_owned() })
    }

    /// Returns the path of the file. The file may be missing.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(self.name())
    }

    fn name(&self) -> String {
        format!("{}.json", self.store_id)
    }

    /// Reads the file. A pending login is not settled.
    pub(crate) fn read(&self) -> Result<Content, Error> {
        let Some(PrivateFile { bytes, was_exposed }) = disk::read(&self.directory, &self.path())?
        else {
            return Ok(Content { login: None, other_copy: None, was_exposed: false });
        };
        let login: Login = serde_json::from_slice(&bytes).map_err(|_| Error::Damaged)?;
        let (login, other_copy) = if login.store_path == self.store_path {
            (Some(login), None)
        } else {
            (None, Some(login.store_path))
        };
        Ok(Content { login, other_copy, was_exposed })
    }

    /// Waits for the lock of the session file. Creates the directory if necessary.
    pub(crate) fn lock(&self, lock_timeout: Duration) -> Result<LockedSessionFile, Error> {
        let lock =
            disk::open_lock(&self.directory, &format!("{}.lock", self.store_id), lock_timeout)?;
        Ok(LockedSessionFile { session_file: self.clone(), _lock: lock })
    }
}

impl LockedSessionFile {
    /// See [`SessionFile::read`].
    pub(crate) fn read(&self) -> Result<Content, Error> {
        self.session_file.read()
    }

    /// Returns the login in the file. Settles a pending login first, and updates the file: if
    /// `session_exists` returns that the store does not have the session of the pending login, the
    /// result is the previous login.
    pub(crate) fn settle_login<E: From<Error>>(
        &self,
        session_exists: impl FnOnce(Sid) -> Result<bool, E>,
    ) -> Result<Option<Login>, E> {
        let Some(login) = self.read()?.login else { return Ok(None) };
        if login.pending_login.is_none() {
            return Ok(Some(login));
        }
        let is_committed = session_exists(login.sid)?;
        let login = login.settle(is_committed);
        match &login {
            Some(login) => self.replace(login)?,
            None => {
                self.remove()?;
            }
        }
        Ok(login)
    }

    /// Writes a login as pending, before the store commits its session. `previous` is the login to
    /// restore if the store does not commit the session.
    pub(crate) fn begin_login(&self, login: Login, previous: Option<Login>) -> Result<(), Error> {
        self.replace(&login.into_pending(previous))
    }

    /// Returns the token ids for the next refresh: the ids of an interrupted refresh in `login`, or
    /// else the ids that `generate` returns. Writes generated ids to the file. Must run before the
    /// refresh token is used.
    pub(crate) fn begin_refresh(
        &self,
        login: &Login,
        generate: impl FnOnce() -> PendingRefresh,
    ) -> Result<PendingRefresh, Error> {
        if let Some(pending) = login.pending_refresh {
            return Ok(pending);
        }
        let pending = generate();
        self.replace(&Login { pending_refresh: Some(pending), ..login.clone() })?;
        Ok(pending)
    }

    /// Replaces the login in the file.
    pub(crate) fn replace(&self, login: &Login) -> Result<(), Error> {
        let json = serde_json::to_string(login).map_err(|error| Error::Io(error.to_string()))?;
        let json = zeroize::Zeroizing::new(json);
        let file = &self.session_file;
        Ok(files::replace(&file.directory, &file.name(), json.as_bytes(), 0o600)?)
    }

    /// Removes the file; returns whether the file existed.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match std::fs::remove_file(self.session_file.path()) {
            Ok(()) => {
                files::sync_directory(&self.session_file.directory)?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// JSON format of a secret.
mod secret_format {
    use secrecy::{ExposeSecret, SecretString};
    use serde::Deserialize;

    pub(super) fn serialize<S: serde::Serializer>(
        secret: &SecretString,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(SecretString::from)
    }
}

/// JSON format of a time: Unix seconds.
mod unix_format {
    use crate::model::Timestamp;
    use serde::Deserialize;
    use serde::de::Error;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde needs")]
    pub(super) fn serialize<S: serde::Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.unix())
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        Timestamp::from_unix(seconds).ok_or_else(|| D::Error::custom("time out of range"))
    }
}
