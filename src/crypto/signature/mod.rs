//! Signing and verification of compact tokens, with exactly one algorithm per key.

use super::compact::CompactJws;
use super::error::Error;
use super::jwk;
use super::public_key::{PublicKey, signing_algorithm};
use crate::model::{Algorithm, Curve, KeySpec, KeyType};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    EcdsaKeyPair, ParsedPublicKey, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Map, Value};

/// Signs `claims` with the key and its algorithm. The header contains `alg`, `typ` and `kid` (RFC
/// 7515, section 4.1).
pub(crate) fn sign(
    key: &KeySpec,
    typ: &str,
    claims: &Map<String, Value>,
) -> Result<SecretString, Error> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), key.algorithm.name().into());
    header.insert("typ".to_owned(), typ.into());
    header.insert("kid".to_owned(), key.kid.as_str().into());
    sign_parts(key, &header, claims)
}

/// Signs `header` and `claims`. The caller is responsible for `alg` in the header.
pub(crate) fn sign_parts(
    key: &KeySpec,
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
) -> Result<SecretString, Error> {
    let to_json = |members: &Map<String, Value>| Value::from(members.clone()).to_string();
    sign_text(key, &to_json(header), &to_json(claims))
}

/// Signs header and payload text without changes.
pub(crate) fn sign_text(key: &KeySpec, header: &str, payload: &str) -> Result<SecretString, Error> {
    sign_compact(key, header, payload).map_err(|_| damaged_key(key))
}

/// Refuses a key that cannot sign, or whose public part does not verify its signatures.
pub(crate) fn check_key(key: &KeySpec) -> Result<(), Error> {
    let token = sign_text(key, "{}", "{}")?;
    let compact = CompactJws::parse(token.expose_secret()).map_err(|_| damaged_key(key))?;
    if SignatureVerifier::new(key)?.verifies(&compact) { Ok(()) } else { Err(damaged_key(key)) }
}

pub(super) fn damaged_key(key: &KeySpec) -> Error {
    Error::DamagedKey(key.kid.to_display())
}

fn sign_compact(key: &KeySpec, header: &str, payload: &str) -> Result<SecretString, Error> {
    let input = format!("{}.{}", encode_base64url(header), encode_base64url(payload));
    let material = key.material.expose_secret();
    let signing_key = match key.algorithm.key_type() {
        // With an empty secret, anyone could create valid signatures.
        KeyType::Hmac(_) if material.is_empty() => return Err(signing_error()),
        KeyType::Hmac(_) => EncodingKey::from_secret(material),
        KeyType::Ec(Curve::P256 | Curve::P384) => EncodingKey::from_ec_der(material),
        KeyType::Ed25519 => EncodingKey::from_ed_der(material),
        // The JWT library has no ES512, and does not accept RSA keys in PKCS#8.
        KeyType::Ec(Curve::P521) => return Ok(compact(&input, &sign_es512(material, &input)?)),
        KeyType::Rsa => {
            return Ok(compact(&input, &sign_rsa(key.algorithm, material, &input)?));
        }
    };
    let algorithm = to_jsonwebtoken(key.algorithm).ok_or_else(signing_error)?;
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &signing_key, algorithm)
        .map_err(|error| Error::Key(error.to_string()))?;
    Ok(SecretString::from(format!("{input}.{signature}")))
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

fn compact(input: &str, signature: &[u8]) -> SecretString {
    SecretString::from(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn sign_es512(pkcs8: &[u8], input: &str) -> Result<Vec<u8>, Error> {
    let pair = EcdsaKeyPair::from_pkcs8(signing_algorithm(Curve::P521), pkcs8);
    let signature = pair.map_err(key_error)?.sign(&SystemRandom::new(), input.as_bytes());
    Ok(signature.map_err(|_| signing_error())?.as_ref().to_vec())
}

fn sign_rsa(algorithm: Algorithm, pkcs8: &[u8], input: &str) -> Result<Vec<u8>, Error> {
    let padding: &dyn RsaEncoding = match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        Algorithm::HS256
        | Algorithm::HS384
        | Algorithm::HS512
        | Algorithm::ES256
        | Algorithm::ES384
        | Algorithm::ES512
        | Algorithm::EdDSA
        | Algorithm::Ed25519 => return Err(Error::Key("not an RSA key".to_owned())),
    };
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(key_error)?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature)
        .map_err(|_| signing_error())?;
    Ok(signature)
}

fn signing_error() -> Error {
    Error::Key("signing failed".to_owned())
}

fn key_error(error: KeyRejected) -> Error {
    Error::Key(error.to_string())
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

    /// Returns the verifier of signatures of the key with `algorithm`. If the algorithm is for
    /// another type of key, no signature is valid.
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

/// Verifier of signatures of one key with one algorithm. Creation costs more than a verification
/// with HMAC.
pub(crate) enum SignatureVerifier {
    /// Verifier of the JWT library.
    Library(Box<dyn JwtVerifier>),
    /// Public key on P-521, which the JWT library does not have.
    Es512(ParsedPublicKey),
    /// The algorithm is for another type of key.
    Unsuitable,
}

impl SignatureVerifier {
    /// Creates the verifier of a key of the store.
    pub(crate) fn new(key: &KeySpec) -> Result<Self, Error> {
        let verification_key = if key.algorithm.is_symmetric() {
            let secret = key.material.expose_secret();
            Some(secret).filter(|secret| !secret.is_empty()).map(VerificationKey::new_secret)
        } else {
            let public_key = key.public_jwk.as_ref().and_then(|jwk| jwk::public_key(jwk).ok());
            public_key.map(VerificationKey::Public)
        };
        let verification_key = verification_key.ok_or_else(|| damaged_key(key))?;
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

/// Returns the algorithm of the JWT library, which writes `Ed25519` as `EdDSA` and has no ES512.
const fn to_jsonwebtoken(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
    Some(match algorithm {
        Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::HS384 => jsonwebtoken::Algorithm::HS384,
        Algorithm::HS512 => jsonwebtoken::Algorithm::HS512,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::RS384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::RS512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::PS384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::PS512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDSA | Algorithm::Ed25519 => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::ES512 => return None,
    })
}

fn encode_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[cfg(test)]
pub(super) mod tests;
