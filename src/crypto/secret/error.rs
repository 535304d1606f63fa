//! Reasons why bytes are not a shared secret.

use super::key_format::KeyFormat;
use crate::model::InvalidValue;

/// Reason why bytes are not a shared secret.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::crypto) enum SecretError {
    /// The bytes do not have the given encoding.
    InvalidEncoding,
    /// More bytes than any secret has.
    TooLarge,
    /// The bytes are a key.
    IsKey(KeyFormat),
}

impl From<SecretError> for InvalidValue {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::InvalidEncoding => Self::new("key", "the secret is not base64"),
            SecretError::TooLarge => Self::new("key", "the secret is too large"),
            SecretError::IsKey(format) => Self::new("key", format.refusal_message()),
        }
    }
}
