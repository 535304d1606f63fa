//! Making keys.

use super::{Error, random};
use crate::model::{Algorithm, Foreign, NewKey, Purpose};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use secrecy::SecretSlice;
use serde_json::{Map, Value};

/// A new key for that algorithm: ES256 or HS256.
///
/// The key id is the RFC 7638 thumbprint. That of a symmetric key would be an oracle for the
/// secret, so it gets a random one.
pub(crate) fn generate(algorithm: Algorithm, purpose: Purpose) -> Result<NewKey, Error> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others cannot be made yet")]
    match algorithm {
        Algorithm::HS256 => symmetric(algorithm, purpose, 32),
        Algorithm::ES256 => elliptic(algorithm, purpose, &ECDSA_P256_SHA256_FIXED_SIGNING),
        other => Err(Error::Key(format!("{} keys cannot be made here", other.name()))),
    }
}

fn symmetric(algorithm: Algorithm, purpose: Purpose, size: usize) -> Result<NewKey, Error> {
    let material = SecretSlice::from(random::bytes(size)?.to_vec());
    let kid = Foreign::new(uuid::Uuid::new_v4().to_string());
    Ok(NewKey { kid, purpose, algorithm, material, public: None })
}

fn elliptic(
    algorithm: Algorithm,
    purpose: Purpose,
    curve: &'static EcdsaSigningAlgorithm,
) -> Result<NewKey, Error> {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).map_err(|_| Error::Random)?;
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());
    let refused = |error: jsonwebtoken::errors::Error| Error::Key(error.to_string());
    let jwk = Jwk::from_encoding_key(&key, super::signature::native(algorithm)).map_err(refused)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(refused)?;
    let Ok(Value::Object(members)) = serde_json::to_value(&jwk.algorithm) else {
        return Err(Error::Key("its public part cannot be written".to_owned()));
    };
    Ok(NewKey {
        kid: Foreign::new(kid.clone()),
        purpose,
        algorithm,
        material: SecretSlice::from(pkcs8.as_ref().to_vec()),
        public: Some(published(members, &kid, algorithm)),
    })
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
    use secrecy::ExposeSecret;

    #[test]
    fn a_public_part_holds_nothing_private() {
        crate::crypto::install();
        let key = generate(Algorithm::ES256, Purpose::App).unwrap();
        let names: Vec<_> = key.public.unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["kty", "crv", "x", "y", "kid", "alg", "use"]);
    }

    #[test]
    fn a_symmetric_key_has_no_public_part() {
        let key = generate(Algorithm::HS256, Purpose::Test).unwrap();
        assert!(key.public.is_none());
        assert_eq!(key.material.expose_secret().len(), 32);
    }
}
