//! Tests of the choice of keys in a document, of the limit for PEM blocks, of certificates, and of
//! the errors about unsupported formats and unusable keys.

use super::*;

/// If a key has the requested key id, no other key is used, even if the requested key is unusable.
/// If no key has the requested key id, the only usable key is used.
#[test]
fn unusable_key_is_ignored_unless_it_has_the_requested_kid() {
    let keys = asymmetric_keys();
    let (mut first, mut second) = (private_jwk(&keys[0]), private_jwk(&keys[1]));
    (first["kid"], second["kid"]) = ("a".into(), "b".into());
    first["use"] = "enc".into();
    let set = json!({ "keys": [first, second] }).to_string();
    let read = |kid| importer(None, None).read_one(set.as_bytes(), kid);
    assert!(matches!(read(Some("a")), Err(KeyError::CollectionMember { number: 1, .. })));
    for kid in [Some("b"), Some("new"), None] {
        assert_eq!(read(kid).unwrap().stated_kid.unwrap().as_str(), "b");
    }
}

/// The public key and a symmetric JWK with its modulus or `x` coordinate are in one document.
#[test]
fn secret_with_the_bytes_of_a_public_key_is_refused_and_the_public_key_is_accepted() {
    for key in asymmetric_keys() {
        let public = key.public_jwk.clone().unwrap();
        let bytes = public.get("n").or_else(|| public.get("x")).unwrap();
        let set = json!({ "keys": [public, {"kty": "oct", "k": bytes}] }).to_string();
        let result = read_single(set.as_bytes(), Algorithm::HS256, None);
        assert!(result.is_err(), "{:?}", key.algorithm);
        let key_set = read_single(set.as_bytes(), key.algorithm, None).unwrap();
        assert!(verifies(&key_set, &key));
    }
}

#[test]
fn number_of_pem_blocks_is_limited() {
    let key = &asymmetric_keys()[1];
    let public = public_key_pem(key).unwrap().unwrap();
    assert!(read_document(public.repeat(64).as_bytes()).is_ok());
    let too_many_blocks = public.repeat(65);
    for document in [too_many_blocks.clone(), json!({ "private_key": too_many_blocks }).to_string()]
    {
        let error = read_document(document.as_bytes()).err().unwrap();
        assert_eq!(error.to_string(), "key: the PEM has more than 64 blocks");
    }
}

/// Only the first certificate of a chain contains the key of the token issuer. The other
/// certificates belong to certificate authorities, which sign no tokens.
#[test]
fn keys_of_certificate_authorities_are_not_accepted() {
    let keys = asymmetric_keys();
    let certificate = |key: &KeySpec| {
        let public = public_key_pem(key).unwrap().unwrap();
        let public_key_info =
            pem::parse_blocks(public.as_bytes()).unwrap().remove(0).contents.to_vec();
        certificate_pem(&public_key_info)
    };
    let (leaf, authority) = (&keys[1], &keys[0]);
    let chain = certificate(leaf) + &certificate(authority);
    let set = read_jwks(chain.as_bytes(), &[], PublicKeys::default).unwrap();
    assert!(verifies(&set, leaf));
    assert!(set.candidates(authority.algorithm, None).is_err());
    assert!(read_single(chain.as_bytes(), authority.algorithm, None).is_err());
    assert!(verifies(&read_single(chain.as_bytes(), leaf.algorithm, None).unwrap(), leaf));
    let private = private_key_text(leaf).expose_secret().to_owned() + &certificate(authority);
    assert!(read_jwks(private.as_bytes(), &[], PublicKeys::default).is_err());
}

#[test]
fn format_that_needs_a_conversion_is_named_with_a_hint() {
    let pem = private_key_text(&asymmetric_keys()[1]).expose_secret().to_owned();
    let openssh = include_str!("../../../../tests/cli/hostile/samples/openssh.pem");
    let discovery = r#"{"issuer":"https://x","jwks_uri":"https://x/jwks"}"#;
    for (document, name, hint) in [
        (
            BASE64.encode(discovery),
            "OpenID Provider Metadata (without keys) in base64",
            "decode the file first: (umask 077; base64 -d FILE > key.txt)",
        ),
        (
            json!({ "private_key": openssh }).to_string(),
            "an OpenSSH private key in a member of a JSON document",
            "extract the key: (umask 077; jq -r '.private_key' FILE > key.txt)",
        ),
        (
            openssh.replace('\n', "\\n"),
            "an OpenSSH private key with other characters around it",
            SAVE_HINT,
        ),
        (
            json!({ "my FILE": pem }).to_string(),
            "a JSON document with a key in a member",
            r#"extract the key: (umask 077; jq -r '."my\u0020FILE"' FILE > key.txt)"#,
        ),
        (
            json!({ "my 'key'": pem }).to_string(),
            "a JSON document with a key in a member",
            SAVE_HINT,
        ),
    ] {
        let Err(KeyError::UnsupportedFormat(format)) = read_document(document.as_bytes()) else {
            panic!("{document}")
        };
        assert_eq!((format.to_display().as_str(), format.hint().as_deref()), (name, Some(hint)));
    }
}

/// A key in a collection is not used for a token with another key id. The key id of a single JWK is
/// ignored, because the caller selected this key.
#[test]
fn key_id_in_a_collection_must_match() {
    let key = &asymmetric_keys()[1];
    let mut jwk = Value::from(key.public_jwk.clone().unwrap());
    jwk["kid"] = "b".into();
    let accepts_b_and_zzz = |document: &Value| {
        let set = read_single(document.to_string().as_bytes(), key.algorithm, None).unwrap();
        ["b", "zzz"].map(|kid| set.candidates(key.algorithm, Some(kid)).is_ok())
    };
    assert_eq!(accepts_b_and_zzz(&json!({ "keys": [jwk] })), [true, false]);
    assert_eq!(accepts_b_and_zzz(&json!([jwk])), [true, false]);
    assert_eq!(accepts_b_and_zzz(&jwk), [true, true]);
}

#[test]
fn is_from_private_key_describes_only_the_used_key() {
    let keys = asymmetric_keys();
    let public = Value::from(keys[0].public_jwk.clone().unwrap());
    let set = json!({ "keys": [private_jwk(&keys[1]), public] }).to_string();
    for (key, is_private) in [(&keys[0], false), (&keys[1], true)] {
        let key_set = read_single(set.as_bytes(), key.algorithm, None).unwrap();
        assert_eq!(key_set.is_from_private_key, is_private);
    }
}

#[test]
fn certificate_is_read_and_certificate_request_is_refused() {
    let key = &asymmetric_keys()[1];
    let public = public_key_pem(key).unwrap().unwrap();
    let public_key_info = pem::parse_blocks(public.as_bytes()).unwrap().remove(0).contents.to_vec();
    let certificate = certificate_pem(&public_key_info);
    // In a map from key ids to certificates, a damaged entry does not affect the other entries.
    let damaged = certificate.replace('M', "!");
    let map = json!({"a": damaged, "b": certificate}).to_string();
    let set = read_jwks(map.as_bytes(), &[], PublicKeys::default).unwrap();
    assert!(set.candidates(key.algorithm, Some("b")).is_ok());
    let error = set.candidates(key.algorithm, Some("a")).err().unwrap();
    assert!(format!("{error:?}").contains("the PEM is damaged"), "{error:?}");
    // In a block `TRUSTED CERTIFICATE`, OpenSSL adds trust settings after the certificate.
    let der = pem::parse_blocks(certificate.as_bytes()).unwrap().remove(0).contents.to_vec();
    let trusted = pem_block("TRUSTED CERTIFICATE", &[&der[..], &[0x30, 0]].concat());
    assert!(verifies(&read_single(trusted.as_bytes(), key.algorithm, None).unwrap(), key));
    // A certificate request: version, subject, key and attributes; then algorithm and signature.
    let (empty, attributes) = (der_element(0x30, &[]), der_element(0xA0, &[]));
    let request = der_element(0x30, &[&[2, 1, 0], &empty, &public_key_info, &attributes]);
    let algorithm = der_element(0x30, &[&[0x06, 0x03, 0x2B, 0x65, 0x70]]);
    let request = der_element(0x30, &[&request, &algorithm, &der_element(0x03, &[&[0, 1]])]);
    let verify_error = read_single(&request, key.algorithm, None).err().unwrap().to_string();
    assert_eq!(verify_error, "key: found a certificate request, expected a key");
    let import_error = importer(None, None).read(&request).unwrap_err().to_string();
    assert_eq!(import_error, "key: found a certificate request, expected a private key");
    assert!(importer(Some(Algorithm::HS256), None).read(&request).is_err());
}

#[test]
fn error_states_why_a_key_is_unusable() {
    let secret =
        json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLrr"}).to_string();
    let error = importer(None, None).read(secret.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "key: `k` is not base64url: the unused bits of its last character are not zero"
    );
    // The first key is an RSA key, and the second key is an EC key on P-256.
    let keys = asymmetric_keys();
    let mut jwk = private_jwk(&keys[0]);
    for name in ["p", "q", "dp", "dq", "qi"] {
        jwk[name] = Value::Null;
    }
    let error = importer(None, None).read(jwk.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("key: `p` missing: "), "{error}");
    let documents = format!("{secret}\n{secret}\n");
    let error = importer(None, None).read(documents.as_bytes()).unwrap_err().to_string();
    assert!(error.ends_with("found several documents, expected a JWK Set"), "{error}");
    // A public key with its point in compressed form: the prefix 2 or 3, then the x coordinate.
    let public = public_key_pem(&keys[1]).unwrap().unwrap();
    let public_key_info = pem::parse_blocks(public.as_bytes()).unwrap().remove(0).contents.to_vec();
    let (algorithm, point) = (elements(&public_key_info)[0], elements(&public_key_info)[1]);
    let point = [&[0, 2 + point[point.len() - 1] % 2], &point[2..=point.len() / 2]].concat();
    let compressed = [der_element(0x30, &[algorithm]), der_element(0x03, &[&point])];
    let compressed = der_element(0x30, &[&compressed[0], &compressed[1]]);
    let error = read_single(&compressed, keys[1].algorithm, None).err().unwrap().to_string();
    assert!(error.ends_with("public key: the point is compressed"), "{error}");
}
