//! Making keys.

use super::{Error, random};
use crate::model::{Algorithm, Family, Foreign, NewKey, Purpose, RsaBits};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::SecretSlice;
use serde_json::{Map, Value};

/// A new key for that algorithm; `bits` counts for RSA. No id begins with a hyphen, as one of 64
/// thumbprints does: on a command line it would be a flag.
pub(crate) fn generate(
    algorithm: Algorithm,
    purpose: Purpose,
    bits: RsaBits,
) -> Result<NewKey, Error> {
    loop {
        let key = draw(algorithm, purpose, bits)?;
        if !key.kid.as_str().starts_with('-') {
            return Ok(key);
        }
    }
}

fn draw(algorithm: Algorithm, purpose: Purpose, bits: RsaBits) -> Result<NewKey, Error> {
    let random = SystemRandom::new();
    let pkcs8 = match algorithm.family() {
        Family::Hmac(size) => return Ok(symmetric(algorithm, purpose, &random::text(size)?)),
        Family::Rsa => return rsa(algorithm, purpose, bits),
        Family::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        Family::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random),
        // Version 1 of PKCS#8 is what all other programs take.
        Family::Ed25519 => Ed25519KeyPair::generate_pkcs8v1(&random),
    };
    private(algorithm, purpose, pkcs8.map_err(|_| Error::Random)?.as_ref())
}

fn rsa(algorithm: Algorithm, purpose: Purpose, bits: RsaBits) -> Result<NewKey, Error> {
    let size = match bits {
        RsaBits::B2048 => KeySize::Rsa2048,
        RsaBits::B3072 => KeySize::Rsa3072,
        RsaBits::B4096 => KeySize::Rsa4096,
    };
    let pair = RsaKeyPair::generate(size).map_err(|_| Error::Random)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Random)?;
    private(algorithm, purpose, pkcs8.as_ref())
}

/// A symmetric key. Its id is random: a thumbprint would be an oracle for the secret.
pub(super) fn symmetric(algorithm: Algorithm, purpose: Purpose, secret: &[u8]) -> NewKey {
    let material = SecretSlice::from(secret.to_vec());
    let kid = Foreign::new(uuid::Uuid::new_v4().to_string());
    NewKey { kid, purpose, algorithm, material, public: None, weak: false }
}

/// A private key in PKCS#8. Its id is the RFC 7638 thumbprint.
pub(super) fn private(
    algorithm: Algorithm,
    purpose: Purpose,
    pkcs8: &[u8],
) -> Result<NewKey, Error> {
    let jwk = public_part(algorithm, pkcs8)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(refused)?;
    let Ok(Value::Object(members)) = serde_json::to_value(&jwk.algorithm) else {
        return Err(Error::Key("its public part cannot be written".to_owned()));
    };
    Ok(NewKey {
        kid: Foreign::new(kid.clone()),
        purpose,
        algorithm,
        material: SecretSlice::from(pkcs8.to_vec()),
        public: Some(published(members, &kid, algorithm)),
        weak: false,
    })
}

fn public_part(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Jwk, Error> {
    let native = super::signature::native(algorithm);
    let key = match algorithm.family() {
        Family::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|why| Error::Key(why.to_string()))?;
            let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
            let key = DecodingKey::from_rsa_raw_components(&public.n, &public.e);
            return Jwk::from_decoding_key(&key, None).map_err(refused);
        }
        Family::Ed25519 => EncodingKey::from_ed_der(pkcs8),
        Family::P256 | Family::P384 => EncodingKey::from_ec_der(pkcs8),
        Family::Hmac(_) => return Err(Error::Key("a secret has no public part".to_owned())),
    };
    Jwk::from_encoding_key(&key, native).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn refused(error: jsonwebtoken::errors::Error) -> Error {
    Error::Key(error.to_string())
}

/// A public JWK as verifiers want it: what it is, which one it is, what it is for (RFC 7517,
/// sections 4.1 to 4.5).
fn published(
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
    use crate::crypto::signature::tests::{rfc7517, rfc7638, rfc8037, rsa_pkcs8};
    use secrecy::ExposeSecret;

    fn made(algorithm: Algorithm) -> NewKey {
        crate::crypto::install();
        generate(algorithm, Purpose::App, RsaBits::B2048).unwrap()
    }

    #[test]
    fn a_public_part_holds_nothing_private() {
        for (algorithm, wanted) in [
            (Algorithm::ES256, ["kty", "crv", "x", "y", "kid", "alg", "use"].as_slice()),
            (Algorithm::ES384, &["kty", "crv", "x", "y", "kid", "alg", "use"]),
            (Algorithm::EdDSA, &["kty", "crv", "x", "kid", "alg", "use"]),
            (Algorithm::RS256, &["kty", "n", "e", "kid", "alg", "use"]),
            (Algorithm::PS512, &["kty", "n", "e", "kid", "alg", "use"]),
        ] {
            let key = made(algorithm);
            let public = key.public.unwrap();
            let names: Vec<_> = public.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, wanted);
            assert_eq!(public["alg"], algorithm.name());
            assert_eq!(public["kid"], key.kid.as_str());
        }
    }

    #[test]
    fn the_id_of_a_key_of_the_standards_is_the_thumbprint_they_give() {
        crate::crypto::install();
        let kid = |algorithm, pkcs8: &[u8]| private(algorithm, Purpose::App, pkcs8).unwrap().kid;
        let id = kid(Algorithm::RS256, &rsa_pkcs8(&rfc7517::rsa()));
        assert_eq!(id.as_str(), rfc7638::THUMBPRINT);
        let id = kid(Algorithm::EdDSA, &rfc8037::pkcs8());
        assert_eq!(id.as_str(), rfc8037::THUMBPRINT);
    }

    #[test]
    fn no_id_looks_like_a_flag() {
        for _ in 0..500 {
            assert!(!made(Algorithm::EdDSA).kid.as_str().starts_with('-'));
        }
    }

    #[test]
    fn a_symmetric_key_has_no_public_part_and_as_much_chance_as_its_hash_has_bits() {
        for (algorithm, letters) in
            [(Algorithm::HS256, 43), (Algorithm::HS384, 64), (Algorithm::HS512, 86)]
        {
            let key = made(algorithm);
            assert!(key.public.is_none());
            let secret = key.material.expose_secret();
            assert!(secret.len() == letters && secret.iter().all(u8::is_ascii_graphic));
        }
    }

    #[test]
    fn rsa_keys_have_the_size_that_was_asked_for() {
        crate::crypto::install();
        let key = generate(Algorithm::RS256, Purpose::App, RsaBits::B3072).unwrap();
        let pair = RsaKeyPair::from_pkcs8(key.material.expose_secret()).unwrap();
        assert_eq!(pair.public_modulus_len(), 3_072 / 8);
    }
}
