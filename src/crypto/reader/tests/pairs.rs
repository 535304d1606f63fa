//! Tests that no asymmetric key is accepted as a secret, even in two wrappings. A wrapping is an
//! encoding of the document, or other text around it. Text that starts like JSON, and contains no
//! asymmetric key, is accepted as a secret if the encoding `text` is given. Without an encoding,
//! such text is accepted unless it is JSON or a damaged symmetric JWK.

use super::*;

/// Returns short documents, as pairs of a name and the document: the key in the main kinds of
/// formats, and documents that look like keys but are damaged or not supported.
fn documents(key: &KeySpec) -> Vec<(&'static str, Vec<u8>)> {
    let mut formats = private_formats(key);
    formats.extend(public_formats(key));
    let names = [
        "PKCS#8 PEM",
        "PKCS#8 DER",
        "service account",
        "public DER",
        "public JWK",
        "public JWK Set",
    ];
    formats.retain(|(name, _)| names.contains(name));
    assert_eq!(formats.len(), names.len());
    let mut jwk = json!(key.public_jwk.clone().unwrap());
    jwk["kid"] = json!(5);
    let unusable = [
        ("damaged JWK", jwk.to_string().trim_end_matches('}').to_owned()),
        ("JWK with a numeric key id", jwk.to_string()),
        ("PEM without a key", pem_block("X", b"x")),
        ("damaged PEM", pem_block("PRIVATE KEY", &[7; 40]).replace('B', "!")),
        ("encrypted PEM", pem_block("ENCRYPTED PRIVATE KEY", &[7; 40])),
        (
            "SSH public key",
            include_str!("../../../../tests/cli/hostile/samples/ssh.pub").to_owned(),
        ),
    ];
    formats.extend(unusable.map(|(name, text)| (name, text.into_bytes())));
    formats
}

#[test]
fn key_in_two_wrappings_is_neither_changed_nor_accepted_as_a_secret() {
    let key = generate_test_key(Algorithm::EdDSA, RsaBits::B2048);
    let (mut accepted_secrets, mut changed_keys, mut count) = (Vec::new(), Vec::new(), 0);
    for (format, bytes) in documents(&key) {
        let plain = read_document(&bytes);
        for (inner_name, inner) in wrappings(&bytes) {
            for (outer_name, outer) in wrappings(&inner) {
                // Text without BEGIN and END lines is recognized as a key only if these lines were
                // removed from a valid PEM key without another wrapping.
                let lacks_markers = |name: &str| name.starts_with("without BEGIN and END lines");
                let is_unrecognizable = plain.is_err() && lacks_markers(inner_name);
                if is_unrecognizable
                    || lacks_markers(outer_name) && (plain.is_err() || inner_name != "unchanged")
                {
                    continue;
                }
                count += 1;
                let name = || format!("{format}, {inner_name}, {outer_name}");
                let encoding = SECRET_ENCODINGS[count % SECRET_ENCODINGS.len()];
                if ensure_not_key(&outer).is_ok()
                    || importer(Some(Algorithm::HS256), encoding).read(&outer).is_ok()
                    || read_single(&outer, Algorithm::HS256, encoding).is_ok()
                {
                    accepted_secrets.push(name());
                }
                // Key ids are not compared, because the key id is lost if the wrapping damages the
                // JSON around a PEM key.
                let is_equal = |document: &KeyDocument, plain: &KeyDocument| {
                    let mut pairs = document.entries.iter().zip(&plain.entries);
                    document.entries.len() == plain.entries.len()
                        && pairs.all(|(found, expected)| found.material == expected.material)
                };
                if let (Ok(document), Ok(plain)) = (read_document(&outer), &plain)
                    && !is_equal(&document, plain)
                {
                    changed_keys.push(name());
                }
            }
        }
    }
    assert_eq!(accepted_secrets, Vec::<String>::new());
    assert_eq!(changed_keys, Vec::<String>::new());
    assert!(count > 2_000, "found {count} pairs");
}

/// JSON and damaged symmetric JWKs are accepted only if the encoding `text` is given. Other text
/// that starts like JSON is also accepted without an encoding. If no algorithm is given, this other
/// text is refused as invalid JSON.
#[test]
fn text_that_starts_like_json_is_a_secret_and_json_needs_an_encoding() {
    initialize_crypto();
    let is_accepted = |text: &str, encoding| {
        let is_imported = importer(Some(Algorithm::HS256), encoding).read(text.as_bytes()).is_ok();
        let is_verification_secret =
            read_single(text.as_bytes(), Algorithm::HS256, encoding).is_ok();
        assert_eq!(is_imported, is_verification_secret, "{text}");
        is_imported
    };
    for text in ["{a-secret-in-braces-of-32-bytes!}", "[another-secret-of-32-characters", "{"] {
        assert!(is_accepted(text, None), "{text}");
        assert!(is_accepted(text, Some(SecretEncoding::Text)), "{text}");
        let error = importer(None, None).read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("key: not well-formed JSON: line 1, column "), "{error}");
    }
    for text in [
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"#,
        r#"{"password":"a secret of at least 32 characters"}"#,
        r#"{"keys":"a secret of at least 32 characters"}"#,
    ] {
        assert!(!is_accepted(text, None), "{text}");
        assert!(is_accepted(text, Some(SecretEncoding::Text)), "{text}");
    }
}
