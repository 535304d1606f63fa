//! Tests that keys of every type are read in many formats, for signing and for verification, and
//! that no asymmetric key is accepted as a secret.

mod choice;
mod formats;
mod pairs;

use super::*;
use crate::crypto::import::{ImportedKey, KeyImporter};
use crate::crypto::secret::tests::encode_hex;
use crate::crypto::secret::{PublicKeys, SecretEncoding, ensure_not_key};
use crate::crypto::verifier::{KeySet, SingleKeyReader};
use crate::crypto::{
    CompactJws, generate_key, initialize_crypto, private_key_text, public_key_pem, read_jwks,
    sign_text,
};
use crate::model::{Algorithm, KeySpec, KeyType, Purpose, RsaBits};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use formats::{
    certificate_pem, der_element, elements, pem_block, private_formats, private_jwk,
    public_formats, wrappings,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn generate_test_key(algorithm: Algorithm, bits: RsaBits) -> KeySpec {
    initialize_crypto();
    generate_key(algorithm, Purpose::Test, bits).unwrap()
}

/// Returns one key of each asymmetric type, in this order: RSA, P-256, P-384, P-521, Ed25519.
fn asymmetric_keys() -> Vec<KeySpec> {
    let mut keys: Vec<KeySpec> = Vec::new();
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()) {
        if !keys.iter().any(|key| key.algorithm.key_type() == algorithm.key_type()) {
            keys.push(generate_test_key(algorithm, RsaBits::B2048));
        }
    }
    keys
}

/// All values of the option for the encoding of a secret.
const SECRET_ENCODINGS: [Option<SecretEncoding>; 4] =
    [None, Some(SecretEncoding::Text), Some(SecretEncoding::Base64), Some(SecretEncoding::Raw)];

fn importer(algorithm: Option<Algorithm>, encoding: Option<SecretEncoding>) -> KeyImporter {
    KeyImporter { purpose: Purpose::Test, algorithm, encoding, allow_weak: true }
}

fn read_single(
    bytes: &[u8],
    algorithm: Algorithm,
    encoding: Option<SecretEncoding>,
) -> Result<KeySet, KeyError> {
    let reader = SingleKeyReader { algorithms: &[algorithm], encoding, allow_weak: true };
    reader.read(bytes, PublicKeys::default)
}

/// Returns whether the set verifies a token that `key` signs.
fn verifies(set: &KeySet, key: &KeySpec) -> bool {
    let token = sign_text(key, "{}", "{}").unwrap();
    let token = CompactJws::parse(token.expose_secret()).unwrap();
    let candidates = set.candidates(key.algorithm, None).unwrap();
    candidates.keys.iter().any(|verifier| verifier.verifies(&token, key.algorithm))
}

fn is_same_key(imported: &ImportedKey, key: &KeySpec) -> bool {
    imported.key.material.expose_secret() == key.material.expose_secret()
}

/// Checks the readers of all commands with `key` in many formats and in every wrapping. A wrapping
/// is an encoding of the document, or other text around it. `mint` and `fixtures` read one private
/// key, `import` reads all private keys, and `verify` reads a single key or a set. Asserts that no
/// document is accepted as a secret.
fn assert_many_formats_are_read(key: &KeySpec) {
    let (mut failures, mut count) = (Vec::new(), 0);
    let private = private_formats(key).into_iter().map(|format| (true, format));
    let public = public_formats(key).into_iter().map(|format| (false, format));
    for (is_private, (format, bytes)) in private.chain(public) {
        let unwrapped = read_document(&bytes).unwrap();
        for (wrapping, bytes) in wrappings(&bytes) {
            count += 1;
            // The crypto library is slow in tests. For keys other than Ed25519, most documents are
            // therefore only read, and their keys are not converted.
            let is_always_converted =
                ["unchanged", "base64", "with escaped line breaks"].contains(&wrapping);
            if key.algorithm.key_type() != KeyType::Ed25519 && !is_always_converted {
                let is_equal = read_document(&bytes).is_ok_and(|document| document == unwrapped);
                if !is_equal || ensure_not_key(&bytes).is_ok() {
                    failures.push(format!("{format}, {wrapping}"));
                }
            } else if let Some(failure) = find_failure(key, is_private, &bytes) {
                failures.push(format!("{format}, {wrapping}: {failure}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count}\n{}", failures.len(), failures.join("\n"));
    assert!(count > 300, "found {count} cases");
}

/// Reads `bytes` with the reader of each command. Returns `None` if all results are as expected,
/// and otherwise a description of the results. `is_private` is true if `bytes` are a private key.
fn find_failure(key: &KeySpec, is_private: bool, bytes: &[u8]) -> Option<String> {
    let importer_for_key = importer(Some(key.algorithm), None);
    let (mint_result, import_result) =
        (importer_for_key.read_one(bytes, None), importer_for_key.read(bytes));
    let verify_result = read_single(bytes, key.algorithm, None);
    let set = read_jwks(bytes, &[], PublicKeys::default);
    let is_public = |entry: &KeyEntry| matches!(entry.material, EntryMaterial::PublicDer(_));
    let has_public_der =
        read_document(bytes).is_ok_and(|document| document.entries.iter().any(is_public));
    let is_read_as_expected = if is_private {
        mint_result.as_ref().is_ok_and(|imported| is_same_key(imported, key))
            && import_result
                .as_ref()
                .is_ok_and(|keys| keys.iter().all(|imported| is_same_key(imported, key)))
            && set.is_ok() == has_public_der
    } else {
        mint_result.is_err() && import_result.is_err() && set.is_ok_and(|set| verifies(&set, key))
    };
    let is_verified = verify_result
        .as_ref()
        .is_ok_and(|set| verifies(set, key) && (is_private || !set.is_from_private_key));
    let is_accepted_as_secret = [None, Some(SecretEncoding::Raw)]
        .iter()
        .any(|encoding| importer(Some(Algorithm::HS256), *encoding).read(bytes).is_ok())
        || read_single(bytes, Algorithm::HS256, None).is_ok();
    (!is_read_as_expected || !is_verified || is_accepted_as_secret).then(|| {
        let (mint, import, verify) = (mint_result.err(), import_result.err(), verify_result.err());
        format!(
            "mint {mint:?}, import {import:?}, verify {verify:?}, secret {is_accepted_as_secret}"
        )
    })
}

#[test]
fn rsa_2048_key_is_read_in_many_formats() {
    let key = generate_test_key(Algorithm::RS256, RsaBits::B2048);
    assert_many_formats_are_read(&key);
}

#[test]
fn rsa_4096_key_is_read_in_many_formats() {
    let key = generate_test_key(Algorithm::PS256, RsaBits::B4096);
    assert_many_formats_are_read(&key);
}

#[test]
fn key_on_every_curve_is_read_in_many_formats() {
    for key in asymmetric_keys().iter().filter(|key| key.algorithm.key_type() != KeyType::Rsa) {
        assert_many_formats_are_read(key);
    }
}

#[test]
fn secret_in_every_encoding_is_read_and_weak_secret_needs_allow_weak() {
    initialize_crypto();
    for length in [16_u8, 32, 64] {
        let secret: Vec<u8> = (0..length).map(|byte| (byte + 0x60) ^ 0xB5).collect();
        let jwk =
            json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(&secret), "kid": "s"}).to_string();
        let hex = encode_hex(&secret);
        let mut cases = vec![
            (secret.clone(), Some(SecretEncoding::Raw), secret.clone()),
            (BASE64.encode(&secret).into_bytes(), Some(SecretEncoding::Base64), secret.clone()),
            // Without an encoding, base64 and hex are not decoded: the text is the secret.
            (BASE64.encode(&secret).into_bytes(), None, BASE64.encode(&secret).into_bytes()),
            (hex.clone().into_bytes(), None, hex.clone().into_bytes()),
            (format!("{hex}\r\n").into_bytes(), None, hex.into_bytes()),
        ];
        // A symmetric JWK is read with every value of the option, and in every wrapping.
        for encoding in SECRET_ENCODINGS {
            for (_, bytes) in wrappings(jwk.as_bytes()) {
                cases.push((bytes, encoding, secret.clone()));
            }
        }
        for (bytes, encoding, expected) in cases {
            let label = format!("{length}: {} {encoding:?}", String::from_utf8_lossy(&bytes));
            let read = |allow_weak| {
                let secret_importer =
                    KeyImporter { allow_weak, ..importer(Some(Algorithm::HS256), encoding) };
                secret_importer.read_one(&bytes, None)
            };
            assert_eq!(read(true).expect(&label).key.material.expose_secret(), expected, "{label}");
            let is_strong = expected.len() >= 32;
            assert_eq!(read(false).is_ok(), is_strong, "{label}");
            assert!(read_single(&bytes, Algorithm::HS256, encoding).is_ok(), "{label}");
        }
    }
}

#[test]
fn key_id_in_the_document_is_returned_as_stated_kid() {
    let key = &generate_test_key(Algorithm::ES256, RsaBits::B2048);
    let mut jwk = private_jwk(key);
    jwk["kid"] = "mine".into();
    let pem = private_key_text(key).expose_secret().to_owned();
    for (document, expected) in [
        (jwk.to_string(), Some("mine")),
        (json!({ "keys": [jwk] }).to_string(), Some("mine")),
        (json!([jwk]).to_string(), Some("mine")),
        (BASE64.encode(jwk.to_string()), Some("mine")),
        (json!({"private_key_id": "k1", "private_key": pem}).to_string(), Some("k1")),
        (json!({ "private_key": pem }).to_string(), None),
        (pem, None),
    ] {
        for imported in [
            importer(None, None).read_one(document.as_bytes(), None).unwrap(),
            importer(None, None).read(document.as_bytes()).unwrap().pop().unwrap(),
        ] {
            assert_eq!(
                imported.stated_kid.as_ref().map(|kid| kid.as_str()),
                expected,
                "{document}"
            );
            assert_ne!(imported.key.kid.as_str(), "mine");
        }
    }
}

#[test]
fn signing_key_is_selected_and_ambiguous_selection_is_refused() {
    let keys = asymmetric_keys();
    let (mut first, mut second) = (private_jwk(&keys[0]), private_jwk(&keys[1]));
    (first["kid"], second["kid"]) = ("a".into(), "b".into());
    let public = keys[2].public_jwk.clone().unwrap();
    let read = |jwks: &Value, algorithm, kid| {
        let imported = importer(algorithm, None).read_one(jwks.to_string().as_bytes(), kid)?;
        Ok::<_, KeyError>(imported.stated_kid.unwrap().as_str().to_owned())
    };
    let with_public = json!({ "keys": [public, first, null] });
    assert_eq!(read(&with_public, None, None).unwrap(), "a");
    let several = json!([first, second]);
    assert_eq!(read(&several, None, None), Err(KeyError::SeveralSigningKeys(Some(".[0]"))));
    assert_eq!(read(&several, None, Some("b")).unwrap(), "b");
    assert_eq!(read(&several, Some(keys[1].algorithm), None).unwrap(), "b");
}

/// The error names the unsupported format, and the document is not accepted as a secret. Inputs
/// without a recognized key result in other errors.
#[test]
fn unsupported_json_formats_are_named() {
    initialize_crypto();
    let discovery = r#"{"issuer":"https://x","jwks_uri":"https://x/jwks"}"#;
    let key = &generate_test_key(Algorithm::ES256, RsaBits::B2048);
    let pem = private_key_text(key).expose_secret().to_owned();
    let public = public_key_pem(key).unwrap().unwrap();
    let body: String = public.lines().filter(|line| !line.starts_with('-')).collect();
    let nested = json!({"data": {"my.keys": [{"public_key": public}]}}).to_string();
    for (document, expected) in [
        (discovery.to_owned(), UnsupportedFormat::Discovery),
        (json!({"realm": "x", "public_key": body}).to_string(), UnsupportedFormat::Realm),
        (
            json!({ "JWT_PRIVATE_KEY": pem }).to_string(),
            UnsupportedFormat::JsonMember {
                path: Some(".\"JWT_PRIVATE_KEY\"".to_owned()),
                is_text: true,
            },
        ),
        (
            nested,
            UnsupportedFormat::JsonMember {
                path: Some(".\"data\".\"my.keys\"[0].\"public_key\"".to_owned()),
                is_text: true,
            },
        ),
        (
            json!({"key": key.public_jwk.clone().unwrap()}).to_string(),
            UnsupportedFormat::JsonMember { path: Some(".\"key\"".to_owned()), is_text: false },
        ),
    ] {
        for algorithm in [None, Some(Algorithm::ES256)] {
            let error = importer(algorithm, None).read(document.as_bytes()).unwrap_err();
            assert_eq!(error, KeyError::UnsupportedFormat(expected.clone()), "{document}");
        }
        assert!(importer(Some(Algorithm::HS256), None).read(document.as_bytes()).is_err());
    }
    for (document, expected) in [
        (&b""[..], KeyError::Empty),
        (b"\xEF\xBB\xBF\r\n", KeyError::Empty),
        (br#"{"password":"x"}"#, KeyError::NoKeyInJson),
        (b"[1]", KeyError::NoKeyInJson),
        (b"correct horse battery staple", KeyError::UnknownFormat),
        (b"c3VwZXItc2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g=", KeyError::UnknownFormat),
    ] {
        assert_eq!(importer(None, None).read(document).unwrap_err(), expected);
    }
}
