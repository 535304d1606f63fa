//! Errors of cryptographic operations and of key material.

use crate::model::InvalidValue;
use crate::parallel::ThreadError;

/// Error of a cryptographic operation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A new or imported key is invalid or does not fit its algorithm. Contains the reason.
    #[error("unusable key: {0}")]
    Key(String),
    /// Key material that was valid at generation or import is no longer usable. Contains the
    /// escaped key id.
    #[error("unusable key `{0}`")]
    DamagedKey(String),
    /// The database user of this run has no right to read the private key or secret. Contains the
    /// escaped key id.
    #[error("the database denies access: private key or secret of key `{0}`")]
    WithheldKey(String),
    /// A stored password hash is malformed or exceeds the cost limits for imported hashes. Contains
    /// the reason.
    #[error("unusable password hash: {0}")]
    DamagedHash(String),
    /// The stored class (algorithm, version and parameters) of the costliest password hash is
    /// malformed or exceeds the cost limits for imported hashes. Contains the reason.
    #[error("unusable `costliest_hash`: {0}")]
    DamagedHashClass(String),
    /// Argon2 failed, for example because of too little memory. Contains the reason.
    #[error("cannot hash the password: {0}")]
    Hash(String),
    /// The system cannot start a thread for the hashing of passwords.
    #[error(transparent)]
    Thread(#[from] ThreadError),
    /// The operating system provides no random numbers. Also the error of a failed key generation:
    /// missing random numbers are the only known cause.
    #[error("no random numbers available")]
    Random,
}

/// Returns the error for refused key material.
pub(super) fn invalid_key(reason: impl Into<String>) -> InvalidValue {
    InvalidValue::new("key", reason)
}
