//! Every way in which the store can fail that its callers tell apart.

use super::file_status::FileFault;
use super::remedy::Remedy;
use crate::directory::InsecureDirectory;
use crate::model::{Jti, escape};
use rusqlite::{ErrorCode, ffi};
use std::path::PathBuf;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no store: no file, an empty one, or one that nobody finished creating.
    #[error("there is no store")]
    NotFound(PathBuf),
    /// The file has no tables, and no log beside it: all that was written is in the log.
    #[error("the file has no tables, and no log")]
    MissingWal(PathBuf),
    /// A later version of jeton made it.
    #[error("the store has schema version {found}, this program knows {known}")]
    NewerSchema {
        /// Its version.
        found: i64,
        /// The highest version known here.
        known: i64,
    },
    /// An earlier version of jeton made it.
    #[error("the store has schema version {found}, this program needs {known}")]
    OlderSchema {
        /// Its version.
        found: i64,
        /// The version that is known here.
        known: i64,
    },
    /// Not a file of ours.
    #[error("the file is not a jeton store")]
    NotAStore(PathBuf),
    /// SQLite or a row says that it is broken.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Its schema is not the one of its version: the objects that differ.
    #[error("the store is damaged: {}", .0.join(", "))]
    SchemaMismatch(Vec<String>),
    /// The file system does not let us.
    #[error("the store cannot be opened: {0}")]
    Unreadable(String),
    /// Not a regular file of this user, or not its only path.
    #[error("the store file is {0}")]
    UnsafeFile(FileFault),
    /// The same for a file that SQLite keeps beside the store.
    #[error("a log of the store is {1}")]
    UnsafeWal(PathBuf, FileFault),
    /// Other users can replace the files of the store, or the copy that was to be written.
    #[error("other users can write the directory")]
    InsecureDirectory(InsecureDirectory, Remedy),
    /// Others than its owner can use a file of the store.
    #[error("{0}")]
    ExposedFile(String),
    /// Neither the log nor what it is missing can be read here.
    #[error("the store's log lacks its index, and its directory cannot be written")]
    WalWithoutIndex,
    /// The file or its directory cannot be written.
    #[error("the store can only be read here")]
    ReadOnly,
    /// A file stands where a copy was to go.
    #[error("there is a file of that name")]
    TargetExists(PathBuf),
    /// The store of an earlier restore stands where another one was to be kept.
    #[error("the store of an earlier restore is kept there")]
    PreviousStoreExists {
        /// Its path.
        path: PathBuf,
        /// A directory to move it to, which is not there.
        directory: PathBuf,
    },
    /// A file that cannot be the backup of a restore.
    #[error("the file cannot be restored: {1}")]
    InvalidBackup(PathBuf, String),
    /// What SQLite keeps beside a store is called like that.
    #[error("that is the name of a log")]
    ReservedName(PathBuf),
    /// A copy cannot be written there.
    #[error("the copy cannot be written: {1}")]
    UnwritableBackup(PathBuf, String),
    /// A lock was not had in time.
    #[error("the store is busy")]
    Busy,
    /// A commit failed that may be in the log all the same.
    #[error("the disk failed during the commit, which may have been applied{}", search_hint(.target.as_deref()))]
    OutcomeUnknown {
        /// The things to look for, where they have a name.
        target: Option<String>,
        /// The token that was to be recorded, or the first of several.
        jti: Option<Jti>,
    },
    /// A value that must be unique is there already.
    #[error("already there")]
    AlreadyExists,
    /// The disk has no room for the store, or for the copy that is named.
    #[error("disk full: {0} cannot be written")]
    DiskFull(&'static str),
    /// Anything else that SQLite reports.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let text = if let rusqlite::Error::SqliteFailure(_, Some(text)) = &error {
            sanitize_message(text)
        } else if let rusqlite::Error::SqlInputError { msg, .. } = &error {
            // Without the statement, which the message of rusqlite repeats.
            sanitize_message(msg)
        } else {
            sanitize_message(&error.to_string())
        };
        let extended = error.sqlite_extended_error_code();
        match error.sqlite_error_code() {
            // A lock protocol failure: another process held the log's index for ten seconds.
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull("the store"),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::Unreadable(text),
            Some(ErrorCode::ConstraintViolation) if text.starts_with("UNIQUE") => {
                Self::AlreadyExists
            }
            // Values are validated before they are written: a stored row violates the constraint.
            Some(ErrorCode::ConstraintViolation)
                if [ffi::SQLITE_CONSTRAINT_CHECK, ffi::SQLITE_CONSTRAINT_TRIGGER]
                    .map(Some)
                    .contains(&extended) =>
            {
                Self::Damaged(text)
            }
            // `Unknown`: a statement that is known to work fails at a stored value, for example at
            // a sum that overflows. Without a code: a column does not hold what its schema promises.
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::TooBig
                | ErrorCode::TypeMismatch
                | ErrorCode::Unknown,
            )
            | None => Self::Damaged(text),
            Some(_) => Self::Failed(text),
        }
    }
}

/// Ends the message of a commit whose outcome is unknown.
fn search_hint(target: Option<&str>) -> String {
    target.map_or_else(String::new, |target| format!(": look for {target}"))
}

/// Text from SQLite on one line and of bounded length: names and `RAISE` texts are the file's.
fn sanitize_message(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    escape(&text.chars().take(MAX_CHARS).collect::<String>())
}

impl From<crate::model::InvalidValue> for Error {
    /// A stored value that would not be let in at the door.
    fn from(invalid: crate::model::InvalidValue) -> Self {
        Self::Damaged(invalid.to_string())
    }
}
