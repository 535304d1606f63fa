//! Errors of a PostgreSQL server, and of the connection to it.

use super::ServerError;
use super::connect::{self, is_transient};
use crate::model::escape;
use crate::store::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Maximum number of characters of a text from the server in an error message.
const MAX_CHARS: usize = 300;

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(answer) => from_answer(answer),
            // Before COMMIT, nothing has changed: the command can try again. `commit` finds the outcome of
            // a COMMIT without an answer.
            None if is_transient(&error) => {
                ServerError::ConnectionLost(connect::error_text(&error)).into()
            }
            // A column has an unexpected type, or is unexpectedly NULL.
            None if error.to_string().starts_with("error deserializing") => {
                Self::Damaged(sanitize(&error_text(&error)))
            }
            None => Self::Failed(sanitize(&error_text(&error))),
        }
    }
}

/// Converts an error answer of the server by its SQLSTATE (PostgreSQL documentation, appendix A).
fn from_answer(answer: &DbError) -> Error {
    let text = || sanitize(answer.message());
    match *answer.code() {
        // Serialization failure, deadlock, lock timeout: another attempt may succeed.
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => Error::Busy,
        // Too many clients of a pooler, server starting or stopping, idle connection ended: an attempt on
        // a new connection may succeed.
        SqlState::TOO_MANY_CONNECTIONS
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | SqlState::IDLE_SESSION_TIMEOUT => ServerError::ConnectionLost(text()).into(),
        SqlState::QUERY_CANCELED => ServerError::StatementEnded(text()).into(),
        // `transaction_timeout` of PostgreSQL 17 and later.
        ref code if code.code() == "25P04" => ServerError::StatementEnded(text()).into(),
        SqlState::READ_ONLY_SQL_TRANSACTION => Error::ReadOnly,
        SqlState::UNIQUE_VIOLATION => Error::AlreadyExists,
        SqlState::INSUFFICIENT_PRIVILEGE => ServerError::AccessDenied(text()).into(),
        // New values are checked before each write: only a value that was already stored can violate a
        // check constraint or be out of range. The other codes report a missing table or column,
        // exhausted ids, or damaged pages.
        SqlState::CHECK_VIOLATION
        | SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_COLUMN
        | SqlState::SEQUENCE_GENERATOR_LIMIT_EXCEEDED
        | SqlState::NUMERIC_VALUE_OUT_OF_RANGE
        | SqlState::DATA_CORRUPTED
        | SqlState::INDEX_CORRUPTED => Error::Damaged(text()),
        SqlState::DISK_FULL => Error::DiskFull("the store"),
        SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_CATALOG_NAME => Error::Unreadable(text()),
        ref code if code.code().starts_with("08") => ServerError::ConnectionLost(text()).into(),
        _ => Error::Failed(text()),
    }
}

/// Returns whether the error only interrupted an operation, and does not report a fault of the store.
pub(in crate::store) fn is_interruption(error: &Error) -> bool {
    use ServerError::{ConnectionLost, StatementEnded, Unavailable};
    matches!(
        error,
        Error::Busy | Error::Server(ConnectionLost(_) | StatementEnded(_) | Unavailable(_))
    )
}

/// Returns the error with its causes.
fn error_text(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Limits a text to one line and [`MAX_CHARS`] characters.
fn sanitize(text: &str) -> String {
    escape(&text.chars().take(MAX_CHARS).collect::<String>())
}
