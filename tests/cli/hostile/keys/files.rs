//! Files without a key, damaged keys, keys in unsupported formats or of unsupported types or sizes,
//! and valid keys for commands or algorithms that expect another kind of key.

use super::Table;
use super::der::{nested_sequences, pem};
use crate::hostile::issuer::{ED25519, P256, P256_PUBLIC, RSA, RSA_PUBLIC};
use crate::hostile::signer::decode_pem;

// Parts of error messages.
const UNKNOWN_FORMAT: &str = "unsupported key format";
const FOUND_PRIVATE_KEY: &str = "found a private key, expected a public key";
const UNSUITABLE: &str = "unsuitable for the algorithm";
const NOT_A_PRIVATE_KEY: &str = "not an RSA, P-256, P-384, P-521 or Ed25519 private key";
const NOT_A_PUBLIC_KEY: &str = "not an RSA, P-256, P-384, P-521 or Ed25519 public key";
const FOUND_PUBLIC_KEY: &str = "found a public key, expected a private key";
const FOUND_CERTIFICATE: &str = "found a certificate, expected a private key";
const NO_KEY_IN_PEM: &str = "the PEM has no supported key";
const TRAILING_DATA: &str = "trailing data after the key";
const ENCRYPTED: &str = "found an encrypted private key";
const DAMAGED: &str = "the PEM is damaged";
const FILE_TOO_LARGE: &str = "key file too large: more than 6291456 bytes";
const MALFORMED_JSON: &str = "not well-formed JSON";
const NON_JSON_TOO_LARGE: &str = "too large: more than 262144 bytes";
const TOO_MANY_SEPARATORS: &str = "too large: more than 250000 commas, colons and opening brackets";

/// Returns files that contain no key, an incomplete key, a key in an unsupported encoding, or too
/// much data.
pub(in crate::hostile) fn non_key_table() -> Table {
    let mut table = Table::default();
    let json = "{\"kty\":\"oct\"}";
    let utf_16: Vec<u8> = json.encode_utf16().flat_map(u16::to_be_bytes).collect();
    // ASCII text in big-endian UTF-16 starts with a zero byte. If this byte is moved to the end,
    // the result is the same text in little-endian UTF-16.
    let utf_16_with_bom = [&[0xFF, 0xFE][..], &utf_16[1..], &[0]].concat();
    let (no_content, missing_secret) = ("key empty", "`k` missing");
    for (name, message, file) in [
        ("empty", no_content, Vec::new()),
        ("a line break", no_content, b"\n".to_vec()),
        ("whitespace", no_content, b" \t\r\n ".to_vec()),
        ("a byte order mark", no_content, b"\xEF\xBB\xBF".to_vec()),
        ("NUL", UNKNOWN_FORMAT, vec![0; 1_000]),
        ("plain text", UNKNOWN_FORMAT, b"this is my key".to_vec()),
        ("JSON in UTF-16", UNKNOWN_FORMAT, utf_16),
        ("JSON in UTF-16 with a byte order mark", missing_secret, utf_16_with_bom),
        ("a byte order mark before JSON", missing_secret, format!("\u{feff}{json}").into_bytes()),
        ("a JSON array", missing_secret, format!("[{json}]").into_bytes()),
        ("a JSON array of numbers", UNKNOWN_FORMAT, b"[1]".to_vec()),
        ("a JSON string", UNKNOWN_FORMAT, b"\"key\"".to_vec()),
        ("an SSH key", UNKNOWN_FORMAT, include_bytes!("../samples/ssh.pub").to_vec()),
        ("bytes that are not UTF-8", UNKNOWN_FORMAT, vec![0xFF; 64]),
        ("truncated DER", UNKNOWN_FORMAT, vec![0x31, 0x82, 0x01]),
    ] {
        table.add_import(message, name, &file);
        table.add_verify_both("RS256", message, name, &file);
    }
    let large = vec![0; 64_000_000];
    let repeated = |item: &[u8], count| [&b"{\"keys\":["[..], &item.repeat(count)].concat();
    for (name, message, file) in [
        ("64 MB of NUL", FILE_TOO_LARGE, large),
        ("100,000 keys, unterminated", MALFORMED_JSON, repeated(b"{},", 100_000)),
        ("1,500,000 arrays", TOO_MANY_SEPARATORS, repeated(b"[],", 1_500_000)),
        ("5,000,000 unclosed arrays", TOO_MANY_SEPARATORS, repeated(b"[", 5_000_000)),
        ("5 MB of base64", NON_JSON_TOO_LARGE, b"AAAA".repeat(1_250_000)),
    ] {
        table.add_import(message, name, &file);
        table.add_verify_both("RS256", message, name, &file);
    }
    table
}

/// Returns damaged private keys, and valid keys for commands or algorithms that expect another kind
/// of key or a single key.
pub(in crate::hostile) fn damaged_private_key_table() -> Table {
    let mut table = Table::default();
    for (name, text) in [("RSA", RSA), ("P-256", P256), ("Ed25519", ED25519)] {
        let der = decode_pem(text);
        let half = &der[..der.len() / 2];
        let with_trailing_byte = [&der[..], &[0]].concat();
        for (defect, file) in [
            ("with half of the DER", pem("PRIVATE KEY", half)),
            ("with empty DER", pem("PRIVATE KEY", b"")),
            ("with zeros as DER", pem("PRIVATE KEY", &vec![0; der.len()])),
            ("with nested sequences", pem("PRIVATE KEY", &nested_sequences(10_000))),
        ] {
            table.add_import(NOT_A_PRIVATE_KEY, &format!("{name} PEM {defect}"), file);
        }
        table.add_import(NOT_A_PRIVATE_KEY, &format!("{name} DER cut in half"), half);
        table.add_import(
            TRAILING_DATA,
            &format!("{name} PEM with a trailing byte"),
            pem("PRIVATE KEY", &with_trailing_byte),
        );
        table.add_import(
            TRAILING_DATA,
            &format!("{name} DER with a trailing byte"),
            with_trailing_byte,
        );
        table.add_import(TRAILING_DATA, &format!("{name} DER twice"), der.repeat(2));
        let (first, last) = text.split_at(text.len() / 2);
        table.add_import(DAMAGED, &format!("{name} PEM without its second half"), first);
        table.add_import(UNKNOWN_FORMAT, &format!("{name} PEM without its first half"), last);
        let wrong_end = text.replace("END PRIVATE", "END PUBLIC");
        table.add_import(DAMAGED, &format!("{name} PEM with another END label"), wrong_end);
        table.add_import(
            DAMAGED,
            &format!("{name} PEM with an invalid base64 character"),
            // The base64 starts with `MI` (RSA and P-256) or `MC` (Ed25519).
            text.replacen("MI", "M*", 1).replacen("MC", "M*", 1),
        );
        let relabelled = text.replace("PRIVATE KEY", "X PRIVATE KEY");
        table.add_import(NO_KEY_IN_PEM, &format!("{name} PEM with another label"), relabelled);
        table.add_verify_key("ES384", UNSUITABLE, &format!("{name} PEM"), text);
        table.add_verify_key("ES384", UNSUITABLE, &format!("{name} DER"), &der);
        table.add_verify_key("HS256", "expected a shared secret", &format!("{name} PEM"), text);
        table.add_verify_key("HS256", "expected a shared secret", &format!("{name} DER"), &der);
        table.add_verify_set(FOUND_PRIVATE_KEY, &format!("{name} PEM"), text);
    }
    table.add_import("several private keys", "two keys", [P256, RSA].concat());
    table.add_import(FOUND_PUBLIC_KEY, "a public key", P256_PUBLIC);
    table.add_import(DAMAGED, "the first line of a PEM", "-----BEGIN PRIVATE KEY-----");
    table.add_import(NOT_A_PRIVATE_KEY, "nested DER", nested_sequences(40_000));
    table.add_import(
        NOT_A_PRIVATE_KEY,
        "nested PEM",
        pem("PRIVATE KEY", &nested_sequences(30_000)),
    );
    table
}

/// Returns damaged public keys, and valid public keys for an algorithm of another key type.
pub(in crate::hostile) fn damaged_public_key_table() -> Table {
    let mut table = Table::default();
    for (name, text, alg) in [("RSA", RSA_PUBLIC, "RS256"), ("P-256", P256_PUBLIC, "ES256")] {
        let der = decode_pem(text);
        let label = "PUBLIC KEY";
        for (defect, message, file) in [
            ("with half of the DER", NOT_A_PUBLIC_KEY, pem(label, &der[..der.len() / 2])),
            ("with empty DER", NOT_A_PUBLIC_KEY, pem(label, b"")),
            ("with zeros as DER", NOT_A_PUBLIC_KEY, pem(label, &vec![0; der.len()])),
            ("with nested sequences", NOT_A_PUBLIC_KEY, pem(label, &nested_sequences(30_000))),
            (
                "as PKCS#1, with nested sequences",
                NOT_A_PUBLIC_KEY,
                pem("RSA PUBLIC KEY", &nested_sequences(30_000)),
            ),
            ("with another label", NO_KEY_IN_PEM, pem("X", &der)),
            ("as a certificate", "the certificate has no RSA", pem("CERTIFICATE", &der)),
            ("as a private key", NOT_A_PRIVATE_KEY, pem("PRIVATE KEY", &der)),
            ("without its second half", DAMAGED, text[..text.len() / 2].to_owned()),
            ("with another END label", DAMAGED, text.replace("END PUBLIC", "END PRIVATE")),
            ("for HMAC", "expected a shared secret", text.to_owned()),
        ] {
            let alg = if defect == "for HMAC" { "HS256" } else { alg };
            table.add_verify_key(alg, message, &format!("{name} PEM {defect}"), &file);
            if message == DAMAGED {
                table.add_verify_key("HS256", message, &format!("{name} PEM {defect}"), &file);
            }
        }
        let other_alg = if alg == "RS256" { "ES256" } else { "RS256" };
        table.add_verify_key(
            other_alg,
            "unsuitable for the algorithm",
            &format!("{name} PEM for {other_alg}"),
            text,
        );
    }
    table
}

/// Returns private and public keys in unsupported formats or of unsupported types or sizes, and a
/// certificate in place of a private key.
pub(in crate::hostile) fn unsupported_type_table() -> Table {
    let mut table = Table::default();
    macro_rules! sample {
        ($name:literal) => {
            ($name, include_str!(concat!("../samples/", $name, ".pem")))
        };
    }
    let rsa_too_small = "RSA key too small: expected at least 2,048 bits";
    for ((name, text), message) in [
        (sample!("encrypted"), ENCRYPTED),
        (sample!("legacy"), ENCRYPTED),
        (sample!("openssh"), "found an OpenSSH private key"),
        (sample!("certificate"), FOUND_CERTIFICATE),
        (sample!("dsa"), NOT_A_PRIVATE_KEY),
        (sample!("dh"), NOT_A_PRIVATE_KEY),
        (sample!("x25519"), NOT_A_PRIVATE_KEY),
        (sample!("ed448"), NOT_A_PRIVATE_KEY),
        (sample!("secp256k1"), NOT_A_PRIVATE_KEY),
        (sample!("p224"), NOT_A_PRIVATE_KEY),
        (sample!("pss"), "found an RSA-PSS key"),
        (sample!("rsa1024"), rsa_too_small),
        (sample!("rsa512"), rsa_too_small),
    ] {
        table.add_import(message, name, text);
        // `token verify` accepts a certificate as a public key.
        if name != "certificate" {
            table.add_verify_key("RS256", message, name, text);
            let message = if message.starts_with("found") { message } else { FOUND_PRIVATE_KEY };
            table.add_verify_set(message, name, text);
        }
    }
    let rsa_size_out_of_range = "RSA key size out of range: expected 2,048 to 8,192 bits";
    for ((name, text), message) in [
        (sample!("dsa.pub"), NOT_A_PUBLIC_KEY),
        (sample!("dh.pub"), NOT_A_PUBLIC_KEY),
        (sample!("x25519.pub"), NOT_A_PUBLIC_KEY),
        (sample!("ed448.pub"), NOT_A_PUBLIC_KEY),
        (sample!("secp256k1.pub"), NOT_A_PUBLIC_KEY),
        (sample!("p224.pub"), NOT_A_PUBLIC_KEY),
        (sample!("explicit.pub"), NOT_A_PUBLIC_KEY),
        (sample!("pss.pub"), "found an RSA-PSS key"),
        (sample!("rsa1024.pub"), rsa_size_out_of_range),
        (sample!("rsa512.pub"), rsa_size_out_of_range),
    ] {
        for alg in ["RS256", "ES256"] {
            table.add_verify_key(alg, message, name, text);
        }
        table.add_verify_key("HS256", "expected a shared secret", name, text);
    }
    table
}

#[test]
fn files_without_readable_key_are_refused() {
    non_key_table().assert_rejected();
}

#[test]
fn damaged_or_unexpected_private_keys_are_refused() {
    damaged_private_key_table().assert_rejected();
}

#[test]
fn damaged_or_unsuitable_public_keys_are_refused() {
    damaged_public_key_table().assert_rejected();
}

#[test]
fn keys_of_unsupported_format_type_or_size_are_refused() {
    unsupported_type_table().assert_rejected();
}
