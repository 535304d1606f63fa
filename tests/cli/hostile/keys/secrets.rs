//! Invalid shared secrets, public and private keys in place of shared secrets, and invalid JWK
//! Sets.

use super::Table;
use super::private_keys::{ed25519_jwk, p256_jwk, rsa_jwk};
use super::with_member;
use crate::hostile::issuer::{P256, P256_PUBLIC, RSA, RSA_PUBLIC, public_jwk};
use crate::hostile::signer::decode_pem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SSH_PUBLIC_KEY: &[u8] = include_bytes!("../samples/ssh.pub");
const NOT_A_SECRET: &str = "expected a shared secret";
const TOO_SHORT_FOR_HS256: &str = "secret too short for HS256: found ";
const UNSUITABLE: &str = "unsuitable for the algorithm";

/// Returns public and private keys in place of shared secrets. Also returns a P-256 private key for
/// algorithms of other key types and curves.
pub(in crate::hostile) fn asymmetric_key_as_secret_table() -> Table {
    let mut table = Table::default();
    let hs256_flags = &["--alg", "HS256"];
    for (name, public_pem, private_pem, jwk) in
        [("RSA", RSA_PUBLIC, RSA, rsa_jwk()), ("P-256", P256_PUBLIC, P256, p256_jwk())]
    {
        let der = decode_pem(public_pem);
        let base64 = STANDARD.encode(&der);
        let jwk = public_jwk(&jwk.to_string()).to_string();
        let utf_16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let (head, tail) = base64.split_at(64);
        for (encoding, file) in [
            ("DER", der.clone()),
            ("DER and a line break", [&der[..], b"\n"].concat()),
            ("DER in base64", base64.clone().into_bytes()),
            ("DER in base64 on two lines", format!("{head}\n{tail}\n").into_bytes()),
            ("private DER", decode_pem(private_pem)),
            ("JWK after a byte order mark", format!("\u{feff}{jwk}").into_bytes()),
            ("JWK in UTF-16", [&[0xFF, 0xFE][..], &utf_16(&jwk)].concat()),
            ("PEM in UTF-16", utf_16(public_pem)),
        ] {
            table.add_import_with_flags(
                hs256_flags,
                NOT_A_SECRET,
                &format!("{name} {encoding}"),
                &file,
            );
            table.add_verify_key("HS256", NOT_A_SECRET, &format!("{name} {encoding}"), &file);
        }
        let with_bom = format!("\u{feff}{public_pem}");
        for (encoding, file) in [
            ("PEM", public_pem),
            ("PEM after a byte order mark", &with_bom),
            ("private PEM", private_pem),
            ("JWK", &jwk),
        ] {
            table.add_import_with_flags(
                hs256_flags,
                NOT_A_SECRET,
                &format!("{name} {encoding}"),
                file,
            );
            table.add_verify_key("HS256", NOT_A_SECRET, &format!("{name} {encoding}"), file);
        }
    }
    table.add_import_with_flags(hs256_flags, NOT_A_SECRET, "SSH public key", SSH_PUBLIC_KEY);
    table.add_verify_key("HS256", NOT_A_SECRET, "SSH public key", SSH_PUBLIC_KEY);
    for flags in [&["--alg", "ES384"], &["--alg", "RS256"], &["--alg", "EdDSA"]] {
        table.add_import_with_flags(flags, UNSUITABLE, "P-256 for another algorithm", P256);
    }
    table
}

/// Returns secrets that are empty, too short or not base64, and a secret for an import without
/// `--alg`.
pub(in crate::hostile) fn secret_table() -> Table {
    let mut table = Table::default();
    let too_short = "secret too short for";
    for (name, file) in [("empty file", ""), ("a line break", "\n"), ("CR LF", "\r\n")] {
        table.add_import_with_flags(&["--alg", "HS256"], "the secret is empty", name, file);
        table.add_import_with_flags(
            &["--alg", "HS256", "--allow-weak"],
            "the secret is empty",
            name,
            file,
        );
        table.add_verify_key("HS256", "the secret is empty", name, file);
    }
    for (name, file) in
        [("a password", "secret"), ("31 characters", "0123456789012345678901234567890")]
    {
        table.add_import_with_flags(&["--alg", "HS256"], too_short, name, file);
        table.add_import_with_flags(&["--alg", "HS512"], too_short, name, file);
        table.add_verify_key("HS256", TOO_SHORT_FOR_HS256, name, file);
    }
    let secret = "0123456789012345678901234567890123456789";
    table.add_import_with_flags(&["--alg", "HS512"], too_short, "40 characters for HS512", secret);
    table.add_verify_key(
        "HS512",
        "secret too short for HS512: found 40 bytes",
        "40 characters for HS512",
        secret,
    );
    table.add_import(
        "unsupported key format: expected PEM, DER, JWK or JWK Set",
        "a secret without --alg",
        secret,
    );
    let base64_flags: &[&str] = &["--alg", "HS256", "--encoding", "base64"];
    for text in ["*", "AAAA*AAA", "AA==AA", "A", "AAAA AAAA", "AAAA\u{feff}AAAA"] {
        let name = format!("base64 {text:?}");
        table.add_import_with_flags(base64_flags, "the secret is not base64", &name, text);
    }
    table.add_import_with_flags(
        base64_flags,
        "the secret is empty",
        "base64 of an empty secret",
        "",
    );
    table
}

/// Returns JWKs of the type `oct` (shared secrets) that are invalid or are used with an unsuitable
/// algorithm.
pub(in crate::hostile) fn oct_jwk_table() -> Table {
    let mut table = Table::default();
    let oct = |k: Value| json!({"kty": "oct", "k": k});
    let valid_jwk = oct(json!("A".repeat(43)));
    let not_base64url = "`k` is not base64url";
    for (name, key) in [
        ("k as a number", oct(json!(5))),
        ("k as an array", oct(json!(["AAAA"]))),
        ("k padded too much", oct(json!("A".repeat(43) + "=="))),
        ("k in the standard base64 alphabet", oct(json!("+/".to_owned() + &"A".repeat(41)))),
        ("k with a space", oct(json!(" ".to_owned() + &"A".repeat(43)))),
        ("k with unused bits set", oct(json!("A".repeat(42) + "B"))),
    ] {
        table.add_import(not_base64url, name, key.to_string());
        table.add_verify_both("HS256", not_base64url, name, key.to_string());
    }
    for (name, key) in [("no k", json!({"kty": "oct"})), ("k null", oct(json!(null)))] {
        table.add_import("`k` missing", name, key.to_string());
        table.add_verify_both("HS256", "`k` missing", name, key.to_string());
    }
    for (name, k_length, message) in [
        ("k empty", 0, "the secret is empty"),
        ("k of 3 bytes", 4, "secret too short"),
        ("k of 31 bytes", 42, "secret too short"),
    ] {
        let key = oct(json!("A".repeat(k_length))).to_string();
        table.add_import(message, name, &key);
        table.add_verify_both("HS256", message, name, &key);
    }
    for alg in ["RS256", "ES256", "HS384", "HS512", "EdDSA"] {
        let key = with_member(&valid_jwk, "alg", alg).to_string();
        let message = if alg.starts_with("HS") { "secret too short" } else { UNSUITABLE };
        table.add_import(message, &format!("oct with alg {alg}"), &key);
        let message = if alg.starts_with("HS") {
            "secret too short"
        } else {
            "unsuitable for its `alg`: found a shared secret"
        };
        table.add_verify_both("HS256", message, &format!("oct with alg {alg}"), &key);
    }
    for flags in [&["--alg", "RS256"], &["--alg", "ES256"]] {
        table.add_import_with_flags(
            flags,
            UNSUITABLE,
            &format!("oct for {}", flags[1]),
            valid_jwk.to_string(),
        );
    }
    table.add_verify_key("RS256", UNSUITABLE, "oct for RS256", valid_jwk.to_string());
    let hs256_jwk = with_member(&valid_jwk, "alg", "HS256").to_string();
    table.add_import_with_flags(
        &["--alg", "HS384"],
        UNSUITABLE,
        "oct with alg HS256 for HS384",
        hs256_jwk,
    );
    table
}

/// Returns invalid JWK Sets, malformed public JWKs, and public JWKs and sets that are used with an
/// unsuitable algorithm.
pub(in crate::hostile) fn jwk_set_table() -> Table {
    let mut table = Table::default();
    let key = public_jwk(&ed25519_jwk().to_string());
    let nested_arrays =
        |levels| format!("{{\"keys\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (not_array, duplicate) = ("`keys` is not an array", "duplicate member name");
    let (not_object, missing_type) = ("not an object", "`kty` missing");
    for (message, name, text) in [
        (not_array, "keys is an object", json!({ "keys": key }).to_string()),
        ("found JSON without a key", "keys is null", "{\"keys\":null}".to_owned()),
        (not_array, "keys is a string", "{\"keys\":\"[]\"}".to_owned()),
        ("no keys found, expected at least one key", "keys is empty", "{\"keys\":[]}".to_owned()),
        (not_object, "a number", "{\"keys\":[1]}".to_owned()),
        (not_object, "a string", "{\"keys\":[\"key\"]}".to_owned()),
        (not_object, "a set in a set", json!({"keys": [[key]]}).to_string()),
        (not_object, "arrays nested 100 deep", nested_arrays(100)),
        (not_object, "100,000 numbers", format!("{{\"keys\":[{}0]}}", "0,".repeat(100_000))),
        (missing_type, "60,000 empty keys", format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(60_000))),
        (missing_type, "`keys` in a key", json!({"keys": [{"keys": [key]}]}).to_string()),
        ("a key in a member", "`Keys` in place of `keys`", json!({"Keys": [key]}).to_string()),
        (not_object, "30,000 nested arrays", {
            format!("{{\"keys\":[{}0]}}", "[[[]]],".repeat(30_000))
        }),
        (duplicate, "keys twice", format!("{{\"keys\":[{key}],\"keys\":[{key}]}}")),
        (duplicate, "kty twice", format!("{{\"kty\":\"oct\",{}", &key.to_string()[1..])),
        ("not well-formed JSON", "arrays nested 10,000 deep", nested_arrays(10_000)),
        (
            "not well-formed JSON",
            "truncated",
            json!({"keys": [key]}).to_string().replace("]}", "]"),
        ),
        ("not well-formed JSON", "trailing data", format!("{key}{key}")),
        ("not well-formed JSON", "trailing NUL", format!("{key}\0")),
    ] {
        table.add_verify_set(message, name, text);
    }
    for (message, name, text) in [
        (duplicate, "kty twice", format!("{{\"kty\":\"oct\",{}", &key.to_string()[1..])),
        ("not well-formed JSON", "truncated", key.to_string().replace('}', "")),
        ("not well-formed JSON", "trailing NUL", format!("{key}\0")),
    ] {
        table.add_verify_key("HS256", message, name, &text);
        table.add_verify_key("RS256", message, name, &text);
    }
    for (name, text) in [
        ("a set", json!({"keys": [key]}).to_string()),
        ("another algorithm", with_member(&key, "alg", "EdDSA").to_string()),
    ] {
        table.add_verify_key("HS256", NOT_A_SECRET, name, &text);
        table.add_verify_key("RS256", UNSUITABLE, name, &text);
    }
    table
}

#[test]
fn asymmetric_keys_are_refused_for_hmac_and_unsuitable_algorithms() {
    asymmetric_key_as_secret_table().assert_rejected();
}

#[test]
fn invalid_secrets_and_secret_without_algorithm_are_refused() {
    secret_table().assert_rejected();
}

#[test]
fn invalid_oct_jwks_are_refused() {
    oct_jwk_table().assert_rejected();
}

#[test]
fn invalid_jwk_sets_and_unsuitable_public_keys_are_refused() {
    jwk_set_table().assert_rejected();
}
