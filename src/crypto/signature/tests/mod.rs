//! Vectors of the standards, one file each, and what is signed here.

mod rfc7515;
pub(in crate::crypto) mod rfc7517;
mod rfc7519;
mod rfc7520;
pub(in crate::crypto) mod rfc7638;
pub(in crate::crypto) mod rfc8037;

use super::*;
use crate::crypto::{decoded, generate, install, read_jwks};
use crate::model::{Foreign, Purpose, RsaBits};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use secrecy::SecretSlice;

/// Whether the token carries the key's signature. It is asked as for a key of the store and as for
/// a key of others, which have to agree.
fn jwk_checks(jwk: &Value, algorithm: Algorithm, token: &str) -> bool {
    install();
    let keys = read_jwks(public_part_of(jwk.clone()).to_string().as_bytes()).unwrap();
    let own = public_key(jwk.as_object().unwrap().clone()).unwrap();
    let Ok(token) = Compact::parse(token) else { return false };
    let is_signed = checked(&token, &own, algorithm);
    assert_eq!(is_signed, keys[0].checks(&token, algorithm));
    is_signed
}

/// The token with another letter in that place.
fn changed(token: &str, place: usize) -> String {
    let mut letters = token.as_bytes().to_vec();
    letters[place] = if letters[place] == b'A' { b'B' } else { b'A' };
    String::from_utf8(letters).unwrap()
}

/// The token carries the key's signature, and not with any one letter changed.
fn checks_only_as_it_stands(jwk: &Value, algorithm: Algorithm, token: &str) {
    assert!(jwk_checks(jwk, algorithm, token));
    for place in 0..token.len() {
        let other = changed(token, place);
        assert!(!jwk_checks(jwk, algorithm, &other), "{place}: {other}");
    }
}

/// A signature with P-521 that is good, and a private key that belongs to the public one: all the
/// same nothing for jeton, since neither key nor algorithm is one of ours.
fn is_genuine_and_refused(jwk: &Value, token: &str) {
    let point = [&[4], &number(jwk, "x")[..], &number(jwk, "y")].concat();
    let curve = &ECDSA_P521_SHA512_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(curve, &number(jwk, "d"), &point).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
    let is_signed = |token: &str| {
        Compact::parse(token).is_ok_and(|token| {
            let signature = URL_SAFE_NO_PAD.decode(token.signature).unwrap();
            key.verify(token.signing_input.as_bytes(), &signature).is_ok()
        })
    };
    assert!(is_signed(token));
    assert!((0..token.len()).all(|place| !is_signed(&changed(token, place))));
    let header = Compact::parse(token).unwrap().header;
    assert!(Algorithm::parse(header["alg"].as_str().unwrap()).is_err());
    let refusal = read_jwks(public_part_of(jwk.clone()).to_string().as_bytes()).unwrap_err();
    assert_eq!(refusal.why, "its type is not RSA, P-256, P-384, Ed25519 or a secret");
}

fn text<'j>(jwk: &'j Value, name: &str) -> &'j str {
    jwk[name].as_str().unwrap()
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(jwk, name)).unwrap()
}

/// A private key without what is private.
fn public_part_of(mut jwk: Value) -> Value {
    let private = |name: &str| ["d", "p", "q", "dp", "dq", "qi"].contains(&name);
    jwk.as_object_mut().unwrap().retain(|name, _| !private(name));
    jwk
}

/// The PKCS#8 of an RSA private key, whose numbers have to fit together.
pub(in crate::crypto) fn rsa_pkcs8(jwk: &Value) -> Vec<u8> {
    let numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| number(jwk, name));
    // RFC 8017, appendix A.1.2: first the version, 0. A zero byte keeps each number positive.
    let integers = std::iter::once(vec![]).chain(numbers).flat_map(|number| {
        let is_positive = number.first().is_some_and(|first| *first < 0x80);
        let sign: &[u8] = if is_positive { &[] } else { &[0] };
        der(0x02, &[sign, &number].concat())
    });
    let pair = RsaKeyPair::from_der(&der(0x30, &integers.collect::<Vec<u8>>())).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    pkcs8.as_ref().to_vec()
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let length = match content.len() {
        0..0x80 => vec![low],
        0x80..0x100 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], content].concat()
}

fn key_of(algorithm: Algorithm, material: Vec<u8>) -> NewKey {
    let material = SecretSlice::from(material);
    NewKey {
        kid: Foreign::new("k"),
        purpose: Purpose::App,
        algorithm,
        material,
        public: None,
        weak: false,
    }
}

/// The payload of the token signed under this header.
fn signed(key: &NewKey, header: &str, token: &str) -> String {
    install();
    let payload = String::from_utf8(Compact::parse(token).unwrap().payload).unwrap();
    sign_text(key, header, &payload).unwrap().expose_secret().to_owned()
}

#[test]
fn what_is_signed_here_is_signed_by_that_key_only() {
    install();
    let claims = serde_json::json!({"sub": "x"});
    for algorithm in Algorithm::ALL {
        let key = generate(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let other = generate(algorithm, Purpose::App, RsaBits::B2048).unwrap();
        let token = sign(&key, "JWT", claims.as_object().unwrap()).unwrap();
        let compact = Compact::parse(token.expose_secret()).unwrap();
        assert_eq!(compact.header["alg"], algorithm.name());
        assert!(is_signed_by(&compact, &key).unwrap());
        assert!(!is_signed_by(&compact, &other).unwrap());
    }
}

#[test]
fn a_key_that_does_not_fit_is_an_error() {
    install();
    let key = key_of(Algorithm::ES256, vec![1, 2, 3]);
    assert!(matches!(sign(&key, "JWT", &Map::new()), Err(Error::DamagedKey(_))));
}
