//! Private JWKs and JWK Sets, for `keys import`.

use super::material::{ed25519, next, other_rsa, p256, p384, rsa, with, wrong_rsa};
use super::{BAD_LENGTH, NO_MATCH, Table, UNKNOWN_TYPE};
use crate::hostile::signer::{P256_ORDER, P384_ORDER, hex, of_member};
use serde_json::{Value, json};

const NO_KEY: &str = "not an RSA, P-256, P-384 or Ed25519 private key";
const NO_ALGORITHM: &str = "not one of HS256, ";
const NO_PRIVATE: &str = "missing private part (`d`), which signing requires";

/// Returns the JWK with that member.
pub(super) fn set(jwk: &Value, member: &str, value: impl Into<Value>) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = value.into();
    jwk
}

pub(super) fn without(jwk: &Value, member: &str) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().shift_remove(member).unwrap();
    jwk
}

impl Table {
    fn jwk(&mut self, said: &str, name: &str, jwk: &Value) {
        self.import(said, name, jwk.to_string());
        let set = json!({ "keys": [jwk] }).to_string();
        self.import(said, &format!("{name}, in a set"), set);
    }
}

/// Invalid metadata: `kty`, `crv`, `alg`, `use`, `key_ops` and `kid`.
pub(in crate::hostile) fn members() -> Table {
    let mut table = Table::default();
    let key = ed25519();
    for kty in [json!("okp"), json!("EC"), json!("RSA "), json!("none"), json!(1), json!(["OKP"])] {
        table.jwk(UNKNOWN_TYPE, &format!("kty {kty}"), &set(&key, "kty", kty));
    }
    table.jwk(UNKNOWN_TYPE, "kty null", &set(&key, "kty", Value::Null));
    table.jwk(UNKNOWN_TYPE, "no kty", &without(&key, "kty"));
    for crv in ["ed25519", "Ed448", "X25519", "X448", "P-256", ""] {
        table.jwk(UNKNOWN_TYPE, &format!("crv {crv:?}"), &set(&key, "crv", crv));
    }
    for key in [&key, &p256(), &p384()] {
        table.jwk(UNKNOWN_TYPE, &format!("{} without crv", key["crv"]), &without(key, "crv"));
        table.jwk(UNKNOWN_TYPE, &format!("{} as a number", key["crv"]), &set(key, "crv", 256));
        table.jwk(NO_PRIVATE, &format!("{} without d", key["crv"]), &without(key, "d"));
    }
    for crv in ["p-256", "secp256k1", "P-521", "P-224"] {
        table.jwk(UNKNOWN_TYPE, &format!("crv {crv}"), &set(&p256(), "crv", crv));
    }
    for alg in ["none", "None", "ES512", "RSA-OAEP", "A128GCM", "eddsa", "Ed25519", ""] {
        table.jwk(NO_ALGORITHM, &format!("alg {alg:?}"), &set(&key, "alg", alg));
    }
    for alg in [json!(null), json!(1), json!(["EdDSA"])] {
        table.jwk("`alg` is not a string", &format!("alg {alg}"), &set(&key, "alg", alg));
    }
    for (key, alg) in [
        (&key, "ES256"),
        (&key, "HS256"),
        (&p256(), "ES384"),
        (&p384(), "ES256"),
        (&rsa(), "HS256"),
    ] {
        let name = format!("{} of {} with alg {alg}", key["kty"], key["crv"]);
        table.jwk("unsuitable for the algorithm", &name, &set(key, "alg", alg));
    }
    for purpose in [json!("enc"), json!("SIG"), json!(""), json!(null), json!(["sig"])] {
        let name = format!("use {purpose}");
        table.jwk("not for signatures (`use`)", &name, &set(&key, "use", purpose));
    }
    for operations in [json!([]), json!(["verify"]), json!(["encrypt"]), json!("sign"), json!(null)]
    {
        let name = format!("key_ops {operations}");
        table.jwk("not for signatures (`key_ops`)", &name, &set(&key, "key_ops", operations));
    }
    for kid in [json!(1), json!(null), json!(["a"])] {
        table.jwk("`kid` is not a string", &format!("kid {kid}"), &set(&key, "kid", kid));
    }
    table
}

/// Members that are not base64url or have the wrong length.
pub(in crate::hostile) fn lengths() -> Table {
    let mut table = Table::default();
    for (key, names) in [
        (ed25519(), &["d", "x"][..]),
        (p256(), &["d", "x", "y"]),
        (rsa(), &["n", "e", "d", "p", "q", "dp", "dq", "qi"]),
    ] {
        for name in names {
            let text = key[*name].as_str().unwrap();
            let odd = [
                ("padded", format!("{text}=")),
                ("with a space", format!(" {text}")),
                ("with a line break", format!("{text}\n")),
                ("of the other alphabet", format!("+/{}", &text[2..])),
                ("with a NUL", format!("{text}\0")),
            ];
            let said = format!("`{name}` is not base64url");
            for (what, text) in odd {
                let row = format!("{} {name} {what}", key["kty"]);
                table.import(&said, &row, set(&key, name, text).to_string());
            }
            table.jwk(&said, &format!("{} {name} a number", key["kty"]), &set(&key, name, 5));
        }
    }
    for (key, names) in [(p256(), ["d", "x", "y"]), (p384(), ["d", "x", "y"])] {
        for name in names {
            let bytes = of_member(&key, name);
            for (what, bytes) in [
                ("empty", Vec::new()),
                ("a byte short", bytes[1..].to_vec()),
                ("a byte more", [&bytes[..], &[0]].concat()),
                ("a zero before it", [&[0], &bytes[..]].concat()),
                ("twice", bytes.repeat(2)),
            ] {
                let what = format!("{} {name} {what}", key["crv"]);
                table.import(BAD_LENGTH, &what, with(&key, name, bytes).to_string());
            }
        }
    }
    let key = ed25519();
    let (d, x) = (of_member(&key, "d"), of_member(&key, "x"));
    for size in [0, 1, 31, 33, 64] {
        let name = format!("Ed25519 d of {size} bytes");
        let long: Vec<u8> = d.iter().chain(&x).copied().take(size).collect();
        table.jwk("`d` is not 32 bytes long", &name, &with(&key, "d", long));
    }
    table
}

/// Inconsistent numbers.
pub(in crate::hostile) fn numbers() -> Table {
    let mut table = Table::default();
    let mut refused =
        |said: &str, name: &str, key: &Value| table.import(said, name, key.to_string());
    for (key, other, order) in
        [(p256(), p384(), hex(P256_ORDER)), (p384(), p256(), hex(P384_ORDER))]
    {
        let (crv, d) = (key["crv"].as_str().unwrap(), of_member(&key, "d"));
        for (name, d) in [
            ("zero", vec![0; d.len()]),
            ("of another key", next(&d)),
            ("the order", order.clone()),
            ("more than the order", next(&order)),
            ("all ones", vec![0xFF; d.len()]),
        ] {
            refused(NO_MATCH, &format!("{crv} d {name}"), &with(&key, "d", d));
        }
        for name in ["x", "y"] {
            let (one, zero) = (next(&of_member(&key, name)), vec![0; d.len()]);
            refused(NO_MATCH, &format!("{crv} {name} and one"), &with(&key, name, one));
            refused(NO_MATCH, &format!("{crv} {name} zero"), &with(&key, name, zero));
        }
        let mut swapped = key.clone();
        (swapped["x"], swapped["y"]) = (key["y"].clone(), key["x"].clone());
        refused(NO_MATCH, &format!("{crv} x and y swapped"), &swapped);
        let renamed = set(&key, "crv", other["crv"].clone());
        refused(BAD_LENGTH, &format!("{crv} under the other's name"), &renamed);
    }
    let key = ed25519();
    let x = of_member(&key, "x");
    let neutral = [&[1][..], &[0; 31]].concat();
    for (name, x) in [
        ("of another key", next(&x)),
        ("of 31 bytes", x[..31].to_vec()),
        ("of 33 bytes", [&x[..], &[0]].concat()),
        ("of small order", neutral),
        ("empty", Vec::new()),
    ] {
        refused(NO_MATCH, &format!("Ed25519 x {name}"), &with(&key, "x", x));
    }
    refused(NO_MATCH, "Ed25519 d zero", &with(&key, "d", [0; 32]));
    table
}

pub(in crate::hostile) fn rsa_numbers() -> Table {
    let mut table = Table::default();
    for (name, jwk) in wrong_rsa() {
        let said = if ["n zero", "e 0"].contains(&name.as_str()) { NO_KEY } else { NO_MATCH };
        table.import(said, &format!("RSA JWK: {name}"), jwk.to_string());
    }
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let said =
            if name == "d" { NO_PRIVATE.to_owned() } else { format!("`{name}` is not base64url") };
        table.jwk(&said, &format!("RSA without {name}"), &without(&rsa(), name));
    }
    for oth in [json!([]), json!(null), json!([{"r": "AQ", "d": "AQ", "t": "AQ"}])] {
        let name = format!("RSA with oth {oth}");
        table.jwk(
            "RSA keys with more than two primes are not supported",
            &name,
            &set(&rsa(), "oth", oth),
        );
    }
    table
}

/// Malformed JWKs and JWK Sets.
pub(in crate::hostile) fn texts() -> Table {
    let mut table = Table::default();
    let key = ed25519().to_string();
    let inner = &key[1..key.len() - 1];
    let (no_json, twice) = ("not well-formed JSON", "duplicate member name");
    let deep = |levels| format!("{{\"keys\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for (said, name, text) in [
        (no_json, "cut off", key[..key.len() - 1].to_owned()),
        (no_json, "two keys in a row", format!("{key}{key}")),
        (no_json, "a comment", format!("{{/**/{inner}}}")),
        (no_json, "1e400", format!("{{{inner},\"x\":1e400}}")),
        (no_json, "10,000 deep", deep(10_000)),
        (no_json, "100,000 open", "{\"a\":".repeat(50_000)),
        (twice, "kty twice", format!("{{\"kty\":\"oct\",{inner}}}")),
        (twice, "d twice", format!("{{{inner},\"d\":\"AAAA\"}}")),
        (twice, "d twice, one escaped", format!("{{{inner},\"\\u0064\":\"AAAA\"}}")),
        (twice, "keys twice", format!("{{\"keys\":[{key}],\"keys\":[]}}")),
        ("`keys` is not an array", "keys an object", format!("{{\"keys\":{key}}}")),
        ("`keys` is not an array", "keys null", format!("{{\"keys\":null,{inner}}}")),
        ("`keys` is not an array", "no keys", "{\"keys\":[]}".to_owned()),
        ("key 1 of 1: not an object", "a number", "{\"keys\":[1]}".to_owned()),
        ("key 2 of 2: not an object", "a key and null", format!("{{\"keys\":[{key},null]}}")),
        ("key 1 of 1: not an object", "100 deep", deep(100)),
        (NO_PRIVATE, "an empty object", "{}".to_owned()),
        (NO_PRIVATE, "60,000 empty keys", format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(60_000))),
        ("not an object", "100,000 numbers", format!("{{\"keys\":[{}0]}}", "0,".repeat(100_000))),
        ("key 2 of 2: unsuitable", "a bad key behind a good one", {
            let bad = set(&other_rsa(), "alg", "ES256");
            format!("{{\"keys\":[{key},{bad}]}}")
        }),
        ("two keys have the same `kid`", "kid twice", {
            let named = set(&ed25519(), "kid", "a");
            let other = set(&p256(), "kid", "a");
            format!("{{\"keys\":[{named},{other}]}}")
        }),
    ] {
        table.import(said, name, text);
    }
    table
}

#[test]
fn private_jwk_metadata_is_validated() {
    members().present();
}

#[test]
fn private_jwk_member_lengths_are_validated() {
    lengths().present();
}

#[test]
fn inconsistent_private_jwk_is_refused() {
    numbers().present();
}

#[test]
fn inconsistent_private_rsa_jwk_is_refused() {
    rsa_numbers().present();
}

#[test]
fn malformed_jwk_documents_are_refused() {
    texts().present();
}
