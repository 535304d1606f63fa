//! Fuzz target for key parsing and key import.

use crate::crypto::{
    self, CompactJws, ImportedKey, KeyImporter, SecretEncoding, Verifier, private_key_text,
    read_jwks, read_key,
};
use crate::model::{Algorithm, KeySpec, Purpose};
use secrecy::ExposeSecret;
use std::mem::discriminant;

/// Checks key parsing: a parsed key has algorithms of one family and verifies no trivial signature.
/// A key that is imported, exported and imported again is unchanged.
pub fn keys(bytes: &[u8]) {
    crypto::initialize_crypto();
    let jwks = read_jwks(bytes).unwrap_or_default();
    for (index, key) in jwks.iter().enumerate() {
        assert_one_family(&key.algorithms);
        assert_rejects_trivial_signatures(key);
        let has_same_id = |other: &Verifier| key.kid.is_some() && other.kid == key.kid;
        assert!(!jwks[..index].iter().any(has_same_id), "duplicate key id");
    }
    let unrestricted = read_key(bytes, &Algorithm::ALL, None, false);
    for algorithm in Algorithm::ALL {
        let expected = unrestricted.as_ref().is_ok_and(|key| key.algorithms.contains(&algorithm));
        let restricted = read_key(bytes, &[algorithm], None, false).ok();
        assert_eq!(restricted.is_some(), expected);
        let is_permitted = |found: &Algorithm| found.is_equivalent(algorithm);
        assert!(restricted.is_none_or(|key| key.algorithms.iter().all(is_permitted)));
    }
    if let Ok(key) = unrestricted {
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
        let importer =
            KeyImporter { purpose: Purpose::Test, algorithm, encoding, allow_weak: true };
        for ImportedKey { key, .. } in importer.read(bytes).unwrap_or_default() {
            assert!(algorithm.is_none_or(|expected| expected == key.algorithm));
            assert_reimport_is_identical(&key);
        }
    }
}

/// Asserts that the export of an imported key imports as the same key.
fn assert_reimport_is_identical(key: &KeySpec) {
    let text = private_key_text(key);
    let importer = KeyImporter {
        purpose: key.purpose,
        algorithm: Some(key.algorithm),
        encoding: None,
        allow_weak: true,
    };
    let keys = importer.read(text.expose_secret().as_bytes()).expect("an exported key");
    let [ImportedKey { key: reimported, .. }] = &keys[..] else {
        panic!("the export holds one key")
    };
    assert_eq!(reimported.material.expose_secret(), key.material.expose_secret());
    assert_eq!((&reimported.public_jwk, reimported.is_weak), (&key.public_jwk, key.is_weak));
}

fn assert_one_family(algorithms: &[Algorithm]) {
    let first = algorithms.first().expect("every key has an algorithm").key_type();
    let is_same_family =
        |other: &Algorithm| discriminant(&other.key_type()) == discriminant(&first);
    assert!(algorithms.iter().all(is_same_family), "{algorithms:?}");
}

/// Asserts that the key verifies no signature that is known without the private key: zeros, and the
/// neutral element of Ed25519 with a zero scalar.
fn assert_rejects_trivial_signatures(key: &Verifier) {
    for (prefix, letters) in [("", 43), ("", 86), ("", 128), ("", 176), ("", 342), ("AQ", 84)] {
        let text = format!("e30.e30.{prefix}{}", "A".repeat(letters));
        let token = CompactJws::parse(&text).expect("three parts");
        assert!(!Algorithm::ALL.iter().any(|algorithm| key.verifies(&token, *algorithm)), "{text}");
    }
}
