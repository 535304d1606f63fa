//! Invalid private JWKs and JWK Sets, for `keys import`.

use super::private_keys::{
    ed25519_jwk, inconsistent_rsa_jwks, increment, other_rsa_jwk, p256_jwk, p384_jwk, p521_jwk,
    rsa_jwk, with_bytes,
};
use super::{BAD_LENGTH, INCONSISTENT, Table, UNKNOWN_TYPE, with_member, without_member};
use crate::hostile::signer::{P256_ORDER, P384_ORDER, decode_hex, decode_member};
use serde_json::{Value, json};

const NOT_A_PRIVATE_KEY: &str = "not an RSA, P-256, P-384, P-521 or Ed25519 private key";
const UNKNOWN_ALGORITHM: &str = "not one of HS256, ";
const NO_PRIVATE_PART: &str = "missing private part (`d`), which signing requires";

impl Table {
    /// Adds a private JWK that `keys import` must refuse, alone and in a set.
    fn add_jwk(&mut self, message: &str, name: &str, jwk: &Value) {
        self.add_import(message, name, jwk.to_string());
        let set = json!({ "keys": [jwk] }).to_string();
        self.add_import(message, &format!("{name}, in a set"), set);
    }
}

/// Returns private JWKs with an invalid `kty`, `crv`, `alg`, `use`, `key_ops` or `kid`, or no `d`.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(in crate::hostile) fn metadata_table() -> Table {
    let mut table = Table::default();
    let key = ed25519_jwk();
    for kty in [json!("okp"), json!("EC"), json!("RSA "), json!("none"), json!(1), json!(["OKP"])] {
        table.add_jwk(UNKNOWN_TYPE, &format!("kty {kty}"), &with_member(&key, "kty", kty));
    }
    table.add_jwk("`kty` missing", "kty null", &with_member(&key, "kty", Value::Null));
    table.add_jwk("`kty` missing", "no kty", &without_member(&key, "kty"));
    for crv in ["ed25519", "Ed448", "X25519", "X448", "P-256", ""] {
        table.add_jwk(UNKNOWN_TYPE, &format!("crv {crv:?}"), &with_member(&key, "crv", crv));
    }
    for key in [&key, &p256_jwk(), &p384_jwk()] {
        table.add_jwk(
            "`crv` missing",
            &format!("{} without crv", key["crv"]),
            &without_member(key, "crv"),
        );
        table.add_jwk(
            UNKNOWN_TYPE,
            &format!("{} as a number", key["crv"]),
            &with_member(key, "crv", 256),
        );
        table.add_jwk(
            NO_PRIVATE_PART,
            &format!("{} without d", key["crv"]),
            &without_member(key, "d"),
        );
    }
    for crv in ["p-256", "secp256k1", "P-192", "P-224"] {
        table.add_jwk(UNKNOWN_TYPE, &format!("crv {crv}"), &with_member(&p256_jwk(), "crv", crv));
    }
    for alg in ["none", "None", "ES256K", "RSA-OAEP", "A128GCM", "eddsa", "Ed448", ""] {
        table.add_jwk(UNKNOWN_ALGORITHM, &format!("alg {alg:?}"), &with_member(&key, "alg", alg));
    }
    for alg in [json!(1), json!(["EdDSA"])] {
        table.add_jwk(
            "`alg` is not a string",
            &format!("alg {alg}"),
            &with_member(&key, "alg", alg),
        );
    }
    for (key, alg) in [
        (&key, "ES256"),
        (&key, "HS256"),
        (&key, "ES512"),
        (&p256_jwk(), "ES384"),
        (&p384_jwk(), "ES512"),
        (&p521_jwk(), "ES384"),
        (&p384_jwk(), "ES256"),
        (&rsa_jwk(), "HS256"),
    ] {
        let name = format!("{} of {} with alg {alg}", key["kty"], key["crv"]);
        table.add_jwk("unsuitable for the algorithm", &name, &with_member(key, "alg", alg));
    }
    for key_use in [json!("enc"), json!("SIG"), json!(""), json!(["sig"])] {
        let name = format!("use {key_use}");
        table.add_jwk("`use` is not `sig`", &name, &with_member(&key, "use", key_use));
    }
    for operations in [json!([]), json!(["verify"]), json!(["encrypt"]), json!("sign")] {
        let name = format!("key_ops {operations}");
        table.add_jwk("`key_ops` without `sign`", &name, &with_member(&key, "key_ops", operations));
    }
    for kid in [json!(1), json!(["a"])] {
        table.add_jwk(
            "`kid` is not a string",
            &format!("kid {kid}"),
            &with_member(&key, "kid", kid),
        );
    }
    table
}

/// Returns private JWKs with members that are not base64url or have the wrong length.
pub(in crate::hostile) fn member_encoding_table() -> Table {
    let mut table = Table::default();
    for (key, names) in [
        (ed25519_jwk(), &["d", "x"][..]),
        (p256_jwk(), &["d", "x", "y"]),
        (rsa_jwk(), &["n", "e", "d", "p", "q", "dp", "dq", "qi"]),
    ] {
        for name in names {
            let text = key[*name].as_str().unwrap();
            let malformed = [
                ("padded too much", format!("{text}=====")),
                ("with a space", format!(" {text}")),
                ("with a line break", format!("{text}\n")),
                ("in the standard base64 alphabet", format!("+/{}", &text[2..])),
                ("with a NUL", format!("{text}\0")),
            ];
            let message = format!("`{name}` is not base64url");
            for (defect, text) in malformed {
                let row_name = format!("{} {name} {defect}", key["kty"]);
                table.add_import(&message, &row_name, with_member(&key, name, text).to_string());
            }
            table.add_jwk(
                &message,
                &format!("{} {name} as a number", key["kty"]),
                &with_member(&key, name, 5),
            );
        }
    }
    for (key, names) in [(p256_jwk(), ["d", "x", "y"]), (p384_jwk(), ["d", "x", "y"])] {
        for name in names {
            let bytes = decode_member(&key, name);
            for (defect, bytes) in [
                ("empty", Vec::new()),
                ("one byte shorter", bytes[1..].to_vec()),
                ("one byte longer", [&bytes[..], &[0]].concat()),
                ("leading zero", [&[0], &bytes[..]].concat()),
                ("twice in a row", bytes.repeat(2)),
            ] {
                let row_name = format!("{} {name} {defect}", key["crv"]);
                table.add_import(BAD_LENGTH, &row_name, with_bytes(&key, name, bytes).to_string());
            }
        }
    }
    let key = ed25519_jwk();
    let (d, x) = (decode_member(&key, "d"), decode_member(&key, "x"));
    for size in [0, 1, 31, 33, 64] {
        let name = format!("Ed25519 d of {size} bytes");
        let resized: Vec<u8> = d.iter().chain(&x).copied().take(size).collect();
        table.add_jwk("`d` is not 32 bytes long", &name, &with_bytes(&key, "d", resized));
    }
    table
}

/// Returns private elliptic curve and Ed25519 JWKs with a `d`, `x`, `y` or `crv` that is invalid or
/// does not match the other members.
pub(in crate::hostile) fn inconsistent_member_table() -> Table {
    let mut table = Table::default();
    let mut add =
        |message: &str, name: &str, key: &Value| table.add_import(message, name, key.to_string());
    for (key, other, order) in [
        (p256_jwk(), p384_jwk(), decode_hex(P256_ORDER)),
        (p384_jwk(), p256_jwk(), decode_hex(P384_ORDER)),
    ] {
        let (crv, d) = (key["crv"].as_str().unwrap(), decode_member(&key, "d"));
        for (name, d) in [
            ("= 0", vec![0; d.len()]),
            ("of another key", increment(&d)),
            ("= order", order.clone()),
            ("= order + 1", increment(&order)),
            ("with all bits set", vec![0xFF; d.len()]),
        ] {
            add(INCONSISTENT, &format!("{crv} d {name}"), &with_bytes(&key, "d", d));
        }
        for name in ["x", "y"] {
            let (plus_one, zero) = (increment(&decode_member(&key, name)), vec![0; d.len()]);
            add(INCONSISTENT, &format!("{crv} {name} + 1"), &with_bytes(&key, name, plus_one));
            add(INCONSISTENT, &format!("{crv} {name} = 0"), &with_bytes(&key, name, zero));
        }
        let mut swapped = key.clone();
        (swapped["x"], swapped["y"]) = (key["y"].clone(), key["x"].clone());
        add(INCONSISTENT, &format!("{crv} x and y swapped"), &swapped);
        let with_other_crv = with_member(&key, "crv", other["crv"].clone());
        add(BAD_LENGTH, &format!("{crv} key with another crv"), &with_other_crv);
    }
    let key = ed25519_jwk();
    let x = decode_member(&key, "x");
    let neutral_element = [&[1][..], &[0; 31]].concat();
    for (name, x) in [
        ("of another key", increment(&x)),
        ("of 31 bytes", x[..31].to_vec()),
        ("of 33 bytes", [&x[..], &[0]].concat()),
        ("of small order", neutral_element),
        ("empty", Vec::new()),
    ] {
        add(INCONSISTENT, &format!("Ed25519 x {name}"), &with_bytes(&key, "x", x));
    }
    add(INCONSISTENT, "Ed25519 d = 0", &with_bytes(&key, "d", [0; 32]));
    table
}

/// Returns private RSA JWKs that are inconsistent or incomplete, or that contain `oth`, which is
/// the member for keys with more than two primes.
pub(in crate::hostile) fn rsa_table() -> Table {
    let mut table = Table::default();
    for (name, jwk) in inconsistent_rsa_jwks() {
        let message = if ["n = 0", "e = 0"].contains(&name.as_str()) {
            NOT_A_PRIVATE_KEY
        } else {
            INCONSISTENT
        };
        table.add_import(message, &format!("RSA JWK: {name}"), jwk.to_string());
    }
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let message =
            if name == "d" { NO_PRIVATE_PART.to_owned() } else { format!("`{name}` missing") };
        table.add_jwk(&message, &format!("RSA without {name}"), &without_member(&rsa_jwk(), name));
    }
    for oth in [json!([]), json!([{"r": "AQ", "d": "AQ", "t": "AQ"}])] {
        let name = format!("RSA with oth {oth}");
        table.add_jwk(
            "RSA keys with more than two primes are not supported",
            &name,
            &with_member(&rsa_jwk(), "oth", oth),
        );
    }
    table
}

/// Returns malformed JWKs and JWK Sets, and JWK Sets with an unusable key or a repeated key id.
pub(in crate::hostile) fn document_table() -> Table {
    let mut table = Table::default();
    let key = ed25519_jwk().to_string();
    let members = &key[1..key.len() - 1];
    let (not_json, duplicate_member) = ("not well-formed JSON", "duplicate member name");
    let nested_arrays =
        |levels| format!("{{\"keys\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for (message, name, text) in [
        (not_json, "truncated", key[..key.len() - 1].to_owned()),
        (not_json, "two keys in a row", format!("{key}{key}")),
        (not_json, "a comment", format!("{{/**/{members}}}")),
        (not_json, "arrays nested 10,000 deep", nested_arrays(10_000)),
        (not_json, "50,000 unclosed objects", "{\"a\":".repeat(50_000)),
        (duplicate_member, "kty twice", format!("{{\"kty\":\"oct\",{members}}}")),
        (duplicate_member, "d twice", format!("{{{members},\"d\":\"AAAA\"}}")),
        (duplicate_member, "d twice, one escaped", format!("{{{members},\"\\u0064\":\"AAAA\"}}")),
        (duplicate_member, "keys twice", format!("{{\"keys\":[{key}],\"keys\":[]}}")),
        ("`keys` is not an array", "keys is an object", format!("{{\"keys\":{key}}}")),
        ("no keys found, expected at least one key", "keys is empty", "{\"keys\":[]}".to_owned()),
        ("key: not an object", "a number", "{\"keys\":[1]}".to_owned()),
        ("key 2 of 2: not an object", "a key and null", format!("{{\"keys\":[{key},null]}}")),
        ("key: not an object", "arrays nested 100 deep", nested_arrays(100)),
        ("found JSON without a key", "an empty object", "{}".to_owned()),
        (
            NO_PRIVATE_PART,
            "60,000 empty keys",
            format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(60_000)),
        ),
        ("not an object", "100,000 numbers", format!("{{\"keys\":[{}0]}}", "0,".repeat(100_000))),
        ("key 2 of 2: unsuitable", "an invalid key after a valid key", {
            let unsuitable = with_member(&other_rsa_jwk(), "alg", "ES256");
            format!("{{\"keys\":[{key},{unsuitable}]}}")
        }),
        ("two keys have the same `kid`", "kid twice", {
            let key_with_kid = with_member(&ed25519_jwk(), "kid", "a");
            let other_key_with_kid = with_member(&p256_jwk(), "kid", "a");
            format!("{{\"keys\":[{key_with_kid},{other_key_with_kid}]}}")
        }),
    ] {
        table.add_import(message, name, text);
    }
    table
}

#[test]
fn private_jwks_with_invalid_metadata_or_without_d_are_refused() {
    metadata_table().assert_rejected();
}

#[test]
fn private_jwk_member_encodings_and_lengths_are_validated() {
    member_encoding_table().assert_rejected();
}

#[test]
fn inconsistent_private_ec_or_ed25519_jwk_is_refused() {
    inconsistent_member_table().assert_rejected();
}

#[test]
fn inconsistent_incomplete_or_multi_prime_rsa_jwk_is_refused() {
    rsa_table().assert_rejected();
}

#[test]
fn invalid_jwk_documents_are_refused() {
    document_table().assert_rejected();
}
