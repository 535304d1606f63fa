//! Invalid shared secrets, and invalid sets of public keys.

use super::Table;
use super::jwk::with_member;
use super::private_keys::{ed25519, p256, rsa};
use crate::hostile::provider::{P256, P256_PUBLIC, RSA, RSA_PUBLIC, public};
use crate::hostile::signer::decode_pem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SSH: &[u8] = include_bytes!("../samples/ssh.pub");
const DISGUISED: &str = "expected a shared secret";
const SHORT: &str = "secret too short: expected at least 32 bytes, the size of the hash";
const NO_FIT: &str = "unsuitable for the algorithm";

/// Public keys as shared secrets.
pub(in crate::hostile) fn public_keys() -> Table {
    let mut table = Table::default();
    let hs256 = &["--alg", "HS256"];
    for (name, public_pem, private_pem, jwk) in
        [("RSA", RSA_PUBLIC, RSA, rsa()), ("P-256", P256_PUBLIC, P256, p256())]
    {
        let der = decode_pem(public_pem);
        let base64 = STANDARD.encode(&der);
        let jwk = public(&jwk.to_string()).to_string();
        let utf_16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let (head, tail) = base64.split_at(64);
        for (encoding, file) in [
            ("DER", der.clone()),
            ("DER and a line break", [&der[..], b"\n"].concat()),
            ("DER in base64", base64.clone().into_bytes()),
            ("DER in base64 on two lines", format!("{head}\n{tail}\n").into_bytes()),
            ("private DER", decode_pem(private_pem)),
            ("JWK behind a byte order mark", format!("\u{feff}{jwk}").into_bytes()),
            ("JWK in UTF-16", [&[0xFF, 0xFE][..], &utf_16(&jwk)].concat()),
            ("PEM in UTF-16", utf_16(public_pem)),
        ] {
            table.import_as(hs256, DISGUISED, &format!("{name} {encoding}"), &file);
            table.verify_key("HS256", DISGUISED, &format!("{name} {encoding}"), &file);
        }
        let no_private = "the PEM has no private key";
        let with_bom = format!("\u{feff}{public_pem}");
        for (encoding, file) in [("PEM", public_pem), ("PEM behind a mark", &with_bom)] {
            table.import_as(hs256, no_private, &format!("{name} {encoding}"), file);
            table.verify_key("HS256", NO_FIT, &format!("{name} {encoding}"), file);
        }
        table.import_as(hs256, NO_FIT, &format!("{name} private PEM"), private_pem);
        table.verify_key(
            "HS256",
            "found a private key",
            &format!("{name} private PEM"),
            private_pem,
        );
        table.import_as(hs256, "missing private part", &format!("{name} JWK"), &jwk);
        table.verify_key("HS256", NO_FIT, &format!("{name} JWK"), &jwk);
    }
    table.import_as(hs256, DISGUISED, "SSH", SSH);
    table.verify_key("HS256", DISGUISED, "SSH", SSH);
    for flags in [&["--alg", "ES384"], &["--alg", "RS256"], &["--alg", "EdDSA"]] {
        table.import_as(flags, NO_FIT, "P-256 for another algorithm", P256);
    }
    table
}

pub(in crate::hostile) fn secrets() -> Table {
    let mut table = Table::default();
    let weak = "secret too short for";
    for (name, file) in [("nothing", ""), ("a line break", "\n"), ("CR LF", "\r\n")] {
        table.import_as(&["--alg", "HS256"], "the secret is empty", name, file);
        table.import_as(&["--alg", "HS256", "--allow-weak"], "the secret is empty", name, file);
        table.verify_key("HS256", SHORT, name, file);
    }
    for (name, file) in [("a password", "secret"), ("31 signs", "0123456789012345678901234567890")]
    {
        table.import_as(&["--alg", "HS256"], weak, name, file);
        table.import_as(&["--alg", "HS512"], weak, name, file);
        table.verify_key("HS256", SHORT, name, file);
    }
    let good = "0123456789012345678901234567890123456789";
    table.import_as(&["--alg", "HS512"], weak, "40 signs for HS512", good);
    table.verify_key("HS512", NO_FIT, "40 signs for HS512", good);
    table.import(
        "unsupported key format: expected PEM, DER, JWK or JWK Set",
        "a secret without --alg",
        good,
    );
    let base64: &[&str] = &["--alg", "HS256", "--encoding", "base64"];
    for text in ["*", "AAAA*AAA", "AA==AA", "A", "AAAA\nAAAA", "AAAA AAAA", "\u{feff}AAAA"] {
        let name = format!("base64 {text:?}");
        table.import_as(base64, "the secret is not base64", &name, text);
    }
    table.import_as(base64, "the secret is empty", "base64 of nothing", "");
    table
}

/// JWKs of type `oct`.
pub(in crate::hostile) fn jwks() -> Table {
    let mut table = Table::default();
    let oct = |k: Value| json!({"kty": "oct", "k": k});
    let good = oct(json!("A".repeat(43)));
    let not_base64url = "`k` is not base64url";
    for (name, key) in [
        ("no k", json!({"kty": "oct"})),
        ("k a number", oct(json!(5))),
        ("k null", oct(json!(null))),
        ("k an array", oct(json!(["AAAA"]))),
        ("k padded", oct(json!("A".repeat(43) + "="))),
        ("k of the other alphabet", oct(json!("+/".to_owned() + &"A".repeat(41)))),
        ("k with a space", oct(json!(" ".to_owned() + &"A".repeat(43)))),
        ("k with unused bits set", oct(json!("A".repeat(42) + "B"))),
    ] {
        table.import(not_base64url, name, key.to_string());
        table.verify_both("HS256", not_base64url, name, key.to_string());
    }
    for (name, k, message) in [
        ("k empty", 0, "the secret is empty"),
        ("k of 3 bytes", 4, "secret too short"),
        ("k of 31 bytes", 42, "secret too short"),
    ] {
        let key = oct(json!("A".repeat(k))).to_string();
        table.import(message, name, &key);
        table.verify_both("HS256", SHORT, name, &key);
    }
    for alg in ["RS256", "ES256", "HS384", "HS512", "EdDSA"] {
        let key = with_member(&good, "alg", alg).to_string();
        let message = if alg.starts_with("HS") { "secret too short" } else { NO_FIT };
        table.import(message, &format!("oct with alg {alg}"), &key);
        let message = "unsuitable for its `alg`, or too short";
        table.verify_both("HS256", message, &format!("oct with alg {alg}"), &key);
    }
    for flags in [&["--alg", "RS256"], &["--alg", "ES256"]] {
        table.import_as(flags, NO_FIT, &format!("oct for {}", flags[1]), good.to_string());
    }
    table.verify_key("RS256", NO_FIT, "oct for RS256", good.to_string());
    let hs384 = with_member(&good, "alg", "HS256").to_string();
    table.import_as(&["--alg", "HS384"], NO_FIT, "oct with alg HS256 for HS384", hs384);
    table
}

/// Sets of public keys.
pub(in crate::hostile) fn sets() -> Table {
    let mut table = Table::default();
    let key = public(&ed25519().to_string());
    let named = with_member(&key, "kid", "a");
    let other = with_member(&public(&p256().to_string()), "kid", "a");
    let deep = |levels| format!("{{\"keys\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (array, twice) = ("`keys` is not an array", "duplicate member name");
    let (object, unknown) =
        ("not an object", "unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric");
    for (message, name, text) in [
        (array, "keys an object", json!({ "keys": key }).to_string()),
        (array, "keys null", "{\"keys\":null}".to_owned()),
        (array, "keys text", "{\"keys\":\"[]\"}".to_owned()),
        ("the JWK Set is empty", "no keys", "{\"keys\":[]}".to_owned()),
        (object, "a number", "{\"keys\":[1]}".to_owned()),
        (object, "a text", "{\"keys\":[\"key\"]}".to_owned()),
        (object, "a set in a set", json!({"keys": [[key]]}).to_string()),
        (object, "100 deep", deep(100)),
        (object, "100,000 numbers", format!("{{\"keys\":[{}0]}}", "0,".repeat(100_000))),
        (unknown, "60,000 empty keys", format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(60_000))),
        (unknown, "keys in a key", json!({"keys": [{"keys": [key]}]}).to_string()),
        (unknown, "a set of another name", json!({"Keys": [key]}).to_string()),
        (object, "30,000 arrays in arrays", {
            format!("{{\"keys\":[{}0]}}", "[[[]]],".repeat(30_000))
        }),
        ("two keys have the same `kid`", "kid twice", json!({"keys": [named, other]}).to_string()),
        (
            "two keys have the same `kid`",
            "a key twice",
            json!({"keys": [named, named]}).to_string(),
        ),
        (twice, "keys twice", format!("{{\"keys\":[{key}],\"keys\":[{key}]}}")),
        (twice, "kty twice", format!("{{\"kty\":\"oct\",{}", &key.to_string()[1..])),
        ("not well-formed JSON", "10,000 deep", deep(10_000)),
        ("not well-formed JSON", "cut off", json!({"keys": [key]}).to_string().replace("]}", "]")),
        ("not well-formed JSON", "trailing data", format!("{key}{key}")),
        ("not well-formed JSON", "trailing NUL", format!("{key}\0")),
        ("not well-formed JSON", "1e400", format!("{{\"x\":1e400,{}", &key.to_string()[1..])),
    ] {
        table.verify_set(message, name, text);
    }
    for (message, name, text) in [
        (unknown, "a set", json!({"keys": [key]}).to_string()),
        (twice, "kty twice", format!("{{\"kty\":\"oct\",{}", &key.to_string()[1..])),
        ("the JWK is not well-formed JSON", "cut off", key.to_string().replace('}', "")),
        ("the JWK is not well-formed JSON", "trailing NUL", format!("{key}\0")),
        (NO_FIT, "another algorithm", with_member(&key, "alg", "EdDSA").to_string()),
    ] {
        table.verify_key("HS256", message, name, &text);
        table.verify_key("RS256", message, name, &text);
    }
    table
}

#[test]
fn public_key_is_refused_as_secret() {
    public_keys().present();
}

#[test]
fn weak_secrets_are_refused() {
    secrets().present();
}

#[test]
fn secret_jwk_is_validated() {
    jwks().present();
}

#[test]
fn malformed_jwk_sets_are_refused() {
    sets().present();
}
