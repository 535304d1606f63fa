//! Errors of an address, of a connection attempt, and of a store on a server. No message contains a
//! password.

use crate::model::{escape, redact_for_error};
use std::path::{Path, PathBuf};

/// Error of the address of a server, or of a parameter from a service file or variable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidServerAddress {
    #[error("the address is not UTF-8")]
    NotUtf8,
    /// The hosts, the path or the query contain `@`: probably a part of a password that is not
    /// percent-encoded.
    #[error("the address contains an unencoded `@`")]
    UnencodedAt,
    /// A percent-encoded value contains NUL or is not UTF-8.
    #[error("the address contains a percent-encoded value with NUL or invalid UTF-8")]
    InvalidEncodedText,
    /// A part of the query has no `=`. The message does not contain this part, because it may
    /// belong to a password.
    #[error("the address contains a parameter without a value")]
    MissingValue,
    #[error("parameter `{}` given twice", redact_for_error(.0))]
    Duplicate(String),
    #[error("empty host name")]
    EmptyHost,
    #[error("the address contains a `[` without `]`")]
    UnclosedBracket,
    #[error("invalid port: expected a number from 1 to 65535")]
    Port,
    #[error("number of {name} differs from number of hosts: found {found}, expected {hosts}")]
    CountMismatch {
        /// Plural noun: `ports` or `host addresses`.
        name: &'static str,
        /// Number of these ports or host addresses.
        found: usize,
        /// Number of hosts.
        hosts: usize,
    },
    #[error("invalid host address: expected an IP address")]
    HostAddress,
    /// `options`, because connection poolers refuse this parameter, or `load_balance_hosts`,
    /// because jeton connects to hosts in the order of the address.
    #[error("parameter `{0}` is not supported")]
    Unsupported(&'static str),
    /// TLS that depends on the answer of the server does not protect from an attacker.
    #[error("`sslmode={0}` permits connections without TLS")]
    OptionalTls(&'static str),
    #[error("unknown `sslmode`: expected verify-full, verify-ca, require or disable")]
    UnknownSslMode,
    /// The first parameter is set without the second parameter, which it requires.
    #[error("`{0}` requires `{1}`")]
    Incomplete(&'static str, &'static str),
    #[error("invalid schema name: {0}")]
    Schema(&'static str),
    /// An invalid parameter, with the message of tokio-postgres.
    #[error("{}", redact_for_error(.0))]
    Parameter(String),
}

impl InvalidServerAddress {
    /// Returns the instruction that resolves the error.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnencodedAt => Some(
                "percent-encode special characters of the user name and the password: `%40` for `@`",
            ),
            Self::MissingValue => {
                Some("write each parameter as `NAME=VALUE`, with `%26` for `&` in a value")
            }
            Self::Unsupported("options") => Some("use `schema` to set the schema"),
            Self::OptionalTls(_) => {
                Some("use `sslmode=verify-full`, or `sslmode=disable` on a trusted network")
            }
            Self::NotUtf8
            | Self::InvalidEncodedText
            | Self::Duplicate(_)
            | Self::EmptyHost
            | Self::UnclosedBracket
            | Self::Port
            | Self::CountMismatch { .. }
            | Self::HostAddress
            | Self::Unsupported(_)
            | Self::UnknownSslMode
            | Self::Incomplete(..)
            | Self::Schema(_)
            | Self::Parameter(_) => None,
        }
    }
}

/// Reason why jeton cannot connect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// A parameter from a service file or variable is invalid, or only one of `sslcert` and
    /// `sslkey` is set.
    #[error("invalid connection parameter: {0}")]
    Parameter(#[from] InvalidServerAddress),
    #[error("service `{}` not found", redact_for_error(.0))]
    UnknownService(String),
    /// No user name is set in the address, in the service or in a variable that applies to the
    /// address, and the operating system has no name for the current user.
    #[error("no user name for the database")]
    NoUser,
    /// Other users have permissions for a file with a password or private key.
    #[error("other users can access the {kind} `{}`", display(.path))]
    ExposedFile {
        /// Noun for the message, for example `passfile`.
        kind: &'static str,
        path: PathBuf,
    },
    #[error("{kind} `{}` cannot be used: {reason}", display(.path))]
    UnusableFile {
        /// Noun for the message, for example `passfile`.
        kind: &'static str,
        path: PathBuf,
        reason: String,
    },
    /// The system has no certificates of certification authorities.
    #[error("no trusted certificates found on this system")]
    NoTrustedCertificates,
    #[error("TLS set-up failed: {0}")]
    Tls(String),
    /// No connection was made: the server refused the connection or did not answer, or the network
    /// or the TLS handshake failed.
    #[error("cannot connect to the database: {message}")]
    Refused { message: String, hint: Option<&'static str> },
}

fn display(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

impl ConnectionError {
    pub(super) fn unusable(kind: &'static str, path: &Path, reason: impl Into<String>) -> Self {
        Self::UnusableFile { kind, path: path.to_owned(), reason: reason.into() }
    }
}

/// Error of a store in a PostgreSQL database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// The schema has no tables of a store. The text is the address, for display.
    #[error("store not found")]
    NoStore(String),
    /// The schema at the target of a copy has a table `store`. The text is the address of the
    /// target, for display.
    #[error("store `{0}` already exists")]
    StoreExists(String),
    /// The schema has no table `store`, but tables with the names of other tables of a store: these
    /// tables belong to another program. The text is the address, for display.
    #[error("`{0}` is not a jeton store")]
    ForeignTables(String),
    /// No connection was made, for a reason that a later attempt does not resolve.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// No connection was made within the time limit. A later attempt may succeed.
    #[error("{0}")]
    Unavailable(ConnectionError),
    /// The connection was lost before COMMIT, or during a read: nothing has changed. As an
    /// exception, `Client::commit` returns this error if the answer to COMMIT is missing. Its
    /// callers then determine the outcome, or report that the outcome is unknown.
    #[error("connection to the database lost: {0}")]
    ConnectionLost(String),
    /// The server ended a statement, for example at its `statement_timeout`.
    #[error("statement ended by the server: {0}")]
    StatementEnded(String),
    /// jeton was not tested with this database product, version or encoding.
    #[error("unsupported database server: {0}")]
    Unsupported(String),
    /// The database user lacks a right on the schema, or a right that a statement needs.
    #[error("the database denies access: {0}")]
    AccessDenied(String),
}
