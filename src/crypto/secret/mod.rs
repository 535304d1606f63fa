//! Shared secrets as they are read: how they are spelled, and that a key is never one of them.

mod key_format;
mod public_keys;

use crate::model::InvalidValue;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
pub(crate) use key_format::KeyFormat;
pub(super) use key_format::{detect_key, is_symmetric_jwk};
pub(crate) use public_keys::PublicKeys;
use zeroize::Zeroizing;

/// How the bytes spell a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretEncoding {
    /// The characters are the secret, without a line break at their end.
    Text,
    /// Base64 of either alphabet, with or without padding.
    Base64,
    /// Every byte counts.
    Raw,
}

impl SecretEncoding {
    /// By its name on the command line.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "text" => Ok(Self::Text),
            "base64" => Ok(Self::Base64),
            "raw" => Ok(Self::Raw),
            _ => Err(InvalidValue::new("encoding", "`text`, `base64` or `raw`")),
        }
    }
}

/// Why bytes are no shared secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SecretError {
    /// They do not have the encoding that was named.
    InvalidEncoding,
    /// They are a key.
    IsKey(KeyFormat),
}

impl From<SecretError> for InvalidValue {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::InvalidEncoding => Self::new("key", "the secret is not base64"),
            SecretError::IsKey(form) => Self::new("key", form.refusal_message()),
        }
    }
}

/// Returns the secret that these bytes spell. Every shared secret that is read passes here or, as
/// the `k` of a JWK, through [`not_a_key`]; nothing is a secret that is a key in any form, whatever
/// the encoding.
pub(super) fn decode_secret(
    bytes: &[u8],
    encoding: SecretEncoding,
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    ensure_not_key(bytes)?;
    let secret = match encoding {
        SecretEncoding::Raw => bytes.to_vec(),
        SecretEncoding::Text => {
            let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            line.strip_suffix(b"\r").unwrap_or(line).to_vec()
        }
        SecretEncoding::Base64 => {
            let text = bytes.trim_ascii();
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let decoded = [URL_SAFE, STANDARD]
                .iter()
                .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok());
            decoded.ok_or(SecretError::InvalidEncoding)?
        }
    };
    Ok(Zeroizing::new(secret))
}

/// Refuses bytes that are a key in any form.
pub(super) fn ensure_not_key(bytes: &[u8]) -> Result<(), SecretError> {
    detect_key(bytes).map_or(Ok(()), |form| Err(SecretError::IsKey(form)))
}

#[cfg(test)]
mod tests;
