//! Refusal of third-party keys that are weak, invalid, malformed, unsupported or unsuitable.

use super::third_party::{encode_part, verify};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Verifies an Ed25519 token with an invalid signature. The file of the option `--jwks` contains
/// `text`.
fn verify_with_jwks(text: &str) -> RunOutput {
    let sandbox = Sandbox::new();
    let token =
        format!("{}.{}.AAAA", encode_part(&json!({"alg": "EdDSA"})), encode_part(&json!({})));
    std::fs::write(sandbox.home().join("keys"), text).unwrap();
    verify(&sandbox, &token, &["--jwks", "keys"])
}

/// Returns the refusal of a JWK. Asserts that the refusal is the same if the JWK is in a JWK Set.
fn refusal_of_key(key: &Value) -> RunOutput {
    let output = verify_with_jwks(&key.to_string());
    let output_for_set = verify_with_jwks(&json!({ "keys": [key] }).to_string());
    assert_eq!(output.to_string(), output_for_set.to_string());
    output
}

/// Returns `length` zero bytes in base64url.
fn zeros(length: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0; length])
}

#[test]
fn invalid_coordinates_and_unsupported_key_types_and_curves_are_refused() {
    let ed25519_jwk = |x: Value| json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let ec_jwk =
        |crv: &str, bytes| json!({"kty": "EC", "crv": crv, "x": zeros(bytes), "y": zeros(bytes)});
    let neutral_element = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for x in [zeros(31), zeros(32), neutral_element.to_owned()] {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&ed25519_jwk(json!(x))), @"
        --- exit code 65, stderr
        error: key: not an Ed25519 key, or a point of small order
        "));
    }
    for x in [json!(5), json!("+/")] {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&ed25519_jwk(x)), @"
        --- exit code 65, stderr
        error: key: `x` is not base64url
        "));
    }
    for key in [ec_jwk("P-256", 32), ec_jwk("P-384", 48), ec_jwk("P-521", 66)] {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&key), @"
        --- exit code 65, stderr
        error: key: not a point on the curve
        "));
    }
    for key in [
        json!({"kty": "none"}),
        json!({"kty": ["RSA"]}),
        json!({"kty": "OKP", "crv": "X25519", "x": zeros(32)}),
        ec_jwk("P-224", 28),
    ] {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&key), @"
        --- exit code 65, stderr
        error: key: unsupported key type: expected RSA, P-256, P-384, P-521, Ed25519 or symmetric
        "));
    }
}

#[test]
fn weak_or_unsuitable_secrets_and_rsa_keys_out_of_range_are_refused() {
    let secret_jwk = |bytes, alg: &str| json!({"kty": "oct", "k": zeros(bytes), "alg": alg});
    for (key, message) in [
        (secret_jwk(0, "HS256"), "key: the secret is empty"),
        (
            secret_jwk(31, "HS256"),
            "secret too short for HS256: found 31 bytes, expected at least 32",
        ),
        (
            secret_jwk(32, "HS512"),
            "secret too short for HS512: found 32 bytes, expected at least 64",
        ),
        (
            secret_jwk(64, "RS256"),
            "key: unsuitable for its `alg`: found a shared secret, expected an RSA key for RS256",
        ),
        (secret_jwk(64, "none"), "key: unsuitable for its `alg`"),
    ] {
        // No message has a hint to `--allow-weak`, because `--jwks` excludes this option.
        let output = refusal_of_key(&key).fails(65);
        assert_eq!(output.stderr, format!("error: {message}\n"));
    }
    let mut key = secret_jwk(64, "HS256");
    key["use"] = json!("enc");
    assert_snapshot!(refusal_of_key(&key), @"
    --- exit code 65, stderr
    error: key: `use` is not `sig`
    ");
    let key = json!({"kty": "oct", "k": zeros(64), "key_ops": ["encrypt"]});
    assert_snapshot!(refusal_of_key(&key), @"
    --- exit code 65, stderr
    error: key: `key_ops` without `verify` or `sign`
    ");
    let rsa_jwk =
        |n: Vec<u8>, e: &str| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": e});
    // Two moduli have less than 2,048 bits (1,024 and 2,047), one is zero, and one has more than
    // 8,192 bits (8,193).
    let modulus = [&[0x80][..], &[1; 255]].concat();
    for n in
        [modulus[..128].to_vec(), vec![0; 256], [&[0x40][..], &[1; 255]].concat(), vec![1; 1_025]]
    {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&rsa_jwk(n, "AQAB")), @"
        --- exit code 65, stderr
        error: key: RSA key size out of range: expected 2,048 to 8,192 bits
        "));
    }
    for e in ["AQ", "Ag", ""] {
        allow_duplicates!(assert_snapshot!(refusal_of_key(&rsa_jwk(modulus.clone(), e)), @"
        --- exit code 65, stderr
        error: key: RSA exponent out of range: expected an odd number from 3 to 2^64 - 1
        "));
    }
}

#[test]
fn malformed_jwks_file_is_refused_and_a_repeated_key_is_accepted() {
    let mut outputs = String::new();
    for text in [
        r#"{"keys":[]}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        "[]",
        "",
        r#"{"kty":"oct","kty":"RSA"}"#,
    ] {
        outputs += &verify_with_jwks(text).with_heading(format_args!("set: {text}"));
    }
    assert_snapshot!(outputs, @r#"
    set: {"keys":[]}
    --- exit code 65, stderr
    error: key: no keys found, expected at least one key
    set: {"keys":{}}
    --- exit code 65, stderr
    error: key: `keys` is not an array
    set: {"keys":[1]}
    --- exit code 65, stderr
    error: key: not an object
    set: []
    --- exit code 65, stderr
    error: key: no keys found, expected at least one key
    set: 
    --- exit code 65, stderr
    error: `keys`: key empty: found no content, expected PEM, DER, JWK or JWK Set
    hint: fetch the public key of the issuer again
    set: {"kty":"oct","kty":"RSA"}
    --- exit code 65, stderr
    error: key: ambiguous: line 1, column 18: duplicate member name `kty`
    "#);
    // A JWK Set that contains the same key twice is accepted. The token is rejected only because
    // the keys are for a different algorithm.
    let key = json!({"kty": "oct", "k": zeros(32), "kid": "one"});
    let jwk_set = json!({"keys": [key, key]}).to_string();
    assert_snapshot!(verify_with_jwks(&jwk_set), @"
    invalid: alg_not_allowed: expected `HS256`
    --- exit code 10, stderr
    error: token algorithm not allowed: expected `HS256`
    ");
}
