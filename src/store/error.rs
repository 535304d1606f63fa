//! Store errors that callers distinguish.

use super::directory_remedy::DirectoryRemedy;
use super::file_status::FileFault;
use crate::directory::InsecureDirectory;
use crate::model::{Jti, escape};
use crate::signals::Interrupted;
use rusqlite::{ErrorCode, ffi};
use std::path::PathBuf;

/// Store error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No store at the path: no file, or a file without tables to which [`Error::MissingWal`] does
    /// not apply.
    #[error("store not found")]
    NotFound(PathBuf),
    /// The file is not empty, but has no tables, and the write-ahead log (WAL) is missing or empty:
    /// a WAL with all data is missing, or the creation of the store was interrupted.
    #[error("the file has no tables and no write-ahead log")]
    MissingWal(PathBuf),
    /// The schema version of the store is later than the highest version that this jeton supports.
    #[error("unsupported schema version: found {found}, expected at most {expected}")]
    NewerSchema {
        /// Version of the store.
        found: i64,
        /// Highest supported version.
        expected: i64,
    },
    /// The schema version of the store is earlier than the version that this jeton requires.
    #[error("outdated schema version: found {found}, expected {expected}")]
    OlderSchema {
        /// Version of the store.
        found: i64,
        /// Required version.
        expected: i64,
    },
    /// The file is not a database, is the database of another program, or is a backup without
    /// tables.
    #[error("the file is not a jeton store")]
    NotAStore(PathBuf),
    /// The database reports damage, or the content of the store is invalid: for example a stored
    /// value, the number of active keys, or exhausted ids.
    #[error("store damaged: {0}")]
    Damaged(String),
    /// The schema differs from the schema that its version number requires. The texts describe the
    /// tables, indexes, triggers and views that differ.
    #[error("store damaged: {}", .0.join(", "))]
    SchemaMismatch(Vec<String>),
    /// The store cannot be opened or created: an error of the file system or of SQLite, or, on a
    /// server, a missing database or a refused user or password.
    #[error("cannot open the store: {0}")]
    Unreadable(String),
    /// SQLite must not open the file of the store or backup.
    #[error("the file {0}")]
    UnsafeFile(FileFault),
    /// SQLite must not open the WAL, the WAL index (`-shm` file) or the rollback journal.
    #[error("a WAL or journal file {1}")]
    UnsafeSidecarFile(PathBuf, FileFault),
    /// Other users can replace the files of the store or of the backup.
    #[error("other users can write to the directory")]
    InsecureDirectory(InsecureDirectory, DirectoryRemedy),
    /// Other users have permissions on a file of the store or backup. The text is the complete
    /// message.
    #[error("{0}")]
    ExposedFile(String),
    /// The WAL has no index, and the directory is not writable, so that the WAL cannot be read.
    #[error("the `-shm` file of the store is missing, and the directory is not writable")]
    WalWithoutIndex,
    /// Error that only a store in a PostgreSQL database can have.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Server(#[from] super::postgres::ServerError),
    /// The file or its directory is not writable, or the server permits only reads.
    #[error("the store is read-only")]
    ReadOnly,
    /// Failure at the target of a copy.
    #[error("{error}")]
    CopyTarget {
        /// Path or address of the target, for messages.
        address: String,
        /// Cause.
        error: Box<Error>,
    },
    /// A file exists at the path of a new backup, copy or file with secrets, or at the path of the
    /// WAL, WAL index or journal of the backup or copy.
    #[error("file already exists")]
    TargetExists(PathBuf),
    /// The replaced store of an earlier restore still exists.
    #[error("the replaced store of an earlier restore exists")]
    PreviousStoreExists {
        /// Path of the replaced store.
        previous: PathBuf,
        /// The first existing path: `previous`, or its WAL, index or journal.
        existing: PathBuf,
        /// An unused directory to move the replaced store to.
        directory: PathBuf,
    },
    /// The backup of a restore is inaccessible, or is the store itself.
    #[error("cannot restore the file: {1}")]
    InvalidBackup(PathBuf, String),
    /// The file name ends like the name of a WAL, WAL index or journal.
    #[error("file name reserved by SQLite")]
    ReservedName(PathBuf),
    /// The file of a backup or copy cannot be created.
    #[error("cannot write the backup: {1}")]
    UnwritableBackup(PathBuf, String),
    /// A lock was not acquired in time, a transaction conflicted with other transactions until the
    /// time limit, or another process created the store at the same time.
    #[error("timed out waiting for a lock")]
    Busy,
    /// The commit failed, but may have been applied.
    #[error("{cause} during a commit that may have been applied{}", search_hint(.target.as_deref()))]
    OutcomeUnknown {
        /// `disk failure` or `connection lost`.
        cause: &'static str,
        /// Description of the written rows, to search for.
        target: Option<String>,
        /// `jti` of the first token that the transaction recorded, if any.
        jti: Option<Jti>,
    },
    /// A value that must be unique already exists.
    #[error("already exists")]
    AlreadyExists,
    /// The disk has no space. The text is `the store` or `the backup`.
    #[error("disk full: cannot write {0}")]
    DiskFull(&'static str),
    /// Ctrl-C ended the operation.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Any other error, with its description.
    #[error("store error: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let text = if let rusqlite::Error::SqliteFailure(_, Some(text)) = &error {
            sanitize_message(text)
        } else if let rusqlite::Error::SqlInputError { msg, .. } = &error {
            // The message of rusqlite itself would repeat the statement.
            sanitize_message(msg)
        } else {
            sanitize_message(&error.to_string())
        };
        let extended = error.sqlite_extended_error_code();
        match error.sqlite_error_code() {
            // `FileLockingProtocolFailed`: another process held the WAL index for ten seconds.
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Busy,
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted(Interrupted),
            Some(ErrorCode::DiskFull) => Self::DiskFull("the store"),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::Unreadable(text),
            Some(ErrorCode::ConstraintViolation) if text.starts_with("UNIQUE") => {
                Self::AlreadyExists
            }
            // New values are checked before each write: only a value that was already stored can
            // violate a CHECK constraint or a trigger.
            Some(ErrorCode::ConstraintViolation)
                if [ffi::SQLITE_CONSTRAINT_CHECK, ffi::SQLITE_CONSTRAINT_TRIGGER]
                    .map(Some)
                    .contains(&extended) =>
            {
                Self::Damaged(text)
            }
            // `Unknown` means that a valid statement fails on a stored value, for example on a sum
            // that overflows. An error without a code means that a column has an unexpected type,
            // or that a row is missing.
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

/// Returns the end of the message about an unknown outcome.
fn search_hint(target: Option<&str>) -> String {
    target.map_or_else(String::new, |target| format!(": check for {target}"))
}

/// Returns the first 300 characters of a text from SQLite, escaped to one line. The text can
/// contain names and `RAISE` texts from a crafted file.
fn sanitize_message(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    escape(&text.chars().take(MAX_CHARS).collect::<String>())
}

impl From<crate::model::InvalidValue> for Error {
    /// Converts an error about a stored value. Values are validated before each write, so that an
    /// invalid stored value is damage.
    fn from(invalid: crate::model::InvalidValue) -> Self {
        Self::Damaged(invalid.to_string())
    }
}
