//! Generation of keys, and construction of keys from their private material.

use super::der;
use super::error::Error;
use super::public_key::{PublicKey, signing_algorithm};
use super::random;
use crate::model::{Algorithm, KeySpec, KeyType, Purpose, RsaBits, Untrusted};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use secrecy::SecretSlice;
use serde_json::{Map, Value};

/// Private key of RFC 7517, appendix A.2, in PKCS#8.
const PUBLISHED_RSA_KEY: &[u8] = include_bytes!("rfc7517_rsa_key.der");

/// Returns another key for the algorithm of `key`, to sign tokens that `key` does not verify.
/// Generating an RSA key takes as long as hundreds of signatures. For RSA, the published key of RFC
/// 7517 is therefore returned. If `key` itself is this published key, a new RSA key is returned.
pub(crate) fn other_key(key: &KeySpec) -> Result<KeySpec, Error> {
    if matches!(key.algorithm.key_type(), KeyType::Rsa) {
        let published = build_private_key(key.algorithm, key.purpose, PUBLISHED_RSA_KEY)?;
        let modulus = |key: &KeySpec| key.public_jwk.as_ref().and_then(|jwk| jwk.get("n").cloned());
        if modulus(&published) != modulus(key) {
            return Ok(published);
        }
    }
    generate_key(key.algorithm, key.purpose, RsaBits::default())
}

/// Generates a key for `algorithm`. `bits` is the size of an RSA key. It is ignored for other keys.
/// A key whose key id starts with a hyphen is discarded, because the command line would parse the
/// key id as a flag. One in 64 thumbprints starts with a hyphen.
pub(crate) fn generate_key(
    algorithm: Algorithm,
    purpose: Purpose,
    bits: RsaBits,
) -> Result<KeySpec, Error> {
    loop {
        let key = generate_candidate(algorithm, purpose, bits)?;
        if !key.kid.as_str().starts_with('-') {
            return Ok(key);
        }
    }
}

/// Generates a key for [`generate_key`]. The key id may start with a hyphen.
fn generate_candidate(
    algorithm: Algorithm,
    purpose: Purpose,
    bits: RsaBits,
) -> Result<KeySpec, Error> {
    let source = SystemRandom::new();
    let pkcs8 = match algorithm.key_type() {
        KeyType::Hmac(size) => {
            return Ok(build_symmetric_key(
                algorithm,
                purpose,
                &random::generate_secret_text(size)?,
            ));
        }
        KeyType::Rsa => return generate_rsa(algorithm, purpose, bits),
        KeyType::Ec(curve) => EcdsaKeyPair::generate_pkcs8(signing_algorithm(curve), &source),
        // Version 1 of PKCS#8 is supported by all programs.
        KeyType::Ed25519 => Ed25519KeyPair::generate_pkcs8v1(&source),
    };
    build_private_key(algorithm, purpose, pkcs8.map_err(|_| Error::Random)?.as_ref())
}

fn generate_rsa(algorithm: Algorithm, purpose: Purpose, bits: RsaBits) -> Result<KeySpec, Error> {
    let size = match bits {
        RsaBits::B2048 => KeySize::Rsa2048,
        RsaBits::B3072 => KeySize::Rsa3072,
        RsaBits::B4096 => KeySize::Rsa4096,
    };
    let pair = RsaKeyPair::generate(size).map_err(|_| Error::Random)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Random)?;
    build_private_key(algorithm, purpose, pkcs8.as_ref())
}

/// Creates a symmetric key with a random key id. The key id is not the thumbprint, because anyone
/// could compare the thumbprint with guesses of the secret.
pub(super) fn build_symmetric_key(
    algorithm: Algorithm,
    purpose: Purpose,
    secret: &[u8],
) -> KeySpec {
    let material = SecretSlice::from(secret.to_vec());
    let kid = Untrusted::new(uuid::Uuid::new_v4().to_string());
    KeySpec {
        kid,
        purpose,
        algorithm,
        material,
        is_withheld: false,
        public_jwk: None,
        is_weak: false,
    }
}

/// Creates a key from PKCS#8. The key id is the thumbprint (RFC 7638).
pub(super) fn build_private_key(
    algorithm: Algorithm,
    purpose: Purpose,
    pkcs8: &[u8],
) -> Result<KeySpec, Error> {
    let public_key = derive_public_key(algorithm, pkcs8)?;
    let kid = public_key.thumbprint()?;
    Ok(KeySpec {
        kid: Untrusted::new(kid.clone()),
        purpose,
        algorithm,
        material: SecretSlice::from(pkcs8.to_vec()),
        is_withheld: false,
        public_jwk: Some(add_key_members(public_key.to_jwk(), &kid, algorithm)),
        is_weak: false,
    })
}

fn derive_public_key(algorithm: Algorithm, pkcs8: &[u8]) -> Result<PublicKey, Error> {
    match algorithm.key_type() {
        KeyType::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(key_error)?;
            let public_key = der::parse_rsa_public_key(pair.public_key().as_ref());
            public_key.ok_or_else(|| Error::Key("cannot parse the public key".to_owned()))
        }
        KeyType::Ec(curve) => {
            let pair =
                EcdsaKeyPair::from_pkcs8(signing_algorithm(curve), pkcs8).map_err(key_error)?;
            // The point is uncompressed: one byte, then both coordinates.
            let coordinates = pair.public_key().as_ref().get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            Ok(PublicKey::Ec { curve, x: x.to_vec(), y: y.to_vec() })
        }
        KeyType::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(key_error)?;
            Ok(PublicKey::Ed25519 { x: pair.public_key().as_ref().to_vec() })
        }
        KeyType::Hmac(_) => Err(Error::Key("a symmetric key has no public key".to_owned())),
    }
}

fn key_error(error: KeyRejected) -> Error {
    Error::Key(error.to_string())
}

/// Adds `kid`, `alg` and `use` to a public JWK (RFC 7517, sections 4.5, 4.4 and 4.2).
fn add_key_members(
    mut members: Map<String, Value>,
    kid: &str,
    algorithm: Algorithm,
) -> Map<String, Value> {
    members.insert("kid".to_owned(), kid.into());
    members.insert("alg".to_owned(), algorithm.name().into());
    members.insert("use".to_owned(), "sig".into());
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signature::tests::{rfc7517, rfc8037, rsa_pkcs8};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use secrecy::ExposeSecret;

    fn generate_test_key(algorithm: Algorithm) -> KeySpec {
        crate::crypto::initialize_crypto();
        generate_key(algorithm, Purpose::App, RsaBits::B2048).unwrap()
    }

    #[test]
    fn public_jwk_has_exactly_the_public_members() {
        for (algorithm, expected) in [
            (Algorithm::ES256, ["kty", "crv", "x", "y", "kid", "alg", "use"].as_slice()),
            (Algorithm::ES384, &["kty", "crv", "x", "y", "kid", "alg", "use"]),
            (Algorithm::ES512, &["kty", "crv", "x", "y", "kid", "alg", "use"]),
            (Algorithm::EdDSA, &["kty", "crv", "x", "kid", "alg", "use"]),
            (Algorithm::Ed25519, &["kty", "crv", "x", "kid", "alg", "use"]),
            (Algorithm::RS256, &["kty", "n", "e", "kid", "alg", "use"]),
            (Algorithm::PS512, &["kty", "n", "e", "kid", "alg", "use"]),
        ] {
            let key = generate_test_key(algorithm);
            let public = key.public_jwk.unwrap();
            let names: Vec<_> = public.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, expected);
            assert_eq!(public["alg"], algorithm.name());
            assert_eq!(public["kid"], key.kid.as_str());
        }
    }

    #[test]
    fn key_id_matches_rfc_thumbprint() {
        crate::crypto::initialize_crypto();
        let kid = |algorithm, pkcs8: &[u8]| {
            build_private_key(algorithm, Purpose::App, pkcs8).unwrap().kid
        };
        let rsa_kid = kid(Algorithm::RS256, &rsa_pkcs8(&rfc7517::rsa_jwk()));
        assert_eq!(rsa_kid.as_str(), rfc7517::THUMBPRINT);
        let ed25519_kid = kid(Algorithm::EdDSA, &rfc8037::pkcs8());
        assert_eq!(ed25519_kid.as_str(), rfc8037::THUMBPRINT);
    }

    #[test]
    fn key_id_never_starts_with_hyphen() {
        for _ in 0..500 {
            assert!(!generate_test_key(Algorithm::EdDSA).kid.as_str().starts_with('-'));
        }
    }

    #[test]
    fn symmetric_key_is_base64url_of_as_many_bytes_as_its_hash() {
        for (algorithm, size) in
            [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)]
        {
            let key = generate_test_key(algorithm);
            assert!(key.public_jwk.is_none());
            let bytes = URL_SAFE_NO_PAD.decode(key.material.expose_secret()).unwrap();
            assert_eq!(bytes.len(), size, "{}", algorithm.name());
        }
    }

    #[test]
    fn other_key_has_the_same_algorithm_and_differs() {
        crate::crypto::initialize_crypto();
        assert_eq!(PUBLISHED_RSA_KEY, rsa_pkcs8(&rfc7517::rsa_jwk()));
        let published =
            |algorithm| build_private_key(algorithm, Purpose::Test, PUBLISHED_RSA_KEY).unwrap();
        for key in [
            generate_test_key(Algorithm::HS256),
            generate_test_key(Algorithm::ES384),
            generate_test_key(Algorithm::EdDSA),
            generate_test_key(Algorithm::RS256),
            published(Algorithm::RS256),
            published(Algorithm::PS384),
        ] {
            let other = other_key(&key).unwrap();
            assert_eq!(other.algorithm, key.algorithm);
            assert_ne!(other.material.expose_secret(), key.material.expose_secret());
            let key_type = |key: &KeySpec| key.public_jwk.clone().map(|jwk| jwk["kty"].clone());
            assert_eq!(key_type(&other), key_type(&key));
        }
    }

    #[test]
    fn rsa_key_has_requested_size() {
        crate::crypto::initialize_crypto();
        let key = generate_key(Algorithm::RS256, Purpose::App, RsaBits::B3072).unwrap();
        let pair = RsaKeyPair::from_pkcs8(key.material.expose_secret()).unwrap();
        assert_eq!(pair.public_modulus_len(), 3_072 / 8);
    }
}
