//! Test vectors of RFCs, and tests of signatures that jeton creates.

mod rfc7515;
pub(in crate::crypto) mod rfc7517;
mod rfc7520;
pub(in crate::crypto) mod rfc8037;

use super::super::public_key::signing_algorithm;
use super::*;
use crate::crypto::verifier::read_verifiers;
use crate::crypto::{DecodedPayload, DecodedToken, generate_key, initialize_crypto};
use crate::model::{Curve, KeyType};
use crate::model::{Purpose, RsaBits, Untrusted};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Returns the header and the claims of a token.
fn decode(token: &str) -> (Value, Value) {
    let DecodedToken { header, payload, .. } = DecodedToken::decode(token).unwrap();
    let DecodedPayload::Json(claims) = payload else { panic!("the payload is not JSON") };
    (header, claims)
}

/// Returns whether the signature of the token is valid for the key in `jwk`. Asserts that
/// [`read_verifiers`] reads a key from the public part of `jwk`, and that this key gives the same
/// result. Returns `false` for a token that cannot be parsed.
fn jwk_verifies(jwk: &Value, algorithm: Algorithm, token: &str) -> bool {
    initialize_crypto();
    let read_keys = read_verifiers(public_part(jwk.clone()).to_string().as_bytes()).unwrap();
    let key = verification_key(jwk);
    let Ok(token) = CompactJws::parse(token) else { return false };
    let is_valid = key.verifier(algorithm).verifies(&token);
    assert_eq!(is_valid, read_keys[0].verifies(&token, algorithm));
    is_valid
}

/// Returns the token with another character at `index`.
fn with_changed_character(token: &str, index: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

/// Asserts that the signature of the token is valid, and that the token is refused after a change
/// of any single character.
fn assert_only_original_verifies(jwk: &Value, algorithm: Algorithm, token: &str) {
    assert!(jwk_verifies(jwk, algorithm, token));
    for index in 0..token.len() {
        let changed = with_changed_character(token, index);
        assert!(!jwk_verifies(jwk, algorithm, &changed), "{index}: {changed}");
    }
}

/// Returns the secret of a symmetric JWK, or the public key of any other JWK.
fn verification_key(jwk: &Value) -> VerificationKey {
    let jwk = jwk.as_object().unwrap();
    if jwk::is_symmetric(jwk) {
        return VerificationKey::new_secret(&jwk::decode_secret_member(jwk, "k").unwrap());
    }
    VerificationKey::Public(jwk::public_key(jwk).unwrap())
}

/// Returns the PKCS#8 of an EC private key. Panics if the private and public parts of the key are
/// inconsistent.
fn ec_pkcs8(curve: Curve, jwk: &Value) -> Vec<u8> {
    let point = [&[4], &member_bytes(jwk, "x")[..], &member_bytes(jwk, "y")].concat();
    let (curve, d) = (signing_algorithm(curve), member_bytes(jwk, "d"));
    let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, &d, &point).unwrap();
    pair.to_pkcs8v1().unwrap().as_ref().to_vec()
}

/// Asserts that the signature is valid only for the original token, that the private and public
/// parts of the JWK are consistent, and that a new signature of the private key is valid.
fn assert_p521_vector(jwk: &Value, token: &str) {
    assert_only_original_verifies(jwk, Algorithm::ES512, token);
    let key = signing_key(Algorithm::ES512, ec_pkcs8(Curve::P521, jwk));
    assert!(jwk_verifies(jwk, Algorithm::ES512, &sign_payload_again(&key, "{}", token)));
}

fn member_text<'j>(jwk: &'j Value, name: &str) -> &'j str {
    jwk[name].as_str().unwrap()
}

fn member_bytes(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(member_text(jwk, name)).unwrap()
}

/// Removes the private members of an asymmetric JWK. A symmetric JWK is unchanged.
fn public_part(mut jwk: Value) -> Value {
    let is_private = |name: &str| ["d", "p", "q", "dp", "dq", "qi"].contains(&name);
    jwk.as_object_mut().unwrap().retain(|name, _| !is_private(name));
    jwk
}

/// Returns the PKCS#8 of an RSA private key. Panics if the numbers of the key are inconsistent.
pub(in crate::crypto) fn rsa_pkcs8(jwk: &Value) -> Vec<u8> {
    let number = |name| member_bytes(jwk, name);
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: number("n"), e: number("e") },
        d: number("d"),
        p: number("p"),
        q: number("q"),
        dP: number("dp"),
        dQ: number("dq"),
        qInv: number("qi"),
    });
    let pkcs8: Pkcs8V1Der<'_> = pair.unwrap().as_der().unwrap();
    pkcs8.as_ref().to_vec()
}

/// Returns a key for signing, without a public JWK. `material` is PKCS#8, or the secret of a
/// symmetric key.
fn signing_key(algorithm: Algorithm, material: Vec<u8>) -> KeySpec {
    let material = SecretSlice::from(material);
    KeySpec {
        kid: Untrusted::new("k"),
        purpose: Purpose::App,
        algorithm,
        material,
        is_withheld: false,
        public_jwk: None,
        is_weak: false,
    }
}

/// Returns a new token with the text `header` and the payload of `token`, signed with `key`.
fn sign_payload_again(key: &KeySpec, header: &str, token: &str) -> String {
    initialize_crypto();
    let payload = String::from_utf8(CompactJws::parse(token).unwrap().payload).unwrap();
    sign_text(key, header, &payload).unwrap().expose_secret().to_owned()
}

/// A token names the algorithm of its key, and its signature is valid only for this key.
#[test]
fn signed_token_names_its_algorithm_and_verifies_with_its_key_only() {
    initialize_crypto();
    let claims = serde_json::json!({"sub": "x"});
    for algorithm in Algorithm::ALL {
        let key = generate_key(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let other = generate_key(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let token = sign(&key, "JWT", claims.as_object().unwrap()).unwrap();
        let compact = CompactJws::parse(token.expose_secret()).unwrap();
        assert_eq!(compact.header["alg"], algorithm.name());
        assert!(SignatureVerifier::new(&key).unwrap().verifies(&compact));
        assert!(!SignatureVerifier::new(&other).unwrap().verifies(&compact));
    }
}

/// RFC 9864, section 2.2: both names denote the same signatures. The `alg` of a token is the
/// algorithm name of its key.
#[test]
fn both_names_of_ed25519_produce_the_same_signature() {
    initialize_crypto();
    let key = signing_key(Algorithm::EdDSA, rfc8037::pkcs8());
    let renamed_key = KeySpec { algorithm: Algorithm::Ed25519, ..key.clone() };
    let text = |key: &KeySpec| sign_text(key, "{}", "{}").unwrap().expose_secret().to_owned();
    assert_eq!(text(&key), text(&renamed_key));
    let alg_of = |key: &KeySpec| {
        let token = sign(key, "JWT", &Map::new()).unwrap();
        CompactJws::parse(token.expose_secret()).unwrap().header["alg"].clone()
    };
    assert_eq!((alg_of(&key), alg_of(&renamed_key)), ("EdDSA".into(), "Ed25519".into()));
}

#[test]
fn signing_with_a_damaged_key_is_refused() {
    initialize_crypto();
    let key = signing_key(Algorithm::ES256, vec![1, 2, 3]);
    assert!(matches!(sign(&key, "JWT", &Map::new()), Err(Error::DamagedKey(_))));
}
