//! Signing of compact tokens.

use super::super::error::Error;
use super::super::public_key::signing_algorithm;
use crate::model::{Algorithm, Curve, KeySpec, KeyType};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
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
    TokenSigner::new(key)?.sign(&header, claims)
}

/// Signs the text of a header and of a payload. The texts are neither parsed nor changed.
pub(crate) fn sign_text(key: &KeySpec, header: &str, payload: &str) -> Result<SecretString, Error> {
    let mut token = String::new();
    TokenSigner::new(key)?.append_token(&mut token, &TokenPrefix::new(header, ""), payload)?;
    Ok(SecretString::from(token))
}

/// Start that several tokens share: the encoded header, and the start of the payload.
#[derive(Debug)]
pub(crate) struct TokenPrefix {
    /// Header and start of the payload in base64url, without `payload_tail`.
    encoded: String,
    /// Last bytes of the start of the payload, not yet encoded. Base64 encodes groups of three
    /// bytes. The encoded part therefore ends after a whole group. The encoded part also ends at a
    /// character boundary, because this field is a string.
    pub(crate) payload_tail: String,
}

impl TokenPrefix {
    /// Encodes a header and the start of a payload.
    pub(crate) fn new(header: &str, payload_start: &str) -> Self {
        /// Number of bytes that base64 encodes together.
        const GROUP_BYTES: usize = 3;
        let mut tail_start = payload_start.len() / GROUP_BYTES * GROUP_BYTES;
        while !payload_start.is_char_boundary(tail_start) {
            tail_start -= GROUP_BYTES;
        }
        let (groups, tail) = payload_start.split_at(tail_start);
        let mut encoded = URL_SAFE_NO_PAD.encode(header);
        encoded.push('.');
        URL_SAFE_NO_PAD.encode_string(groups, &mut encoded);
        Self { encoded, payload_tail: tail.to_owned() }
    }
}

/// Signing key that is prepared once and then signs any number of tokens.
pub(crate) struct TokenSigner<'k> {
    key: &'k KeySpec,
    prepared: PreparedKey,
}

/// Key in the form that the crypto library or the JWT library needs for signing.
enum PreparedKey {
    /// Signer of the JWT library, for all algorithms except ES512 and the RSA algorithms.
    Jsonwebtoken(Box<dyn JwtSigner>),
    /// Key for ES512, which the JWT library does not support.
    Es512(EcdsaKeyPair),
    /// RSA key with its padding and hash. The JWT library does not accept RSA keys in PKCS#8.
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl<'k> TokenSigner<'k> {
    /// Prepares the key. Fails if the key is damaged or withheld, or if the secret is empty.
    pub(crate) fn new(key: &'k KeySpec) -> Result<Self, Error> {
        let prepared = prepare(key).ok_or_else(|| unusable_key_error(key))?;
        Ok(Self { key, prepared })
    }

    /// Returns the key.
    pub(crate) fn key(&self) -> &'k KeySpec {
        self.key
    }

    /// Signs `header` and `claims`. The caller is responsible for `alg` in the header.
    pub(crate) fn sign(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> Result<SecretString, Error> {
        let to_json = |members: &Map<String, Value>| Value::from(members.clone()).to_string();
        let mut token = String::new();
        let prefix = TokenPrefix::new(&to_json(header), "");
        self.append_token(&mut token, &prefix, &to_json(claims))?;
        Ok(SecretString::from(token))
    }

    /// Appends a token to `text` (RFC 7515, section 7.1). The token starts with `prefix`. `payload`
    /// is the rest of the payload, and must start with [`TokenPrefix::payload_tail`].
    pub(crate) fn append_token(
        &self,
        text: &mut String,
        prefix: &TokenPrefix,
        payload: &str,
    ) -> Result<(), Error> {
        let start = text.len();
        text.push_str(&prefix.encoded);
        URL_SAFE_NO_PAD.encode_string(payload, text);
        let signing_input = text.as_bytes().get(start..).unwrap_or_default();
        let signature =
            self.prepared.sign(signing_input).ok_or_else(|| unusable_key_error(self.key))?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, text);
        Ok(())
    }
}

impl PreparedKey {
    /// Returns the signature, or `None` if the key cannot sign.
    fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Jsonwebtoken(signer) => signer.try_sign(input).ok(),
            Self::Es512(pair) => {
                let signature = pair.sign(&SystemRandom::new(), input).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), input, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

/// Prepares a key; returns `None` for a key that cannot sign.
fn prepare(key: &KeySpec) -> Option<PreparedKey> {
    let material = key.material.expose_secret();
    let encoding_key = match key.algorithm.key_type() {
        // With an empty secret, anyone could create valid signatures.
        KeyType::Hmac(_) if material.is_empty() => return None,
        KeyType::Hmac(_) => EncodingKey::from_secret(material),
        KeyType::Ec(Curve::P256 | Curve::P384) => EncodingKey::from_ec_der(material),
        KeyType::Ed25519 => EncodingKey::from_ed_der(material),
        KeyType::Ec(Curve::P521) => {
            let pair = EcdsaKeyPair::from_pkcs8(signing_algorithm(Curve::P521), material);
            return pair.ok().map(PreparedKey::Es512);
        }
        KeyType::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(material).ok()?;
            return Some(PreparedKey::Rsa(pair, rsa_padding(key.algorithm)?));
        }
    };
    let algorithm = to_jsonwebtoken(key.algorithm)?;
    let signer = (DEFAULT_PROVIDER.signer_factory)(&algorithm, &encoding_key).ok()?;
    Some(PreparedKey::Jsonwebtoken(signer))
}

/// Returns the padding and hash of an RSA algorithm; `None` for any other algorithm.
const fn rsa_padding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
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
        | Algorithm::Ed25519 => return None,
    })
}

/// Returns the algorithm of the JWT library; `None` for ES512, which the library does not have. The
/// library has one algorithm, `EdDSA`, for both `EdDSA` and `Ed25519`.
pub(super) const fn to_jsonwebtoken(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
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

/// Returns the error for a key that cannot be used: its material is withheld because the database
/// user has no right to read it, or its material or public JWK is damaged.
pub(in crate::crypto) fn unusable_key_error(key: &KeySpec) -> Error {
    let kid = key.kid.to_display();
    if key.is_withheld { Error::WithheldKey(kid) } else { Error::DamagedKey(kid) }
}
