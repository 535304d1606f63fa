//! Errors about the address of a store, and errors of a store on a database server, such as a
//! failed connection.

use super::{Code, Failure};
use crate::store::InvalidAddress;
#[cfg(feature = "postgres")]
use crate::store::{ConnectionError, ServerError};

impl Failure {
    /// Returns the error for an invalid address of a store. `argument` is the name of the flag,
    /// argument or variable with the address. The message does not repeat the address, because the
    /// address may contain a password.
    pub(crate) fn invalid_address(argument: &str, invalid: &InvalidAddress) -> Self {
        let failure = Self::new(Code::InvalidInput, format!("{argument}: {invalid}"));
        Self { hint: invalid.hint().map(str::to_owned), ..failure }
    }
}

#[cfg(feature = "postgres")]
impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match error {
            ServerError::NoStore(address) => Self::store_not_found(&address),
            ServerError::StoreExists(_) => failure(Code::StoreExists)
                .with_hint("add `schema=NAME` to the address to use another schema"),
            ServerError::ForeignTables(_) => failure(Code::StoreForeign)
                .with_hint("add `schema=NAME` to the address to use another schema"),
            ServerError::Connection(error) => error.into(),
            ServerError::Unavailable(ConnectionError::Refused { hint: Some(hint), .. }) => {
                failure(Code::Busy).with_hint(hint)
            }
            ServerError::Unavailable(_) | ServerError::ConnectionLost(_) => {
                failure(Code::Busy).with_hint("try again, or wait longer with `--wait`")
            }
            ServerError::StatementEnded(_) => failure(Code::Busy).with_hint(
                "try again, or increase `statement_timeout` or `transaction_timeout` of the database user",
            ),
            ServerError::Unsupported(_) => failure(Code::StoreUnreadable),
            ServerError::AccessDenied(_) => {
                failure(Code::Forbidden).with_hint(Self::DATABASE_RIGHTS_HINT)
            }
        }
    }
}

#[cfg(feature = "postgres")]
impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match error {
            ConnectionError::Parameter(invalid) => {
                Self { hint: invalid.hint().map(str::to_owned), ..failure(Code::InvalidInput) }
            }
            ConnectionError::UnknownService(_) => failure(Code::InvalidInput)
                .with_hint("set `PGSERVICEFILE` to the file with the service"),
            ConnectionError::NoUser => {
                failure(Code::InvalidInput).with_hint("add a user name to the address")
            }
            ConnectionError::ExposedFile { path, .. } => {
                let path = super::directory::quote_shell_path(&path);
                failure(Code::InsecurePermissions)
                    .with_hint(format!("remove the permissions: chmod 600 {path}"))
            }
            ConnectionError::NoTrustedCertificates => failure(Code::StoreUnreadable).with_hint(
                "set `sslrootcert` to a file with the certificate of the certificate authority",
            ),
            ConnectionError::Refused { hint, .. } => {
                Self { hint: hint.map(str::to_owned), ..failure(Code::StoreUnreadable) }
            }
            ConnectionError::UnusableFile { .. } | ConnectionError::Tls(_) => {
                failure(Code::StoreUnreadable)
            }
        }
    }
}
