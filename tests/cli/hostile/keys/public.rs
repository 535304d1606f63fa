//! Public keys under which signatures prove nothing, for `token verify --key` and `--jwks`.

use super::der::{
    self, edwards_public_key_info, elliptic_public_key_info, pem, rsa_public_key_info,
};
use super::jwk::{with_member, without_member};
use super::private_keys::{ed25519, p256, p384, rsa, with_bytes};
use super::{OFF_CURVE, Table, UNKNOWN_TYPE};
use crate::hostile::provider::public;
use crate::hostile::signer::{decode_member, hex};
use serde_json::{Value, json};

const RSA_LENGTH: &str = "RSA key size out of range: expected 2,048 to 8,192 bits";
const EXPONENT: &str = "the RSA exponent is not an odd number of at least 3";
const EDWARDS: &str = "not an Ed25519 key, or a point of small order";
const PRIVATE: &str = "found a private key, expected a public key";
const NO_PUBLIC_KEY: &str = "not an RSA, P-256, P-384 or Ed25519 public key";

/// Ed25519 points of small order: the eight points, then the non-canonical encodings (a coordinate
/// of 2^255 - 19 or more, or the sign bit of a zero x).
const SMALL_ORDER_POINTS: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// Returns the public part of a private JWK.
fn public_part(jwk: &Value) -> Value {
    public(&jwk.to_string())
}

impl Table {
    /// Adds a key that `--key` must refuse, and `--jwks` both alone and in a set.
    fn add_public(&mut self, algorithm: &'static str, message: &str, name: &str, jwk: &Value) {
        self.verify_both(algorithm, message, name, jwk.to_string());
        let set = json!({ "keys": [jwk] }).to_string();
        self.verify_set(message, &format!("{name}, in a set"), set);
    }
}

pub(in crate::hostile) fn edwards_points() -> Table {
    let mut table = Table::default();
    let key = public_part(&ed25519());
    let x = decode_member(&key, "x");
    let mut points: Vec<(String, Vec<u8>)> = SMALL_ORDER_POINTS
        .iter()
        .map(|point| (format!("small order {point:.4}…{}", &point[62..]), hex(point)))
        .collect();
    let non_canonical = [&[0xF0][..], &[0xFF; 30], &[0x7F]].concat();
    points.push(("2^255 - 16, which is 3".to_owned(), non_canonical));
    points.push(("no point".to_owned(), [&[2][..], &[0; 31]].concat()));
    for (name, size) in [("no bytes", 0), ("31 bytes", 31), ("33 bytes", 33), ("64 bytes", 64)] {
        points.push((name.to_owned(), x.repeat(2)[..size].to_vec()));
    }
    for (name, point) in points {
        table.add_public(
            "EdDSA",
            EDWARDS,
            &format!("Ed25519: {name}"),
            &with_bytes(&key, "x", &point),
        );
        let message = if point.len() == 32 { EDWARDS } else { "error: key: " };
        let text = pem("PUBLIC KEY", &edwards_public_key_info(&point));
        table.verify_key("EdDSA", message, &format!("Ed25519 PEM: {name}"), text);
    }
    table
}

pub(in crate::hostile) fn curve_points() -> Table {
    let mut table = Table::default();
    for (jwk, alg, own, other) in
        [(p256(), "ES256", der::P256, der::P384), (p384(), "ES384", der::P384, der::P256)]
    {
        let key = public_part(&jwk);
        let crv = key["crv"].as_str().unwrap();
        let (x, y) = (decode_member(&key, "x"), decode_member(&key, "y"));
        let size = x.len();
        let mut off = y.clone();
        off[size - 1] ^= 1;
        let zero = vec![0; size];
        for (name, x, y) in [
            ("off the curve", x.clone(), off),
            ("of zeros", zero.clone(), zero.clone()),
            ("of ones", vec![0xFF; size], vec![0xFF; size]),
            ("swapped", y.clone(), x.clone()),
            ("x a byte short", x[1..].to_vec(), y.clone()),
            ("x a byte more", [&x[..], &[0]].concat(), y.clone()),
            ("a zero before x", [&[0], &x[..]].concat(), y.clone()),
            ("a zero before y", x.clone(), [&[0], &y[..]].concat()),
            ("a byte of x in y", x[..size - 1].to_vec(), [&x[size - 1..], &y[..]].concat()),
            ("no x", Vec::new(), y.clone()),
            ("no y", x.clone(), Vec::new()),
        ] {
            let changed = with_bytes(&with_bytes(&key, "x", &x), "y", &y);
            table.add_public(alg, OFF_CURVE, &format!("{crv} {name}"), &changed);
        }
        let point = [&[4][..], &x, &y].concat();
        let compressed = [&[2 | (y[size - 1] & 1)][..], &x].concat();
        let hybrid = [&[6 | (y[size - 1] & 1)][..], &x, &y].concat();
        for (name, curve, point) in [
            ("under the other's name", other, point.clone()),
            ("under no name", "0500", point.clone()),
            ("under the name of secp256k1", "06052b8104000a", point.clone()),
            ("compressed", own, compressed),
            ("hybrid", own, hybrid),
            ("infinite", own, vec![0]),
            ("with a trailing byte", own, [&point[..], &[0]].concat()),
        ] {
            let text = pem("PUBLIC KEY", &elliptic_public_key_info(curve, &point));
            table.verify_key(alg, NO_PUBLIC_KEY, &format!("{crv} PEM {name}"), text);
        }
        let text = pem("PUBLIC KEY", &elliptic_public_key_info(own, &[&[4], &y[..], &x].concat()));
        table.verify_key(alg, OFF_CURVE, &format!("{crv} PEM swapped"), text);
        let renamed = with_member(&key, "crv", if alg == "ES256" { "P-384" } else { "P-256" });
        table.add_public(alg, OFF_CURVE, &format!("{crv} under the other's name"), &renamed);
    }
    table
}

pub(in crate::hostile) fn rsa_numbers() -> Table {
    let mut table = Table::default();
    let key = public_part(&rsa());
    let (n, e) = (decode_member(&key, "n"), decode_member(&key, "e"));
    for (name, n) in [
        ("n zero", vec![0]),
        ("n empty", Vec::new()),
        ("n one", vec![1]),
        ("n of 512 bits", n[..64].to_vec()),
        ("n of 1,024 bits", n[..128].to_vec()),
        ("n of 2,047 bits", [&[0x7F], &n[1..]].concat()),
        ("n of 1,024 bits behind zeros", [&[0; 128], &n[..128]].concat()),
        ("n of 8,200 bits", vec![0xFF; 1_025]),
        ("n of 16,384 bits", vec![0xFF; 2_048]),
        ("n of 160 KB", vec![0xFF; 160_000]),
    ] {
        table.add_public("RS256", RSA_LENGTH, &format!("RSA {name}"), &with_bytes(&key, "n", &n));
        if n.len() < 60_000 {
            let text = pem("PUBLIC KEY", &rsa_public_key_info(&n, &e));
            table.verify_key("RS256", "error: key: ", &format!("RSA PEM {name}"), text);
        }
    }
    for (name, e) in [
        ("e zero", &[0][..]),
        ("e empty", &[]),
        ("e one", &[1]),
        ("e one behind zeros", &[0, 0, 1]),
        ("e two", &[2]),
        ("e even", &[1, 0, 0]),
        ("e of 9 bytes", &[1, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("e as long as n", &n),
    ] {
        table.add_public("RS256", EXPONENT, &format!("RSA {name}"), &with_bytes(&key, "e", e));
        let text = pem("PUBLIC KEY", &rsa_public_key_info(&n, e));
        table.verify_key("RS256", "error: key: ", &format!("RSA PEM {name}"), text);
    }
    table
}

/// Invalid metadata: `kty`, `crv`, `alg`, `use`, `key_ops` and `kid`.
pub(in crate::hostile) fn members() -> Table {
    let mut table = Table::default();
    for (private, alg) in
        [(rsa(), "RS256"), (p256(), "ES256"), (p384(), "ES384"), (ed25519(), "EdDSA")]
    {
        table.add_public(alg, PRIVATE, &format!("a private JWK for {alg}"), &private);
        let key = public_part(&private);
        let mut add_changed = |message: &str, name: &str, value: Value| {
            let row = format!("{alg}: {name} {value}");
            table.add_public(alg, message, &row, &with_member(&key, name, value));
        };
        for kty in [json!("none"), json!("rsa"), json!(1), json!(null), json!([key["kty"]])] {
            add_changed(UNKNOWN_TYPE, "kty", kty);
        }
        for name in ["none", "ES512", "RSA-OAEP", "HS256", ""] {
            add_changed("unsuitable for its `alg`", "alg", json!(name));
        }
        for value in [json!(null), json!(5), json!([alg])] {
            add_changed("unsuitable for its `alg`", "alg", value);
        }
        for value in [json!("enc"), json!(null), json!(["sig"])] {
            add_changed("not for signatures (`use`)", "use", value);
        }
        for value in [json!([]), json!(["encrypt"]), json!("verify"), json!(["Verify"])] {
            add_changed("not for signatures (`key_ops`)", "key_ops", value);
        }
        for value in [json!(1), json!(null), json!(["a"])] {
            add_changed("`kid` is not a string", "kid", value);
        }
        table.add_public(
            alg,
            UNKNOWN_TYPE,
            &format!("{alg}: no kty"),
            &without_member(&key, "kty"),
        );
        if alg != "RS256" {
            table.add_public(
                alg,
                UNKNOWN_TYPE,
                &format!("{alg}: no crv"),
                &without_member(&key, "crv"),
            );
            for crv in ["P-521", "secp256k1", "Ed448", "X25519"] {
                let changed = with_member(&key, "crv", crv);
                table.add_public(alg, UNKNOWN_TYPE, &format!("{alg}: crv {crv}"), &changed);
            }
        }
        let name = if alg == "RS256" { "n" } else { "x" };
        let message = format!("`{name}` is not base64url");
        let text = key[name].as_str().unwrap();
        for malformed in [format!("{text}="), format!("+/{}", &text[2..]), format!("{text}\n")] {
            let changed = with_member(&key, name, malformed.as_str());
            table.add_public(
                alg,
                &message,
                &format!("{alg}: {name} {:.3}, {}", malformed, malformed.len()),
                &changed,
            );
        }
        table.add_public(alg, &message, &format!("{alg}: no {name}"), &without_member(&key, name));
        table.add_public(
            alg,
            &message,
            &format!("{alg}: {name} a number"),
            &with_member(&key, name, 5),
        );
    }
    table
}

#[test]
fn small_order_ed25519_points_are_refused() {
    edwards_points().present();
}

#[test]
fn points_off_the_curve_are_refused() {
    curve_points().present();
}

#[test]
fn weak_rsa_parameters_are_refused() {
    rsa_numbers().present();
}

#[test]
fn public_jwk_metadata_is_validated() {
    members().present();
}
