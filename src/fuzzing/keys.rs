//! Fuzz target for key parsing and key import.

use crate::crypto::{
    self, CompactJws, ImportedKey, KeyImporter, KeySet, PublicKeys, SecretEncoding,
    SingleKeyReader, Verifier, is_never_secret, private_key_text, read_jwks,
};
use crate::model::{Algorithm, KeySpec, Purpose};
use secrecy::ExposeSecret;
use std::mem::discriminant;

/// Checks key parsing and key import:
/// - A parsed key has algorithms of one type of key, such as RSA.
/// - A parsed key verifies no trivial signature: a signature that can be built without the private
///   key.
/// - If a reader that accepts all algorithms finds a key for an algorithm, a reader that accepts
///   only this algorithm also finds a key, and restricts the key to this algorithm.
/// - A document in which a key is recognized is not accepted as a secret, unless the key is a
///   symmetric JWK.
/// - A key that is imported, exported and imported again is unchanged.
pub fn keys(bytes: &[u8]) {
    crypto::initialize_crypto();
    if let Ok(set) = read_jwks(bytes, &[], PublicKeys::default) {
        for key in set.usable_keys() {
            assert_one_key_type(&key.algorithms);
            assert_rejects_trivial_signatures(key);
        }
    }
    assert_key_is_not_accepted_as_secret(bytes);
    let unrestricted = read_single(bytes, &Algorithm::ALL, None);
    for algorithm in Algorithm::ALL {
        let is_supported = unrestricted.as_ref().is_some_and(|set| {
            set.usable_keys().iter().any(|key| key.algorithms.contains(&algorithm))
        });
        // The converse is not asserted: a document with several keys is refused without a
        // restriction, but accepted with an algorithm that selects one of its keys.
        let restricted = read_single(bytes, &[algorithm], None);
        assert!(!is_supported || restricted.is_some());
        for key in restricted.iter().flat_map(KeySet::usable_keys) {
            assert!(key.algorithms.iter().all(|found| found.is_equivalent(algorithm)));
        }
    }
    for key in unrestricted.iter().flat_map(KeySet::usable_keys) {
        assert_one_key_type(&key.algorithms);
        assert_rejects_trivial_signatures(key);
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

fn read_single(
    bytes: &[u8],
    algorithms: &[Algorithm],
    encoding: Option<SecretEncoding>,
) -> Option<KeySet> {
    let reader = SingleKeyReader { algorithms, encoding, allow_weak: false };
    reader.read(bytes, PublicKeys::default).ok()
}

fn assert_key_is_not_accepted_as_secret(bytes: &[u8]) {
    let algorithm = Algorithm::HS256;
    let is_secret = |encoding| {
        let importer = KeyImporter {
            purpose: Purpose::Test,
            algorithm: Some(algorithm),
            encoding,
            allow_weak: true,
        };
        importer.read(bytes).is_ok() || read_single(bytes, &[algorithm], encoding).is_some()
    };
    let encodings = [SecretEncoding::Text, SecretEncoding::Base64, SecretEncoding::Raw];
    let encodings = encodings.into_iter().map(Some).chain([None]);
    assert!(
        !is_never_secret(bytes) || !encodings.into_iter().any(is_secret),
        "a key was accepted as a secret"
    );
}

/// Asserts that an imported key is unchanged after an export and another import.
fn assert_reimport_is_identical(key: &KeySpec) {
    let text = private_key_text(key);
    let importer = KeyImporter {
        purpose: key.purpose,
        algorithm: Some(key.algorithm),
        encoding: None,
        allow_weak: true,
    };
    let keys =
        importer.read(text.expose_secret().as_bytes()).expect("an exported key is importable");
    let [ImportedKey { key: reimported, .. }] = &keys[..] else {
        panic!("the export does not contain exactly one key")
    };
    assert_eq!(reimported.material.expose_secret(), key.material.expose_secret());
    assert_eq!((&reimported.public_jwk, reimported.is_weak), (&key.public_jwk, key.is_weak));
}

/// Asserts that all algorithms are for the same type of key. Neither the curve of an EC key nor the
/// length of an HMAC key is part of the type.
fn assert_one_key_type(algorithms: &[Algorithm]) {
    let first = algorithms.first().expect("every key has an algorithm").key_type();
    let is_same_type = |other: &Algorithm| discriminant(&other.key_type()) == discriminant(&first);
    assert!(algorithms.iter().all(is_same_type), "{algorithms:?}");
}

/// Asserts that the key verifies no signature that can be built without the private key: zeros of
/// several lengths, and the neutral element of Ed25519 with a zero scalar.
fn assert_rejects_trivial_signatures(key: &Verifier) {
    for (prefix, letters) in [("", 43), ("", 86), ("", 128), ("", 176), ("", 342), ("AQ", 84)] {
        let text = format!("e30.e30.{prefix}{}", "A".repeat(letters));
        let token = CompactJws::parse(&text).expect("a token has three parts");
        assert!(!Algorithm::ALL.iter().any(|algorithm| key.verifies(&token, *algorithm)), "{text}");
    }
}
