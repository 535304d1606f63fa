//! Reasons why input bytes are not accepted as a shared secret.

use super::key_format::KeyFormat;
use crate::model::InvalidValue;

/// Reason why input bytes are not accepted as a shared secret.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::crypto) enum SecretError {
    /// The bytes are not valid in the given encoding, base64.
    InvalidEncoding,
    /// The input exceeds the limits for the size of key material.
    TooLarge,
    /// The bytes are a key in this format.
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
