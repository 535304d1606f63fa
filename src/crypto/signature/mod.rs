//! Signing and verification of compact tokens. Each signer and each verifier has one algorithm.

mod signer;

use super::compact::CompactJws;
use super::error::Error;
use super::jwk;
use super::public_key::PublicKey;
use crate::model::{Algorithm, KeySpec};
use aws_lc_rs::signature::ParsedPublicKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use secrecy::{ExposeSecret, SecretSlice};
use signer::to_jsonwebtoken;
pub(super) use signer::unusable_key_error;
pub(crate) use signer::{TokenPrefix, TokenSigner, sign, sign_text};

/// Signs a token with the key, and verifies the signature with the public part of the key (or with
/// the secret). Refuses the key if one of the two steps fails.
pub(crate) fn check_key(key: &KeySpec) -> Result<(), Error> {
    let token = sign_text(key, "{}", "{}")?;
    let compact = CompactJws::parse(token.expose_secret()).map_err(|_| unusable_key_error(key))?;
    if SignatureVerifier::new(key)?.verifies(&compact) {
        Ok(())
    } else {
        Err(unusable_key_error(key))
    }
}

/// Returns whether both keys are secrets for the same algorithm and produce the same signatures.
/// Different secrets can produce the same signatures, because HMAC pads short secrets with zeros
/// and hashes long secrets (RFC 2104, section 2).
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

    /// Returns the verifier for signatures of this key with `algorithm`. The verifier accepts no
    /// signature if the algorithm is for another type of key, if the secret is empty, or if a
    /// library refuses the key.
    pub(super) fn verifier(&self, algorithm: Algorithm) -> SignatureVerifier {
        let key = match self {
            // With an empty secret, anyone could create valid signatures.
            Self::Secret(secret) if secret.expose_secret().is_empty() => None,
            Self::Secret(_) if !algorithm.is_symmetric() => None,
            Self::Secret(secret) => Some(DecodingKey::from_secret(secret.expose_secret())),
            Self::Public(key) if key.key_type() != algorithm.key_type() => None,
            Self::Public(key) => match key.to_es512_key() {
                Some(key) => return SignatureVerifier::Es512(key),
                None => key.to_decoding_key(),
            },
        };
        let verifier = key.zip(to_jsonwebtoken(algorithm)).and_then(|(key, algorithm)| {
            (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()
        });
        verifier.map_or(SignatureVerifier::Unsuitable, SignatureVerifier::Library)
    }
}

/// Verifier of signatures of one key with one algorithm. A caller should use one verifier for many
/// tokens, because the creation of a verifier takes longer than the verification of an HMAC.
pub(crate) enum SignatureVerifier {
    /// Verifier of the JWT library.
    Library(Box<dyn JwtVerifier>),
    /// Public key on P-521, a curve that the JWT library does not support.
    Es512(ParsedPublicKey),
    /// Verifier that accepts no signature. Used if the secret is empty, the algorithm is not
    /// permitted or is for another type of key, or the JWT library or the crypto library refuses
    /// the key.
    Unsuitable,
}

impl SignatureVerifier {
    /// Creates the verifier for signatures of `key` with `key.algorithm`. Fails if the secret is
    /// empty, or if the public JWK is missing or cannot be parsed.
    pub(crate) fn new(key: &KeySpec) -> Result<Self, Error> {
        let verification_key = if key.algorithm.is_symmetric() {
            let secret = key.material.expose_secret();
            Some(secret).filter(|secret| !secret.is_empty()).map(VerificationKey::new_secret)
        } else {
            let public_key = key.public_jwk.as_ref().and_then(|jwk| jwk::public_key(jwk).ok());
            public_key.map(VerificationKey::Public)
        };
        let verification_key = verification_key.ok_or_else(|| unusable_key_error(key))?;
        Ok(verification_key.verifier(key.algorithm))
    }

    /// Returns whether the token has a valid signature of the key. Ignores `alg` in the token.
    pub(crate) fn verifies<H>(&self, token: &CompactJws<'_, H>) -> bool {
        let (message, signature) = (token.signing_input.as_bytes(), &token.signature);
        match self {
            Self::Library(verifier) => verifier.verify(message, signature).is_ok(),
            Self::Es512(key) => key.verify_sig(message, signature).is_ok(),
            Self::Unsuitable => false,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
