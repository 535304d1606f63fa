//! Reasons why key material for signing or verification is refused.

use super::error::invalid_key;
use super::reader::UnsupportedFormat;
use super::secret::{KeyFormat, SecretError, detect_key};
use crate::model::{Algorithm, InvalidValue, KeySpec};

/// Reason why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// Invalid key, a key of another kind than expected, such as a public key in place of a private
    /// key, or an input that was expected to be a secret, but is empty, too large or not base64.
    #[error("{0}")]
    Invalid(#[from] InvalidValue),
    /// Error of one key of a collection, such as a JWK Set.
    #[error("key {number} of {count}: {}", .error.reason())]
    CollectionMember {
        /// Position of the key, from 1.
        number: usize,
        /// Number of keys in the collection.
        count: usize,
        /// Error of the key.
        error: Box<KeyError>,
    },
    /// A secret shorter than the hash output (RFC 7518, section 3.2).
    #[error("secret too short for {}: found {length} bytes, expected at least {min_length}", .algorithm.name())]
    WeakSecret {
        /// Length in bytes.
        length: usize,
        /// Algorithm.
        algorithm: Algorithm,
        /// Minimum length in bytes.
        min_length: usize,
    },
    /// Unknown format. The input may be a secret.
    #[error("unsupported key format: expected PEM, DER, JWK or JWK Set")]
    UnknownFormat,
    /// A key in an unsupported format.
    #[error("unsupported key format: found {}, expected PEM, DER, JWK or JWK Set", .0.to_display())]
    UnsupportedFormat(UnsupportedFormat),
    /// Text that starts like JSON and in which no key is recognized: the strict JSON parser refuses
    /// the text, or its member `keys` is not an array.
    #[error("{error}")]
    InvalidJson {
        /// Reason.
        error: InvalidValue,
        /// True for text that starts with a complete JSON value or contains `kty`. Such text is
        /// accepted as a secret only if the encoding of the secret is given.
        is_document: bool,
    },
    /// Input for a key that exceeds the limits for the size of key material.
    #[error("{0}")]
    TooLarge(InvalidValue),
    /// Well-formed JSON without a key.
    #[error("unsupported key format: found JSON without a key, expected PEM, DER, JWK or JWK Set")]
    NoKeyInJson,
    /// Input without content.
    #[error("key empty: found no content, expected PEM, DER, JWK or JWK Set")]
    Empty,
    /// Several usable keys in a collection. Contains the path of the first key in the notation of
    /// `jq`, if `jq` can read the input.
    #[error("several keys found, expected a single key for signing")]
    SeveralSigningKeys(Option<&'static str>),
    /// Several usable keys in a collection in which no key has the requested key id.
    #[error("several keys found, but no key with the requested key id")]
    KidNotFound(Option<&'static str>),
    /// Several keys where one key for verification is expected. Contains the hint that describes
    /// the selection of one key.
    #[error("several keys found, expected a single key for verification")]
    SeveralVerificationKeys(&'static str),
    /// A key in place of a shared secret.
    #[error("{}", .0.refusal_message())]
    KeyAsSecret(KeyFormat),
}

impl From<UnsupportedFormat> for KeyError {
    fn from(format: UnsupportedFormat) -> Self {
        Self::UnsupportedFormat(format)
    }
}

impl From<SecretError> for KeyError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::IsKey(format) => Self::KeyAsSecret(format),
            SecretError::InvalidEncoding | SecretError::TooLarge => Self::Invalid(error.into()),
        }
    }
}

impl KeyError {
    /// Adds the position to the error of a key in a collection, unless the key is the only key.
    pub(super) fn at_position(self, number: usize, count: usize) -> Self {
        if count == 1 {
            return self;
        }
        Self::CollectionMember { number, count, error: Box::new(self) }
    }

    /// Returns whether the error means that no key was recognized. The input can then be a secret.
    pub(super) fn permits_secret(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::UnknownFormat
                | Self::NoKeyInJson
                | Self::InvalidJson { .. }
                | Self::TooLarge(_)
        )
    }

    /// Returns whether an input with this error is accepted as a secret in text, if a secret is
    /// expected and no encoding is given.
    pub(super) fn permits_text_secret(&self) -> bool {
        matches!(self, Self::UnknownFormat | Self::InvalidJson { is_document: false, .. })
    }

    /// Returns whether the hint for this error names an option for a secret.
    pub(crate) fn has_secret_hint(&self) -> bool {
        if let Self::CollectionMember { error, .. } = self {
            return error.has_secret_hint();
        }
        matches!(self, Self::UnknownFormat | Self::NoKeyInJson | Self::WeakSecret { .. })
    }

    /// Returns the error for a key of the algorithm `found` where `expected` is required.
    pub(super) fn unsuitable(found: Algorithm, expected: Algorithm) -> Self {
        invalid_key(format!("unsuitable for the algorithm: {}", describe_mismatch(found, expected)))
            .into()
    }

    /// Returns the error for a JWK with the `alg` `expected` and a key of the algorithm `found`.
    pub(super) fn unsuitable_jwk(found: Algorithm, expected: Algorithm) -> Self {
        invalid_key(format!("unsuitable for its `alg`: {}", describe_mismatch(found, expected)))
            .into()
    }

    /// Returns the error for a collection that contains the same key twice, with different key ids,
    /// purposes or algorithms.
    pub(crate) fn same_key_twice(first: &KeySpec, second: &KeySpec) -> Self {
        let [first, second] = [first, second]
            .map(|key| format!("`{}` ({})", key.kid.to_display(), key.algorithm.name()));
        invalid_key(format!("the same key found twice, as {first} and {second}")).into()
    }

    /// Converts the error from reading `bytes` as keys to the error for an input that should be a
    /// secret.
    pub(super) fn into_secret_error(self, bytes: &[u8]) -> Self {
        if matches!(self, Self::Empty) {
            return invalid_key("the secret is empty").into();
        }
        let key = matches!(self, Self::UnsupportedFormat(_)).then(|| detect_key(bytes)).flatten();
        key.map_or(self, Self::KeyAsSecret)
    }

    /// Returns the message without the prefix `key: `, for messages that name the key.
    fn reason(&self) -> String {
        let (Self::Invalid(invalid)
        | Self::InvalidJson { error: invalid, .. }
        | Self::TooLarge(invalid)) = self
        else {
            return self.to_string();
        };
        invalid.reason.clone()
    }
}

/// Describes a key of the algorithm `found`, and the key that the algorithm `expected` requires:
/// `found an RSA key, expected a P-256 key for ES256`.
fn describe_mismatch(found: Algorithm, expected: Algorithm) -> String {
    let (noun, expected_noun) = (found.key_type().noun(), expected.key_type().noun());
    let noun =
        if noun == expected_noun { format!("a key for {}", found.name()) } else { noun.to_owned() };
    format!("found {noun}, expected {expected_noun} for {}", expected.name())
}
