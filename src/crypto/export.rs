//! Keys as other programs read them.

use super::Error;
use super::signature::damaged;
use crate::model::{Family, NewKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem::{EncodeConfig, LineEnding, Pem};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// The public part as PEM of a `SubjectPublicKeyInfo` (RFC 7468, section 13); `None` of a secret.
pub(crate) fn public_pem(key: &NewKey) -> Result<Option<String>, Error> {
    pem_of_public(key).map_err(|_| damaged(key))
}

fn pem_of_public(key: &NewKey) -> Result<Option<String>, Error> {
    let pkcs8 = key.material.expose_secret();
    let elliptic = |curve| {
        let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|why| refused(&why))?;
        pair.public_key().as_der().map_err(|why| refused(&why))
    };
    let der: PublicKeyX509Der<'_> = match key.algorithm.family() {
        Family::Hmac(_) => return Ok(None),
        Family::P256 => elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
        Family::P384 => elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
        Family::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|why| refused(&why))?;
            pair.public_key().as_der().map_err(|why: Unspecified| refused(&why))?
        }
        Family::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8);
            let pair = pair.map_err(|why| refused(&why))?;
            pair.public_key().as_der().map_err(|why| refused(&why))?
        }
    };
    Ok(Some(text("PUBLIC KEY", der.as_ref())))
}

/// The private part: PEM of PKCS#8 (RFC 7468, section 10), or a symmetric key as a JWK (RFC 7517).
pub(crate) fn private_text(key: &NewKey) -> SecretString {
    let material = key.material.expose_secret();
    if !key.algorithm.is_symmetric() {
        return SecretString::from(text("PRIVATE KEY", material));
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

fn text(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), config)
}

fn refused(why: &impl ToString) -> Error {
    Error::Key(why.to_string())
}
