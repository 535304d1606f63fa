//! Conversion of errors from PostgreSQL statements: errors that the server reports, errors of the
//! connection, and returned values of an unexpected type.

use super::ServerError;
use super::connect::{self, is_transient};
use crate::model::escape;
use crate::store::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Number of characters after which the text of an error is cut off, before control characters are
/// escaped.
const MAX_CHARS: usize = 300;

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(server_error) => from_server_error(server_error),
            // The connection is lost. Before COMMIT, nothing has changed, and the command can try
            // again. If the answer to COMMIT is missing, the module `commit` queries the outcome of
            // the transaction.
            None if is_transient(&error) => {
                ServerError::ConnectionLost(connect::error_text(&error)).into()
            }
            // A column has an unexpected type, or is unexpectedly NULL.
            None if error.to_string().starts_with("error deserializing") => {
                Self::Damaged(sanitize(&text_with_causes(&error)))
            }
            None => Self::Failed(sanitize(&text_with_causes(&error))),
        }
    }
}

/// Converts an error that the server reports. The SQLSTATE of the error (PostgreSQL documentation,
/// appendix A) determines the result.
fn from_server_error(error: &DbError) -> Error {
    let text = || sanitize(error.message());
    match *error.code() {
        // Serialization failure, deadlock, lock timeout: another attempt may succeed.
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => Error::Busy,
        // The server or pooler has too many connections, is starting or stopping, or has closed an
        // idle connection: an attempt on a new connection may succeed.
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
        // New values are checked before each write: only a value that was already stored can
        // violate a check constraint or be out of range. The other codes report a missing table or
        // column, exhausted ids, or damaged pages.
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
        // Class 08: connection exceptions.
        ref code if code.code().starts_with("08") => ServerError::ConnectionLost(text()).into(),
        _ => Error::Failed(text()),
    }
}

/// Returns whether the error only means that a lock was not acquired in time, that no connection
/// was made, that the connection was lost, or that the server ended a statement. Such an error
/// reports no fault of the store.
pub(in crate::store) fn is_temporary_failure(error: &Error) -> bool {
    use ServerError::{ConnectionLost, StatementEnded, Unavailable};
    matches!(
        error,
        Error::Busy | Error::Server(ConnectionLost(_) | StatementEnded(_) | Unavailable(_))
    )
}

/// Returns the message of the error, followed by the messages of its causes.
fn text_with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Returns the first [`MAX_CHARS`] characters of a text. Escapes control characters, so that the
/// result has one line.
fn sanitize(text: &str) -> String {
    escape(&text.chars().take(MAX_CHARS).collect::<String>())
}
