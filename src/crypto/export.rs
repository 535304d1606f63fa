//! Export of keys in standard formats.

use super::error::Error;
use super::pem::encode_block;
use super::public_key::signing_algorithm;
use super::signature::unusable_key_error;
use crate::model::{KeySpec, KeyType};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// Returns the public key as a `SubjectPublicKeyInfo` in PEM (RFC 7468, section 13), or `None` for
/// a symmetric key.
pub(crate) fn public_key_pem(key: &KeySpec) -> Result<Option<String>, Error> {
    encode_public_key_pem(key).map_err(|_| unusable_key_error(key))
}

/// Encodes the public key for [`public_key_pem`]. The error does not name the key.
fn encode_public_key_pem(key: &KeySpec) -> Result<Option<String>, Error> {
    let pkcs8 = key.material.expose_secret();
    let der: PublicKeyX509Der<'_> = match key.algorithm.key_type() {
        KeyType::Hmac(_) => return Ok(None),
        KeyType::Ec(curve) => {
            let pair = EcdsaKeyPair::from_pkcs8(signing_algorithm(curve), pkcs8);
            let pair = pair.map_err(|error| key_error(&error))?;
            pair.public_key().as_der().map_err(|error| key_error(&error))?
        }
        KeyType::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| key_error(&error))?;
            pair.public_key().as_der().map_err(|error: Unspecified| key_error(&error))?
        }
        KeyType::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8);
            let pair = pair.map_err(|error| key_error(&error))?;
            pair.public_key().as_der().map_err(|error| key_error(&error))?
        }
    };
    Ok(Some(encode_block("PUBLIC KEY", der.as_ref())))
}

/// Returns a private key as PKCS#8 in PEM (RFC 7468, section 10), or a symmetric key as a JWK (RFC
/// 7517).
pub(crate) fn private_key_text(key: &KeySpec) -> SecretString {
    let material = key.material.expose_secret();
    if !key.algorithm.is_symmetric() {
        return SecretString::from(encode_block("PRIVATE KEY", material));
    }
    let jwk = json!({
        "kty": "oct",
        "k": URL_SAFE_NO_PAD.encode(material),
        "kid": key.kid.as_str(),
        "alg": key.algorithm.name(),
        "use": "sig",
    });
    SecretString::from(jwk.to_string())
}

fn key_error(error: &impl ToString) -> Error {
    Error::Key(error.to_string())
}
