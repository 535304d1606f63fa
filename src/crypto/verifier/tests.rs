//! Tests of the keys that are accepted for verification, and of the reasons why other keys are
//! refused.

use super::*;
use crate::crypto::{generate_key, initialize_crypto, public_key_pem};
use crate::model::RsaBits;
use ::pem::{Pem, encode};
use secrecy::ExposeSecret;
use serde_json::json;

/// Returns the reason why [`read_jwks`] refuses the JSON document.
fn refusal_reason(document: &Value) -> String {
    read_verifiers(document.to_string().as_bytes()).unwrap_err().reason
}

fn secret_jwk(kid: &Value) -> Value {
    json!({"kty": "oct", "k": "A".repeat(43), "kid": kid})
}

#[test]
fn key_ids_are_strings_and_may_repeat() {
    let set = json!({"keys": [secret_jwk(&json!("a")), secret_jwk(&json!("b"))]});
    assert_eq!(read_verifiers(set.to_string().as_bytes()).unwrap().len(), 2);
    let set = json!({"keys": [secret_jwk(&json!("a")), secret_jwk(&json!("a"))]});
    assert_eq!(read_verifiers(set.to_string().as_bytes()).unwrap().len(), 2);
    for kid in [json!(1), json!(["a"])] {
        assert_eq!(refusal_reason(&secret_jwk(&kid)), "`kid` is not a string");
    }
}

#[test]
fn private_jwk_is_refused_by_read_jwks() {
    let key = json!({"kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert_eq!(refusal_reason(&key), private_key_error().reason);
}

/// RFC 9864, section 2.2: `EdDSA` and `Ed25519` are names of the same algorithm. A JWK with one of
/// the names verifies tokens with both names. A verifier that is restricted to one name does so
/// too. A restriction to another algorithm removes both names.
#[test]
fn both_names_of_ed25519_are_accepted() {
    initialize_crypto();
    let key = generate_key(Algorithm::EdDSA, Purpose::Test, RsaBits::default()).unwrap();
    let token = crate::crypto::sign(&key, "JWT", &Map::new()).unwrap();
    let token = CompactJws::parse(token.expose_secret()).unwrap();
    let both = [Algorithm::EdDSA, Algorithm::Ed25519];
    let mut jwk = key.public_jwk.unwrap();
    for alg in [json!("EdDSA"), json!("Ed25519")] {
        jwk.insert("alg".to_owned(), alg);
        let set = json!({"keys": [jwk]}).to_string();
        let set = read_jwks(set.as_bytes(), &[], PublicKeys::default).unwrap();
        let mut verifier = set.usable_keys()[0].clone();
        for permitted in both {
            verifier.restrict(&[permitted]);
            assert!(both.into_iter().all(|name| verifier.verifies(&token, name)), "{permitted:?}");
        }
        verifier.restrict(&[Algorithm::ES256]);
        assert!(verifier.algorithms.is_empty());
    }
}

fn read_public_key(bytes: &[u8], algorithm: Algorithm) -> Result<KeySet, KeyError> {
    let reader = SingleKeyReader { algorithms: &[algorithm], encoding: None, allow_weak: false };
    reader.read(bytes, PublicKeys::default)
}

/// Returns the error for a PEM text with one block.
fn pem_refusal(label: &str, der: &[u8]) -> String {
    read_public_key(encode(&Pem::new(label, der)).as_bytes(), Algorithm::RS256)
        .unwrap_err()
        .to_string()
}

/// Returns a DER sequence that contains a sequence, and so on. The innermost sequence is empty.
fn nested_sequences(levels: usize) -> Vec<u8> {
    // The sequences are written from the inside out, each byte string in reverse order.
    let mut reversed = Vec::new();
    for _ in 0..levels {
        let length = u32::try_from(reversed.len()).unwrap();
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(3)..];
        reversed.extend(significant.iter().rev());
        if length >= 0x80 {
            reversed.push(0x80 | u8::try_from(significant.len()).unwrap());
        }
        reversed.push(0x30);
    }
    reversed.reverse();
    reversed
}

#[test]
fn only_a_single_public_key_is_read_from_pem_and_der() {
    initialize_crypto();
    for algorithm in
        [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::EdDSA]
    {
        let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let text = public_key_pem(&key).unwrap().unwrap();
        let read = |bytes: &[u8]| read_public_key(bytes, algorithm);
        let set = read(text.as_bytes()).unwrap();
        assert!(set.usable_keys()[0].algorithms.contains(&algorithm));
        let der = ::pem::parse(&text).unwrap().into_contents();
        assert!(read(&der).is_ok(), "DER");
        let with_extra_byte = [&der[..], &[0]].concat();
        assert!(read(&with_extra_byte).is_err());
        assert!(read(encode(&Pem::new("PUBLIC KEY", with_extra_byte)).as_bytes()).is_err());
        assert!(read(encode(&Pem::new("EC PARAMETERS", der)).as_bytes()).is_err());
        assert!(read(format!("{text}{text}").as_bytes()).is_ok(), "the same key twice");
        let other_key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let other_text = public_key_pem(&other_key).unwrap().unwrap();
        assert!(read(format!("{text}{other_text}").as_bytes()).is_err(), "two keys");
    }
}

#[test]
fn nested_sequences_in_a_pem_are_refused() {
    let expected = "key: not an RSA, P-256, P-384, P-521 or Ed25519 public key";
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        assert_eq!(pem_refusal(label, &nested_sequences(30_000)), expected);
    }
    let expected = "key: the certificate has no RSA, P-256, P-384, P-521 or Ed25519 public key";
    assert_eq!(pem_refusal("CERTIFICATE", &nested_sequences(2)), expected);
}
