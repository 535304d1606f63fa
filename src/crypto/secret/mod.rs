//! Shared secrets as they are read: how they are spelled, and that a key is never one of them.

mod forms;
mod public;

use crate::model::Invalid;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
pub(crate) use forms::KeyForm;
pub(super) use forms::{find_key, is_secret_jwk};
pub(crate) use public::PublicKeys;
use zeroize::Zeroizing;

/// How the bytes spell a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The characters are the secret, without a line break at their end.
    Text,
    /// Base64 of either alphabet, with or without padding.
    Base64,
    /// Every byte counts.
    Raw,
}

impl Encoding {
    /// By its name on the command line.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "text" => Ok(Self::Text),
            "base64" => Ok(Self::Base64),
            "raw" => Ok(Self::Raw),
            _ => Err(Invalid::new("encoding", "`text`, `base64` or `raw`")),
        }
    }
}

/// Why bytes are no shared secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotASecret {
    /// They do not have the encoding that was named.
    Misspelled,
    /// They are a key.
    Key(KeyForm),
}

impl From<NotASecret> for Invalid {
    fn from(refusal: NotASecret) -> Self {
        match refusal {
            NotASecret::Misspelled => Self::new("key", "the secret is not base64"),
            NotASecret::Key(form) => Self::new("key", form.refusal()),
        }
    }
}

/// Returns the secret that these bytes spell. Every shared secret that is read passes here or, as
/// the `k` of a JWK, through [`not_a_key`]; nothing is a secret that is a key in any form, whatever
/// the encoding.
pub(super) fn spelled(bytes: &[u8], encoding: Encoding) -> Result<Zeroizing<Vec<u8>>, NotASecret> {
    not_a_key(bytes)?;
    let secret = match encoding {
        Encoding::Raw => bytes.to_vec(),
        Encoding::Text => {
            let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            line.strip_suffix(b"\r").unwrap_or(line).to_vec()
        }
        Encoding::Base64 => {
            let text = bytes.trim_ascii();
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let decoded = [URL_SAFE, STANDARD]
                .iter()
                .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok());
            decoded.ok_or(NotASecret::Misspelled)?
        }
    };
    Ok(Zeroizing::new(secret))
}

/// Refuses bytes that are a key in any form.
pub(super) fn not_a_key(bytes: &[u8]) -> Result<(), NotASecret> {
    find_key(bytes).map_or(Ok(()), |form| Err(NotASecret::Key(form)))
}

#[cfg(test)]
mod tests;
