//! Tests of the import of keys: supported formats, refused input, and round trips.

use super::*;
use crate::crypto::{generate_key, initialize_crypto, private_key_text};
use crate::model::RsaBits;

fn importer(algorithm: Option<Algorithm>) -> KeyImporter {
    initialize_crypto();
    KeyImporter { purpose: Purpose::Test, algorithm, encoding: None, allow_weak: false }
}

fn read_secret(text: &[u8], encoding: SecretEncoding) -> Result<Vec<u8>, KeyError> {
    let keys =
        KeyImporter { encoding: Some(encoding), ..importer(Some(Algorithm::HS256)) }.read(text)?;
    Ok(keys[0].key.material.expose_secret().to_vec())
}

#[test]
fn exported_key_round_trips() {
    for algorithm in Algorithm::ALL {
        let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let text = private_key_text(&key);
        let imported = importer(Some(algorithm)).read(text.expose_secret().as_bytes()).unwrap();
        assert_eq!(imported.len(), 1);
        assert_eq!(imported[0].key.material.expose_secret(), key.material.expose_secret());
        assert_eq!(imported[0].key.public_jwk, key.public_jwk);
        assert_eq!(imported[0].key.algorithm, algorithm);
        if !algorithm.is_symmetric() {
            assert_eq!(imported[0].key.kid, key.kid, "{algorithm:?}");
            let from_der = importer(Some(algorithm)).read(key.material.expose_secret()).unwrap();
            assert_eq!(from_der[0].key.kid, key.kid, "{algorithm:?}");
        }
    }
}

/// RFC 9864, section 2.2: `EdDSA` and `Ed25519` name the same signatures. The requested name takes
/// precedence over the name in the JWK.
#[test]
fn requested_name_of_ed25519_takes_precedence_and_other_algorithm_is_refused() {
    const JWK: &str = r#"{"kty": "OKP", "crv": "Ed25519", "alg": "ALG",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let read = |alg, requested| {
        let text = JWK.replace("ALG", alg);
        let key = importer(requested).read(text.as_bytes()).unwrap().remove(0).key;
        (key.algorithm.name(), key.public_jwk.unwrap()["alg"].clone())
    };
    for (alg, requested, expected) in [
        ("EdDSA", None, "EdDSA"),
        ("Ed25519", None, "Ed25519"),
        ("EdDSA", Some(Algorithm::Ed25519), "Ed25519"),
        ("Ed25519", Some(Algorithm::EdDSA), "EdDSA"),
    ] {
        assert_eq!(read(alg, requested), (expected, expected.into()));
    }
    let result = importer(Some(Algorithm::ES256)).read(JWK.replace("ALG", "Ed25519").as_bytes());
    assert_eq!(result.unwrap_err(), KeyError::unsuitable(Algorithm::Ed25519, Algorithm::ES256));
}

#[test]
fn trailing_data_after_a_key_is_refused() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let key = generate_key(algorithm, Purpose::Test, RsaBits::default()).unwrap();
        let key_and_zero_byte = [key.material.expose_secret(), &[0]].concat();
        let expected = invalid_key("trailing data after the key").into();
        assert_eq!(importer(None).read(&key_and_zero_byte).unwrap_err(), expected);
    }
}

#[test]
fn key_type_decides_the_default_algorithm_and_a_private_key_is_not_a_secret() {
    for (generated, expected) in [
        (Algorithm::PS512, Algorithm::RS256),
        (Algorithm::ES384, Algorithm::ES384),
        (Algorithm::ES512, Algorithm::ES512),
        (Algorithm::EdDSA, Algorithm::EdDSA),
        (Algorithm::Ed25519, Algorithm::EdDSA),
    ] {
        let key = generate_key(generated, Purpose::Test, RsaBits::default()).unwrap();
        let text = private_key_text(&key);
        let keys = importer(None).read(text.expose_secret().as_bytes()).unwrap();
        assert_eq!(keys[0].key.algorithm, expected);
        let hs256_result = importer(Some(Algorithm::HS256)).read(text.expose_secret().as_bytes());
        assert!(matches!(hs256_result, Err(KeyError::KeyAsSecret(_))));
    }
}

#[test]
fn secret_is_read_in_every_encoding_but_not_in_mixed_alphabets() {
    let long = [b'x'; 32];
    assert_eq!(read_secret(&long, SecretEncoding::Text).unwrap(), long);
    assert_eq!(read_secret(&[&long[..], b"\r\n"].concat(), SecretEncoding::Text).unwrap(), long);
    assert_eq!(read_secret(&[&long[..], b"\n"].concat(), SecretEncoding::Raw).unwrap().len(), 33);
    let bytes: Vec<u8> = (0xdc..0xfc).collect();
    for encoded in [
        "3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs=",
        "3N3e3-Dh4uPk5ebn6Onq6-zt7u_w8fLz9PX29_j5-vs",
        " 3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vs\n",
    ] {
        assert_eq!(read_secret(encoded.as_bytes(), SecretEncoding::Base64).unwrap(), bytes);
    }
    // The text has characters of standard base64 and of base64url.
    assert!(
        read_secret(b"3N3e3+Dh4uPk5ebn6Onq6-zt7u/w8fLz9PX29/j5+vs=", SecretEncoding::Base64)
            .is_err()
    );
}

#[test]
fn short_secret_requires_allow_weak_and_empty_secret_is_refused() {
    let strict = importer(Some(Algorithm::HS384));
    let short = [b'x'; 47];
    let weak_secret_error =
        KeyError::WeakSecret { length: 47, algorithm: Algorithm::HS384, min_length: 48 };
    assert_eq!(strict.read(&short).unwrap_err(), weak_secret_error);
    let lenient = KeyImporter { allow_weak: true, ..strict };
    assert!(lenient.read(&short).unwrap()[0].key.is_weak);
    assert!(!lenient.read(&[b'x'; 48]).unwrap()[0].key.is_weak);
    assert_eq!(lenient.read(b"\n").unwrap_err(), invalid_key("the secret is empty").into());
}

#[test]
fn jwk_set_is_read_only_if_every_key_is_usable() {
    let ed25519_jwk = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let hmac_jwk = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i","alg":"HS384"}"#;
    let set = format!(r#"{{"keys":[{ed25519_jwk},{hmac_jwk}]}}"#);
    let keys = importer(None).read(set.as_bytes()).unwrap();
    let algorithms: Vec<Algorithm> = keys.iter().map(|imported| imported.key.algorithm).collect();
    assert_eq!(algorithms, [Algorithm::EdDSA, Algorithm::HS384]);
    assert_eq!(keys[0].key.kid.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let encryption_jwk = hmac_jwk.replace(r#""alg""#, r#""use":"enc","alg""#);
    let set = format!(r#"{{"keys":[{ed25519_jwk},{encryption_jwk}]}}"#);
    let message = importer(None).read(set.as_bytes()).unwrap_err().to_string();
    assert_eq!(message, "key 2 of 2: `use` is not `sig`");
}

#[test]
fn unknown_bytes_without_an_algorithm_are_not_a_secret() {
    for text in [&b"correct horse"[..], b"0123456789", b"0"] {
        assert_eq!(importer(None).read(text).unwrap_err(), KeyError::UnknownFormat);
    }
}

#[test]
fn damaged_jwk_is_a_secret_only_with_an_encoding() {
    let damaged = br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"#;
    assert!(
        importer(Some(Algorithm::HS256)).read(damaged).is_err(),
        "a damaged JWK without an encoding is not a secret"
    );
    let as_text =
        KeyImporter { encoding: Some(SecretEncoding::Text), ..importer(Some(Algorithm::HS256)) };
    assert_eq!(as_text.read(damaged).unwrap()[0].key.material.expose_secret(), damaged);
}
