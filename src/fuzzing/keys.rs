//! What must hold for anything that is read as a key.

use crate::crypto::{
    self, Compact, KeyImporter, SecretEncoding, Verifier, private_key_text, read_jwks, read_key,
};
use crate::model::{Algorithm, KeySpec, Purpose};
use secrecy::ExposeSecret;
use std::mem::discriminant;

/// The readers of keys: what they take is good for algorithms of one family, and no signature
/// that anybody can write holds against it. The importer knows what it took in when it comes again.
pub fn keys(bytes: &[u8]) {
    crypto::initialize();
    let read = read_jwks(bytes).unwrap_or_default();
    for (index, key) in read.iter().enumerate() {
        assert_one_family(&key.algorithms);
        assert_rejects_trivial_signatures(key);
        let has_same_id = |other: &Verifier| key.kid.is_some() && other.kid == key.kid;
        assert!(!read[..index].iter().any(has_same_id), "two keys have one id");
    }
    let any = read_key(bytes, &Algorithm::ALL, None, false);
    for algorithm in Algorithm::ALL {
        let expected = any.as_ref().is_ok_and(|key| key.algorithms.contains(&algorithm));
        let restricted = read_key(bytes, &[algorithm], None, false).map(|key| key.algorithms);
        assert_eq!(restricted.ok(), expected.then(|| vec![algorithm]));
    }
    if let Ok(key) = any {
        assert_one_family(&key.algorithms);
        assert_rejects_trivial_signatures(&key);
        assert!(key.kid.is_none());
    }
    for (algorithm, encoding) in [
        (None, None),
        (Some(Algorithm::ES256), None),
        (Some(Algorithm::HS256), None),
        (Some(Algorithm::HS256), Some(SecretEncoding::Text)),
        (Some(Algorithm::HS256), Some(SecretEncoding::Base64)),
    ] {
        let import = KeyImporter { purpose: Purpose::Test, algorithm, encoding, allow_weak: true };
        for key in import.read(bytes).unwrap_or_default() {
            assert!(algorithm.is_none_or(|expected| expected == key.algorithm));
            assert_reimport_is_identical(&key);
        }
    }
}

/// What was taken in and is given out is taken in as the same key.
fn assert_reimport_is_identical(key: &KeySpec) {
    let text = private_key_text(key);
    let import = KeyImporter {
        purpose: key.purpose,
        algorithm: Some(key.algorithm),
        encoding: None,
        allow_weak: true,
    };
    let imported = import.read(text.expose_secret().as_bytes()).expect("it was given out");
    let [again] = &imported[..] else { panic!("one key was given out") };
    assert_eq!(again.material.expose_secret(), key.material.expose_secret());
    assert_eq!((&again.public_jwk, again.weak), (&key.public_jwk, key.weak));
}

fn assert_one_family(algorithms: &[Algorithm]) {
    let first = algorithms.first().expect("a key without an algorithm is no key").key_type();
    let is_same_family =
        |other: &Algorithm| discriminant(&other.key_type()) == discriminant(&first);
    assert!(algorithms.iter().all(is_same_family), "{algorithms:?}");
}

/// Signatures that anybody can write: zeros, and the neutral element of Ed25519 with a zero.
fn assert_rejects_trivial_signatures(key: &Verifier) {
    for (begin, letters) in [("", 43), ("", 86), ("", 128), ("", 342), ("AQ", 84)] {
        let text = format!("e30.e30.{begin}{}", "A".repeat(letters));
        let token = Compact::parse(&text).expect("three parts");
        assert!(!Algorithm::ALL.iter().any(|algorithm| key.verifies(&token, *algorithm)), "{text}");
    }
}
