//! What must hold for anything that is read as a key.

use crate::crypto::{self, Compact, Encoding, Import, Verifier, private_text, read_jwks, read_key};
use crate::model::{Algorithm, NewKey, Purpose};
use secrecy::ExposeSecret;
use std::mem::discriminant;

/// The readers of keys: what they take is good for algorithms of one family, and no signature
/// that anybody can write holds against it. The importer knows what it took in when it comes again.
pub fn keys(bytes: &[u8]) {
    crypto::install();
    let read = read_jwks(bytes).unwrap_or_default();
    for (at, key) in read.iter().enumerate() {
        one_family(&key.algorithms);
        proves_nothing_by_itself(key);
        let same = |other: &Verifier| key.kid.is_some() && other.kid == key.kid;
        assert!(!read[..at].iter().any(same), "two keys have one id");
    }
    let any = read_key(bytes, &Algorithm::ALL, None, false);
    for algorithm in Algorithm::ALL {
        let expected = any.as_ref().is_ok_and(|key| key.algorithms.contains(&algorithm));
        let alone = read_key(bytes, &[algorithm], None, false).map(|key| key.algorithms);
        assert_eq!(alone.ok(), expected.then(|| vec![algorithm]));
    }
    if let Ok(key) = any {
        one_family(&key.algorithms);
        proves_nothing_by_itself(&key);
        assert!(key.kid.is_none());
    }
    for (algorithm, encoding) in [
        (None, None),
        (Some(Algorithm::ES256), None),
        (Some(Algorithm::HS256), None),
        (Some(Algorithm::HS256), Some(Encoding::Text)),
        (Some(Algorithm::HS256), Some(Encoding::Base64)),
    ] {
        let import = Import { purpose: Purpose::Test, algorithm, encoding, allow_weak: true };
        for key in import.read(bytes).unwrap_or_default() {
            assert!(algorithm.is_none_or(|wanted| wanted == key.algorithm));
            is_the_same_again(&key);
        }
    }
}

/// What was taken in and is given out is taken in as the same key.
fn is_the_same_again(key: &NewKey) {
    let text = private_text(key);
    let import = Import {
        purpose: key.purpose,
        algorithm: Some(key.algorithm),
        encoding: None,
        allow_weak: true,
    };
    let again = import.read(text.expose_secret().as_bytes()).expect("it was given out");
    let [again] = &again[..] else { panic!("one key was given out") };
    assert_eq!(again.material.expose_secret(), key.material.expose_secret());
    assert_eq!((&again.public, again.weak), (&key.public, key.weak));
}

fn one_family(algorithms: &[Algorithm]) {
    let first = algorithms.first().expect("a key without an algorithm is no key").family();
    let same = |other: &Algorithm| discriminant(&other.family()) == discriminant(&first);
    assert!(algorithms.iter().all(same), "{algorithms:?}");
}

/// Signatures that anybody can write: zeros, and the neutral element of Ed25519 with a zero.
fn proves_nothing_by_itself(key: &Verifier) {
    for (begin, letters) in [("", 43), ("", 86), ("", 128), ("", 342), ("AQ", 84)] {
        let text = format!("e30.e30.{begin}{}", "A".repeat(letters));
        let token = Compact::parse(&text).expect("three parts");
        assert!(!Algorithm::ALL.iter().any(|algorithm| key.checks(&token, *algorithm)), "{text}");
    }
}
