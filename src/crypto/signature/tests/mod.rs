//! Test vectors of RFCs, and tests of signatures that jeton creates.

mod rfc7515;
pub(in crate::crypto) mod rfc7517;
mod rfc7520;
pub(in crate::crypto) mod rfc8037;

use super::*;
use crate::crypto::{decode_lenient, generate_key, initialize_crypto, read_jwks};
use crate::model::{Purpose, RsaBits, Untrusted};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use secrecy::SecretSlice;

/// Returns whether the token has a valid signature of the key. Checks that verification with a
/// store key and with a third-party key has the same result.
fn jwk_verifies(jwk: &Value, algorithm: Algorithm, token: &str) -> bool {
    initialize_crypto();
    let keys = read_jwks(public_part(jwk.clone()).to_string().as_bytes()).unwrap();
    let decoded_key = decoding_key(jwk.as_object().unwrap().clone()).unwrap();
    let Ok(token) = CompactJws::parse(token) else { return false };
    let is_signed = is_signature_valid(&token, &decoded_key, algorithm);
    assert_eq!(is_signed, keys[0].verifies(&token, algorithm));
    is_signed
}

/// Changes the letter at `index`.
fn with_changed_letter(token: &str, index: usize) -> String {
    let mut letters = token.as_bytes().to_vec();
    letters[index] = if letters[index] == b'A' { b'B' } else { b'A' };
    String::from_utf8(letters).unwrap()
}

/// Checks that the signature is valid, and invalid after the change of any letter.
fn assert_only_original_verifies(jwk: &Value, algorithm: Algorithm, token: &str) {
    assert!(jwk_verifies(jwk, algorithm, token));
    for index in 0..token.len() {
        let other = with_changed_letter(token, index);
        assert!(!jwk_verifies(jwk, algorithm, &other), "{index}: {other}");
    }
}

/// Checks that a P-521 signature and key pair are genuine, but refused by jeton, which supports
/// neither the key type nor the algorithm.
fn assert_genuine_but_unsupported(jwk: &Value, token: &str) {
    let point = [&[4], &member_bytes(jwk, "x")[..], &member_bytes(jwk, "y")].concat();
    let curve = &ECDSA_P521_SHA512_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(curve, &member_bytes(jwk, "d"), &point).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
    let is_signed = |token: &str| {
        CompactJws::parse(token).is_ok_and(|token| {
            let signature = URL_SAFE_NO_PAD.decode(token.signature).unwrap();
            key.verify(token.signing_input.as_bytes(), &signature).is_ok()
        })
    };
    assert!(is_signed(token));
    assert!((0..token.len()).all(|index| !is_signed(&with_changed_letter(token, index))));
    let header = CompactJws::parse(token).unwrap().header;
    assert!(Algorithm::parse(header["alg"].as_str().unwrap()).is_err());
    let refusal = read_jwks(public_part(jwk.clone()).to_string().as_bytes()).unwrap_err();
    assert_eq!(
        refusal.reason,
        "unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric"
    );
}

fn member_text<'j>(jwk: &'j Value, name: &str) -> &'j str {
    jwk[name].as_str().unwrap()
}

fn member_bytes(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(member_text(jwk, name)).unwrap()
}

/// Removes the private members of a JWK.
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

fn private_key_spec(algorithm: Algorithm, material: Vec<u8>) -> KeySpec {
    let material = SecretSlice::from(material);
    KeySpec {
        kid: Untrusted::new("k"),
        purpose: Purpose::App,
        algorithm,
        material,
        public_jwk: None,
        is_weak: false,
    }
}

/// Signs the token's payload with another header.
fn sign_payload_again(key: &KeySpec, header: &str, token: &str) -> String {
    initialize_crypto();
    let payload = String::from_utf8(CompactJws::parse(token).unwrap().payload).unwrap();
    sign_text(key, header, &payload).unwrap().expose_secret().to_owned()
}

#[test]
fn signature_verifies_with_its_key_only() {
    initialize_crypto();
    let claims = serde_json::json!({"sub": "x"});
    for algorithm in Algorithm::ALL {
        let key = generate_key(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let other = generate_key(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let token = sign(&key, "JWT", claims.as_object().unwrap()).unwrap();
        let compact = CompactJws::parse(token.expose_secret()).unwrap();
        assert_eq!(compact.header["alg"], algorithm.name());
        assert!(is_signed_by(&compact, &key).unwrap());
        assert!(!is_signed_by(&compact, &other).unwrap());
    }
}

#[test]
fn unfit_key_is_refused() {
    initialize_crypto();
    let key = private_key_spec(Algorithm::ES256, vec![1, 2, 3]);
    assert!(matches!(sign(&key, "JWT", &Map::new()), Err(Error::DamagedKey(_))));
}
