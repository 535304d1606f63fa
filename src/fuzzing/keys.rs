//! What must hold for anything that is read as a key.

use crate::crypto::{self, Compact, Verifier, read_jwks, read_key};
use crate::model::Algorithm;
use std::mem::discriminant;

/// The readers of keys: what they take is good for algorithms of one family, and no signature
/// that anybody can write holds against it.
pub fn keys(bytes: &[u8]) {
    crypto::install();
    let read = read_jwks(bytes).unwrap_or_default();
    for (at, key) in read.iter().enumerate() {
        one_family(&key.algorithms);
        proves_nothing_by_itself(key);
        let same = |other: &Verifier| key.kid.is_some() && other.kid == key.kid;
        assert!(!read[..at].iter().any(same), "two keys have one id");
    }
    let any = read_key(bytes, &Algorithm::ALL);
    for algorithm in Algorithm::ALL {
        let expected = any.as_ref().is_ok_and(|key| key.algorithms.contains(&algorithm));
        let alone = read_key(bytes, &[algorithm]).map(|key| key.algorithms);
        assert_eq!(alone.ok(), expected.then(|| vec![algorithm]));
    }
    if let Ok(key) = any {
        one_family(&key.algorithms);
        proves_nothing_by_itself(&key);
        assert!(key.kid.is_none());
    }
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
