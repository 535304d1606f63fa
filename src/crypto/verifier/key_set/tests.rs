//! Tests of the choice of the keys for a token in a set.

use super::*;
use crate::crypto::error::invalid_key;
use crate::crypto::{CompactJws, generate_key, initialize_crypto, sign_text};
use crate::model::{InvalidValue, KeySpec, Purpose, RsaBits};
use secrecy::ExposeSecret;
use serde_json::json;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// Verifier of a key, with the key id of the key in the document.
#[derive(Debug)]
pub(in crate::crypto) struct NamedVerifier {
    pub(in crate::crypto) kid: Option<String>,
    verifier: Verifier,
}

impl Deref for NamedVerifier {
    type Target = Verifier;

    fn deref(&self) -> &Verifier {
        &self.verifier
    }
}

/// Reads the usable keys of a document, in the order of the document.
pub(in crate::crypto) fn read_verifiers(bytes: &[u8]) -> Result<Vec<NamedVerifier>, InvalidValue> {
    let to_invalid = |error: KeyError| {
        if let KeyError::Invalid(invalid) = error {
            invalid
        } else {
            invalid_key(error.to_string())
        }
    };
    let set = read_jwks(bytes, &[], PublicKeys::default).map_err(to_invalid)?;
    let to_named_verifier = |(index, key): (usize, &KeyEntry)| {
        let verifier = set.verifier(index).ok()?.clone();
        Some(NamedVerifier { kid: key.kid.clone(), verifier })
    };
    Ok(set.keys.iter().enumerate().filter_map(to_named_verifier).collect())
}

fn new_key(algorithm: Algorithm) -> KeySpec {
    initialize_crypto();
    generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap()
}

/// Returns the public JWK of `key`, with the key id `kid` or without a key id.
fn public_jwk(key: &KeySpec, kid: Option<&str>) -> Value {
    let mut jwk = key.public_jwk.clone().unwrap();
    jwk.shift_remove("kid");
    if let Some(kid) = kid {
        jwk.insert("kid".to_owned(), kid.into());
    }
    jwk.into()
}

fn read_set(jwks: &[Value]) -> KeySet {
    let set = json!({ "keys": jwks }).to_string();
    read_jwks(set.as_bytes(), &[], PublicKeys::default).unwrap()
}

/// Signs a token with `key`, and returns whether a key that the set selects for `kid` verifies the
/// token. Returns an error if the set has no key for the token.
fn verify(set: &KeySet, key: &KeySpec, kid: Option<&str>) -> Result<bool, KeyRefusal> {
    let token = sign_text(key, "{}", "{}").unwrap();
    let token = CompactJws::parse(token.expose_secret()).unwrap();
    let candidates = set.candidates(key.algorithm, kid)?;
    Ok(candidates.keys.iter().any(|verifier| verifier.verifies(&token, key.algorithm)))
}

/// Returns the refusal of a set with these key ids, none of which is the key id of the token.
fn unknown_kid_refusal(kids: &[&str]) -> KeyRefusal {
    KeyRefusal::Unknown(kids.iter().map(|kid| (*kid).to_owned()).collect())
}

/// Returns the refusal of a set whose keys are all for ES256.
fn es256_expected_refusal() -> KeyRefusal {
    KeyRefusal::WrongAlgorithm(vec!["ES256"])
}

#[test]
fn key_id_selects_only_its_keys_and_missing_key_id_selects_all_keys() {
    let (first, second) = (new_key(Algorithm::ES256), new_key(Algorithm::ES256));
    let set = read_set(&[public_jwk(&first, Some("a")), public_jwk(&second, Some("b"))]);
    assert_eq!(verify(&set, &first, Some("a")), Ok(true));
    assert_eq!(verify(&set, &first, Some("b")), Ok(false));
    assert_eq!(verify(&set, &first, Some("c")), Err(unknown_kid_refusal(&["a", "b"])));
    for kid in [None, Some("")] {
        assert_eq!(verify(&set, &first, kid), Ok(true));
        assert_eq!(verify(&set, &second, kid), Ok(true));
        assert_eq!(verify(&set, &new_key(Algorithm::ES256), kid), Ok(false));
    }
}

#[test]
fn key_without_id_in_a_set_matches_only_tokens_without_id() {
    let key = new_key(Algorithm::ES256);
    let set = read_set(&[public_jwk(&key, None)]);
    assert_eq!(verify(&set, &key, None), Ok(true));
    assert_eq!(verify(&set, &key, Some("a")), Err(unknown_kid_refusal(&[])));
    // A single JWK without a key id matches tokens with any key id: the caller selected this key.
    let jwk = public_jwk(&key, None).to_string();
    let single = read_jwks(jwk.as_bytes(), &[], PublicKeys::default).unwrap();
    assert_eq!(verify(&single, &key, Some("a")), Ok(true));
}

#[test]
fn other_keys_of_a_set_do_not_prevent_verification() {
    let (ec, other, rsa) =
        (new_key(Algorithm::ES256), new_key(Algorithm::ES256), new_key(Algorithm::RS256));
    let ec_jwk = public_jwk(&ec, Some("a"));
    for other_jwk in [
        json!({"kty": "OKP", "crv": "X25519", "x": "AAAA", "kid": "x"}),
        json!({"kty": "AKP", "kid": "a"}),
        json!({"kid": "a"}),
        json!({"kty": "oct", "k": "AAAA", "kid": "short"}),
        json!({"kty": "RSA", "x5c": ["MIIC"]}),
        json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "kid": "b"}),
        json!(5),
        json!(null),
        ec_jwk.clone(),
        public_jwk(&other, Some("a")),
        public_jwk(&rsa, Some("a")),
    ] {
        for jwks in [[other_jwk.clone(), ec_jwk.clone()], [ec_jwk.clone(), other_jwk.clone()]] {
            let set = read_set(&jwks);
            assert_eq!(verify(&set, &ec, Some("a")), Ok(true), "{other_jwk}");
            assert_eq!(verify(&set, &ec, None), Ok(true), "{other_jwk}");
        }
    }
}

#[test]
fn defect_of_the_key_selected_by_kid_and_wrong_algorithm_are_reported() {
    let (ec, other) =
        (new_key(Algorithm::ES256), public_jwk(&new_key(Algorithm::ES256), Some("b")));
    let with_member = |name: &str, value: Value| {
        let mut jwk = public_jwk(&ec, Some("a"));
        jwk[name] = value;
        jwk
    };
    for (jwk, reason) in [
        (with_member("use", json!("enc")), "key 1 of 2: `use` is not `sig`"),
        (
            with_member("key_ops", json!(["wrapKey"])),
            "key 1 of 2: `key_ops` without `verify` or `sign`",
        ),
        (with_member("d", json!("AAAA")), "key 1 of 2: found a private key, expected a public key"),
        (
            with_member("x", json!("AAAA")),
            "key 1 of 2: `x` has the wrong length: found 3 bytes, expected 32",
        ),
        (with_member("y", json!(null)), "key 1 of 2: `y` missing"),
        (with_member("alg", json!("ECDH-ES")), "key 1 of 2: unsuitable for its `alg`"),
    ] {
        let set = read_set(&[jwk, other.clone()]);
        assert_eq!(verify(&set, &ec, Some("a")), Err(KeyRefusal::Unusable(reason.to_owned())));
    }
    let set = read_set(&[public_jwk(&ec, Some("a")), other]);
    assert_eq!(verify(&set, &new_key(Algorithm::RS256), Some("a")), Err(es256_expected_refusal()));
    assert_eq!(verify(&set, &new_key(Algorithm::RS256), None), Err(es256_expected_refusal()));
}

#[test]
fn key_of_unknown_type_is_reported_only_if_selected_by_kid() {
    let ec = new_key(Algorithm::ES256);
    for other in [
        json!({"kty": "OKP", "crv": "X25519", "x": "AAAA", "use": "enc", "kid": "x"}),
        json!({"kty": "AKP", "kid": "x"}),
        json!({"kid": "x"}),
    ] {
        let set = read_set(&[other, public_jwk(&ec, Some("a"))]);
        let ed25519 = new_key(Algorithm::EdDSA);
        assert_eq!(verify(&set, &ed25519, None), Err(es256_expected_refusal()));
        assert!(matches!(verify(&set, &ed25519, Some("x")), Err(KeyRefusal::Unusable(_))));
    }
    let set = read_set(&[json!(null), public_jwk(&ec, Some("a"))]);
    assert_eq!(verify(&set, &new_key(Algorithm::EdDSA), None), Err(es256_expected_refusal()));
}

#[test]
fn null_members_of_a_jwk_are_ignored() {
    let key = new_key(Algorithm::ES256);
    for name in ["use", "alg", "key_ops", "kid", "d", "x5c"] {
        let mut jwk = public_jwk(&key, None);
        jwk[name] = Value::Null;
        let set = read_set(&[jwk]);
        assert_eq!(verify(&set, &key, None), Ok(true), "{name}");
    }
}

#[test]
fn at_most_sixteen_keys_are_tried() {
    let (key, copied_key) = (new_key(Algorithm::EdDSA), new_key(Algorithm::EdDSA));
    let mut jwks: Vec<Value> =
        (0..15).map(|_| public_jwk(&new_key(Algorithm::EdDSA), None)).collect();
    jwks.push(public_jwk(&key, None));
    assert_eq!(verify(&read_set(&jwks), &key, None), Ok(true));
    jwks.insert(0, public_jwk(&new_key(Algorithm::EdDSA), None));
    let set = read_set(&jwks);
    assert_eq!(verify(&set, &key, None), Ok(false));
    let candidates = set.candidates(Algorithm::EdDSA, None).unwrap();
    assert_eq!((candidates.keys.len(), candidates.is_truncated), (16, true));
    // Copies of a key count once, even if members such as `x5t` differ.
    let copies = (0..40).map(|index| {
        let mut copy = public_jwk(&copied_key, None);
        copy["x5t"] = if index % 2 == 0 { Value::Null } else { json!(index.to_string()) };
        copy
    });
    let mut with_copies: Vec<Value> = copies.collect();
    with_copies.push(public_jwk(&key, None));
    assert_eq!(verify(&read_set(&with_copies), &key, None), Ok(true));
    // Keys for an algorithm other than the algorithm of the token are not counted.
    jwks.splice(0..17, (0..40).map(|_| public_jwk(&new_key(Algorithm::ES256), None)));
    jwks.push(public_jwk(&key, None));
    assert_eq!(verify(&read_set(&jwks), &key, None), Ok(true));
}

#[test]
fn large_set_is_read_quickly() {
    let key = new_key(Algorithm::ES256);
    let mut jwks: Vec<Value> =
        (0..10_000).map(|index| public_jwk(&key, Some(&format!("key-{index}")))).collect();
    jwks.push(public_jwk(&new_key(Algorithm::ES256), Some("last")));
    let text = json!({ "keys": jwks }).to_string();
    let start = Instant::now();
    let set = read_jwks(text.as_bytes(), &[], PublicKeys::default).unwrap();
    assert_eq!(verify(&set, &key, Some("key-9999")), Ok(true));
    assert_eq!(verify(&set, &key, Some("last")), Ok(false));
    assert_eq!(verify(&set, &key, None), Ok(true));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn secret_equal_to_public_key_of_set_or_known_public_key_is_unusable() {
    let key = new_key(Algorithm::EdDSA);
    let public = public_jwk(&key, Some("a"));
    let secret = json!({"kty": "oct", "k": public["x"], "kid": "s"});
    let set = read_set(&[public, secret.clone()]);
    assert!(matches!(set.candidates(Algorithm::HS256, Some("s")), Err(KeyRefusal::Unusable(_))));
    let known_public_keys = || [key.public_jwk.as_ref().unwrap()].into_iter().collect();
    let set = json!({ "keys": [secret] }).to_string();
    assert!(read_jwks(set.as_bytes(), &[], known_public_keys).is_err());
}
