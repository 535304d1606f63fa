//! Errors of the address of a store, and of the connection to a server.

use super::{Code, Failure};
#[cfg(feature = "postgres")]
use crate::store::ConnectionError;
use crate::store::InvalidAddress;

impl Failure {
    /// Returns the error for an invalid address in `argument`, a flag or a variable. The address may
    /// contain a password and is not repeated.
    #[expect(dead_code, reason = "`--store` does not accept the address of a server yet")]
    pub(crate) fn invalid_address(argument: &str, invalid: &InvalidAddress) -> Self {
        let failure = Self::new(Code::InvalidInput, format!("{argument}: {invalid}"));
        Self { hint: invalid.hint().map(str::to_owned), ..failure }
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
            ConnectionError::NoTrustedCertificates => failure(Code::StoreUnreadable)
                .with_hint("set `sslrootcert` to a file with the certificate of the issuer"),
            ConnectionError::Refused { hint, .. } => {
                Self { hint: hint.map(str::to_owned), ..failure(Code::StoreUnreadable) }
            }
            ConnectionError::UnusableFile { .. } | ConnectionError::Tls(_) => {
                failure(Code::StoreUnreadable)
            }
        }
    }
}
