//! Signing and verification of compact tokens, with exactly one algorithm per key.

use super::compact::CompactJws;
use super::error::Error;
use crate::model::{Algorithm, KeySpec, KeyType};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
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
    if is_signed_by(&compact, key)? { Ok(()) } else { Err(damaged_key(key)) }
}

pub(super) fn damaged_key(key: &KeySpec) -> Error {
    Error::DamagedKey(key.kid.to_display())
}

fn sign_compact(key: &KeySpec, header: &str, payload: &str) -> Result<SecretString, Error> {
    let input = format!("{}.{}", encode_base64url(header), encode_base64url(payload));
    let material = key.material.expose_secret();
    let signing_key = match key.algorithm.key_type() {
        KeyType::Hmac(_) if material.is_empty() => return Err(damaged_key(key)),
        KeyType::Hmac(_) => EncodingKey::from_secret(material),
        KeyType::P256 | KeyType::P384 => EncodingKey::from_ec_der(material),
        KeyType::Ed25519 => EncodingKey::from_ed_der(material),
        KeyType::Rsa => {
            let signature = URL_SAFE_NO_PAD.encode(sign_rsa(key.algorithm, material, &input)?);
            return Ok(SecretString::from(format!("{input}.{signature}")));
        }
    };
    let signature =
        jsonwebtoken::crypto::sign(input.as_bytes(), &signing_key, to_jsonwebtoken(key.algorithm))
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

/// Signs with `aws_lc_rs`, because the JWT library does not accept RSA keys in PKCS#8.
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
        | Algorithm::EdDSA => return Err(Error::Key("not an RSA key".to_owned())),
    };
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| Error::Key(error.to_string()))?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature)
        .map_err(|_| Error::Key("signing failed".to_owned()))?;
    Ok(signature)
}

/// Returns whether the token has a valid signature of the key. Uses the algorithm of the key and
/// ignores `alg` in the token.
pub(crate) fn is_signed_by(token: &CompactJws<'_>, key: &KeySpec) -> Result<bool, Error> {
    let verification_key = if key.algorithm.is_symmetric() {
        let material = key.material.expose_secret();
        // With an empty secret, anyone could create valid signatures.
        Some(material).filter(|secret| !secret.is_empty()).map(DecodingKey::from_secret)
    } else {
        key.public_jwk.clone().and_then(|public| decoding_key(public).ok())
    };
    let verification_key = verification_key.ok_or_else(|| damaged_key(key))?;
    Ok(is_signature_valid(token, &verification_key, key.algorithm))
}

fn decoding_key(jwk: Map<String, Value>) -> Result<DecodingKey, Error> {
    serde_json::from_value::<Jwk>(Value::from(jwk))
        .map_err(|error| Error::Key(error.to_string()))
        .and_then(|jwk| DecodingKey::from_jwk(&jwk).map_err(|error| Error::Key(error.to_string())))
}

pub(super) fn is_signature_valid(
    token: &CompactJws<'_>,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> bool {
    jsonwebtoken::crypto::verify(
        token.signature,
        token.signing_input.as_bytes(),
        key,
        to_jsonwebtoken(algorithm),
    )
    .unwrap_or(false)
}

fn encode_base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

pub(super) const fn to_jsonwebtoken(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
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
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}

#[cfg(test)]
pub(super) mod tests;
