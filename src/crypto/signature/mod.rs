//! Signing and verification of compact tokens, with exactly one algorithm per key.

mod signer;

use super::compact::CompactJws;
use super::error::Error;
use super::jwk;
use super::public_key::PublicKey;
use crate::model::{Algorithm, KeySpec};
use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretSlice};
pub(super) use signer::damaged_key;
use signer::to_jsonwebtoken;
pub(crate) use signer::{TokenPrefix, TokenSigner, sign, sign_text};

/// Refuses a key that cannot sign, or whose public part does not verify its signatures.
pub(crate) fn check_key(key: &KeySpec) -> Result<(), Error> {
    let token = sign_text(key, "{}", "{}")?;
    let compact = CompactJws::parse(token.expose_secret()).map_err(|_| damaged_key(key))?;
    if is_signed_by(&compact, key)? { Ok(()) } else { Err(damaged_key(key)) }
}

/// Returns whether two secrets produce the same signatures. This is possible for different secrets,
/// because HMAC pads short secrets with zeros and hashes long secrets (RFC 2104, section 2).
pub(crate) fn is_same_hmac_key(first: &KeySpec, second: &KeySpec) -> Result<bool, Error> {
    if first.algorithm != second.algorithm || !first.algorithm.is_symmetric() {
        return Ok(false);
    }
    let [first_token, second_token] = [sign_text(first, "", "")?, sign_text(second, "", "")?];
    Ok(first_token.expose_secret() == second_token.expose_secret())
}

/// Key that verifies signatures.
#[derive(Debug, Clone)]
pub(super) enum VerificationKey {
    /// Shared secret.
    Secret(SecretSlice<u8>),
    /// Public key.
    Public(PublicKey),
}

impl VerificationKey {
    pub(super) fn new_secret(secret: &[u8]) -> Self {
        Self::Secret(SecretSlice::from(secret.to_vec()))
    }

    /// Returns the shared secret; `None` for a public key.
    pub(super) fn secret(&self) -> Option<&[u8]> {
        match self {
            Self::Secret(secret) => Some(secret.expose_secret()),
            Self::Public(_) => None,
        }
    }

    /// Returns whether the token has a valid signature of the key with `algorithm`. Ignores `alg`
    /// in the token. Returns `false` if the algorithm is for another type of key.
    pub(super) fn verifies(&self, token: &CompactJws<'_>, algorithm: Algorithm) -> bool {
        let key = match self {
            // With an empty secret, anyone could create valid signatures.
            Self::Secret(secret) if secret.expose_secret().is_empty() => return false,
            Self::Secret(_) if !algorithm.is_symmetric() => return false,
            Self::Secret(secret) => DecodingKey::from_secret(secret.expose_secret()),
            Self::Public(key) if key.key_type() != algorithm.key_type() => return false,
            Self::Public(key) => match key.to_decoding_key() {
                Some(key) => key,
                None => return key.verifies_es512(token.signing_input, token.signature),
            },
        };
        to_jsonwebtoken(algorithm).is_some_and(|algorithm| {
            let message = token.signing_input.as_bytes();
            jsonwebtoken::crypto::verify(token.signature, message, &key, algorithm).unwrap_or(false)
        })
    }
}

/// Returns whether the token has a valid signature of the key. Uses the algorithm of the key and
/// ignores `alg` in the token.
pub(crate) fn is_signed_by(token: &CompactJws<'_>, key: &KeySpec) -> Result<bool, Error> {
    let verification_key = if key.algorithm.is_symmetric() {
        let secret = key.material.expose_secret();
        Some(secret).filter(|secret| !secret.is_empty()).map(VerificationKey::new_secret)
    } else {
        let public_key = key.public_jwk.as_ref().and_then(|jwk| jwk::public_key(jwk).ok());
        public_key.map(VerificationKey::Public)
    };
    let verification_key = verification_key.ok_or_else(|| damaged_key(key))?;
    Ok(verification_key.verifies(token, key.algorithm))
}

#[cfg(test)]
pub(super) mod tests;
