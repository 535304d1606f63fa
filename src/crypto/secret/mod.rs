//! Shared secrets: decoding of secrets, and refusal of keys where a secret is expected.

mod error;
mod key_format;
mod public_keys;
mod text_encoding;

use super::input_limits::ensure_size;
use super::reader::read_document;
use crate::model::InvalidValue;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
pub(super) use error::SecretError;
pub(crate) use key_format::KeyFormat;
pub(super) use key_format::{detect_key, is_java_keystore, is_jwk_or_set, is_ssh_text};
pub(crate) use public_keys::PublicKeys;
use text_encoding::without_byte_order_mark;
use zeroize::Zeroizing;

/// Encoding of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretEncoding {
    /// The characters are the secret, without a byte order mark and without a final line break.
    /// UTF-16 is converted to UTF-8 only if all characters are ASCII.
    Text,
    /// Base64 in either alphabet, with or without padding.
    Base64,
    /// All bytes are the secret.
    Raw,
}

impl SecretEncoding {
    /// Parses the name used on the command line.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "text" => Ok(Self::Text),
            "base64" => Ok(Self::Base64),
            "raw" => Ok(Self::Raw),
            _ => Err(InvalidValue::new("encoding", "expected `text`, `base64` or `raw`")),
        }
    }
}

/// Decodes a secret. Refuses a key in any format or encoding, so that no asymmetric key is accepted
/// as a secret. Every shared secret from an input is checked in this way. The exception is the
/// member `k` of a JWK: it is not decoded here, and only checked by [`ensure_not_key`].
pub(super) fn decode_secret(
    bytes: &[u8],
    encoding: SecretEncoding,
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    if ensure_size(bytes).is_err() {
        return Err(SecretError::TooLarge);
    }
    ensure_not_key(bytes)?;
    let text = without_byte_order_mark(bytes);
    let secret = match encoding {
        SecretEncoding::Raw => bytes.to_vec(),
        SecretEncoding::Text => {
            let line = text.strip_suffix(b"\n").unwrap_or(&text);
            line.strip_suffix(b"\r").unwrap_or(line).to_vec()
        }
        SecretEncoding::Base64 => {
            // The programs `base64` and `openssl` insert line breaks into a long text.
            let text: Zeroizing<Vec<u8>> = Zeroizing::new(
                text.trim_ascii().iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect(),
            );
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let decoded = [URL_SAFE, STANDARD]
                .iter()
                .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(&*text).ok());
            decoded.ok_or(SecretError::InvalidEncoding)?
        }
    };
    Ok(Zeroizing::new(secret))
}

/// Refuses bytes that are a key in any format: all bytes that [`detect_key`] detects, and all bytes
/// that [`read_document`] recognizes as a key, even if the key is damaged or its format is
/// unsupported. A symmetric JWK that `detect_key` does not detect is accepted.
pub(super) fn ensure_not_key(bytes: &[u8]) -> Result<(), SecretError> {
    if let Some(format) = detect_key(bytes) {
        return Err(SecretError::IsKey(format));
    }
    match read_document(bytes) {
        Ok(document) if document.is_secret_jwk() => Ok(()),
        Err(error) if error.permits_secret() => Ok(()),
        Ok(_) | Err(_) => Err(SecretError::IsKey(KeyFormat::ENCODED_KEY)),
    }
}

#[cfg(test)]
pub(in crate::crypto) mod tests;
