//! Weak or invalid public keys, for `token verify --key` and `--jwks`.

use super::der::{self, ec_public_key_info, ed25519_public_key_info, pem, rsa_public_key_info};
use super::private_keys::{ed25519_jwk, p256_jwk, p384_jwk, p521_jwk, rsa_jwk, with_bytes};
use super::{OFF_CURVE, Table, UNKNOWN_TYPE};
use super::{with_member, without_member};
use crate::hostile::issuer::public_jwk;
use crate::hostile::signer::{decode_hex, decode_member};
use serde_json::{Value, json};

const BAD_RSA_LENGTH: &str = "RSA key size out of range: expected 2,048 to 8,192 bits";
const BAD_EXPONENT: &str = "RSA exponent out of range: expected an odd number from 3 to 2^64 - 1";
const BAD_ED25519_POINT: &str = "not an Ed25519 key, or a point of small order";
const FOUND_PRIVATE_KEY: &str = "found a private key, expected a public key";
const NOT_A_PUBLIC_KEY: &str = "not an RSA, P-256, P-384, P-521 or Ed25519 public key";

/// Ed25519 points of small order, in hexadecimal. The first eight entries are the eight points. The
/// other entries are non-canonical encodings of some of these points: y is 2^255 - 19 or more, or
/// the sign bit is set although x is zero.
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
    public_jwk(&jwk.to_string())
}

impl Table {
    /// Adds a public JWK that `token verify` must refuse with `--key`, and with `--jwks` both alone
    /// and in a set.
    fn add_public(&mut self, algorithm: &'static str, message: &str, name: &str, jwk: &Value) {
        self.add_verify_both(algorithm, message, name, jwk.to_string());
        let set = json!({ "keys": [jwk] }).to_string();
        self.add_verify_set(message, &format!("{name}, in a set"), set);
    }
}

pub(in crate::hostile) fn ed25519_point_table() -> Table {
    let mut table = Table::default();
    let key = public_part(&ed25519_jwk());
    let x = decode_member(&key, "x");
    let mut points: Vec<(String, Vec<u8>)> = SMALL_ORDER_POINTS
        .iter()
        .map(|point| (format!("small order {point:.4}…{}", &point[62..]), decode_hex(point)))
        .collect();
    let non_canonical = [&[0xF0][..], &[0xFF; 30], &[0x7F]].concat();
    points.push(("y = 2^255 - 16, non-canonical for y = 3".to_owned(), non_canonical));
    points.push(("not a point".to_owned(), [&[2][..], &[0; 31]].concat()));
    for (name, size) in [("no bytes", 0), ("31 bytes", 31), ("33 bytes", 33), ("64 bytes", 64)] {
        points.push((name.to_owned(), x.repeat(2)[..size].to_vec()));
    }
    for (name, point) in points {
        table.add_public(
            "EdDSA",
            BAD_ED25519_POINT,
            &format!("Ed25519: {name}"),
            &with_bytes(&key, "x", &point),
        );
        let message = if point.len() == 32 { BAD_ED25519_POINT } else { "error: key: " };
        let text = pem("PUBLIC KEY", &ed25519_public_key_info(&point));
        table.add_verify_key("EdDSA", message, &format!("Ed25519 PEM: {name}"), text);
    }
    table
}

pub(in crate::hostile) fn curve_point_table() -> Table {
    let mut table = Table::default();
    for (jwk, alg, curve_oid, other_oid) in [
        (p256_jwk(), "ES256", der::P256_OID, der::P384_OID),
        (p384_jwk(), "ES384", der::P384_OID, der::P256_OID),
        (p521_jwk(), "ES512", der::P521_OID, der::P384_OID),
    ] {
        let key = public_part(&jwk);
        let crv = key["crv"].as_str().unwrap();
        let (x, y) = (decode_member(&key, "x"), decode_member(&key, "y"));
        let size = x.len();
        let mut y_off_curve = y.clone();
        y_off_curve[size - 1] ^= 1;
        let zero = vec![0; size];
        for (name, x, y) in [
            ("off the curve", x.clone(), y_off_curve),
            ("of zeros", zero.clone(), zero.clone()),
            ("with all bits set", vec![0xFF; size], vec![0xFF; size]),
            ("with x and y swapped", y.clone(), x.clone()),
            ("with x one byte shorter", x[1..].to_vec(), y.clone()),
            ("with x one byte longer", [&x[..], &[0]].concat(), y.clone()),
            ("with a zero before x", [&[0], &x[..]].concat(), y.clone()),
            ("with a zero before y", x.clone(), [&[0], &y[..]].concat()),
            (
                "with the last byte of x in y",
                x[..size - 1].to_vec(),
                [&x[size - 1..], &y[..]].concat(),
            ),
            ("with empty x", Vec::new(), y.clone()),
            ("with empty y", x.clone(), Vec::new()),
        ] {
            let changed = with_bytes(&with_bytes(&key, "x", &x), "y", &y);
            let message =
                if x.len() == size && y.len() == size { OFF_CURVE } else { "has the wrong length" };
            table.add_public(alg, message, &format!("{crv} {name}"), &changed);
        }
        let point = [&[4][..], &x, &y].concat();
        let compressed = [&[2 | (y[size - 1] & 1)][..], &x].concat();
        let hybrid = [&[6 | (y[size - 1] & 1)][..], &x, &y].concat();
        for (name, curve, point) in [
            ("with the OID of another curve", other_oid, point.clone()),
            ("with NULL in place of the curve OID", "0500", point.clone()),
            ("with the OID of secp256k1", "06052b8104000a", point.clone()),
            ("compressed", curve_oid, compressed),
            ("hybrid", curve_oid, hybrid),
            ("at infinity", curve_oid, vec![0]),
            ("with a trailing byte", curve_oid, [&point[..], &[0]].concat()),
        ] {
            let text = pem("PUBLIC KEY", &ec_public_key_info(curve, &point));
            table.add_verify_key(alg, NOT_A_PUBLIC_KEY, &format!("{crv} PEM {name}"), text);
        }
        let text = pem("PUBLIC KEY", &ec_public_key_info(curve_oid, &[&[4], &y[..], &x].concat()));
        table.add_verify_key(alg, OFF_CURVE, &format!("{crv} PEM with x and y swapped"), text);
        let with_other_crv =
            with_member(&key, "crv", if alg == "ES256" { "P-384" } else { "P-256" });
        let name = format!("{crv} key with another crv");
        table.add_public(alg, "has the wrong length", &name, &with_other_crv);
    }
    table
}

pub(in crate::hostile) fn rsa_table() -> Table {
    let mut table = Table::default();
    let key = public_part(&rsa_jwk());
    let (n, e) = (decode_member(&key, "n"), decode_member(&key, "e"));
    for (name, n) in [
        ("n = 0", vec![0]),
        ("n empty", Vec::new()),
        ("n = 1", vec![1]),
        ("n of 512 bits", n[..64].to_vec()),
        ("n of 1,024 bits", n[..128].to_vec()),
        ("n of 2,047 bits", [&[0x7F], &n[1..]].concat()),
        ("n of 1,024 bits with leading zeros", [&[0; 128], &n[..128]].concat()),
        ("n of 8,200 bits", vec![0xFF; 1_025]),
        ("n of 16,384 bits", vec![0xFF; 2_048]),
        ("n of 160 KB", vec![0xFF; 160_000]),
    ] {
        table.add_public(
            "RS256",
            BAD_RSA_LENGTH,
            &format!("RSA {name}"),
            &with_bytes(&key, "n", &n),
        );
        if n.len() < 60_000 {
            let text = pem("PUBLIC KEY", &rsa_public_key_info(&n, &e));
            table.add_verify_key("RS256", "error: key: ", &format!("RSA PEM {name}"), text);
        }
    }
    for (name, e) in [
        ("e = 0", &[0][..]),
        ("e empty", &[]),
        ("e = 1", &[1]),
        ("e = 1 with leading zeros", &[0, 0, 1]),
        ("e = 2", &[2]),
        ("e = 65536", &[1, 0, 0]),
        ("e of 9 bytes", &[1, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("e as long as n", &n),
    ] {
        table.add_public("RS256", BAD_EXPONENT, &format!("RSA {name}"), &with_bytes(&key, "e", e));
        let text = pem("PUBLIC KEY", &rsa_public_key_info(&n, e));
        table.add_verify_key("RS256", "error: key: ", &format!("RSA PEM {name}"), text);
    }
    table
}

/// Returns public JWKs with an invalid `kty`, `crv`, `alg`, `use`, `key_ops`, `kid`, `n` or `x`.
/// Also returns private JWKs in place of public JWKs.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(in crate::hostile) fn metadata_table() -> Table {
    let mut table = Table::default();
    for (private, alg) in [
        (rsa_jwk(), "RS256"),
        (p256_jwk(), "ES256"),
        (p384_jwk(), "ES384"),
        (p521_jwk(), "ES512"),
        (ed25519_jwk(), "EdDSA"),
    ] {
        let private_name = format!("a private JWK for {alg}");
        table.add_verify_set(FOUND_PRIVATE_KEY, &private_name, private.to_string());
        let key = public_part(&private);
        let mut add_changed = |message: &str, member: &str, value: Value| {
            let row_name = format!("{alg}: {member} {value}");
            table.add_public(alg, message, &row_name, &with_member(&key, member, value));
        };
        for kty in [json!("none"), json!("rsa"), json!(1), json!([key["kty"]])] {
            add_changed(UNKNOWN_TYPE, "kty", kty);
        }
        add_changed("`kty` missing", "kty", json!(null));
        for name in ["none", "ES256K", "RSA-OAEP", "HS256", ""] {
            add_changed("unsuitable for its `alg`", "alg", json!(name));
        }
        for value in [json!(5), json!([alg])] {
            add_changed("unsuitable for its `alg`", "alg", value);
        }
        for value in [json!("enc"), json!(["sig"])] {
            add_changed("`use` is not `sig`", "use", value);
        }
        for value in [json!([]), json!(["encrypt"]), json!("verify"), json!(["Verify"])] {
            add_changed("`key_ops` without `verify` or `sign`", "key_ops", value);
        }
        for value in [json!(1), json!(["a"])] {
            add_changed("`kid` is not a string", "kid", value);
        }
        table.add_public(
            alg,
            "`kty` missing",
            &format!("{alg}: no kty"),
            &without_member(&key, "kty"),
        );
        if alg != "RS256" {
            table.add_public(
                alg,
                "`crv` missing",
                &format!("{alg}: no crv"),
                &without_member(&key, "crv"),
            );
            for crv in ["P-192", "secp256k1", "Ed448", "X25519"] {
                let changed = with_member(&key, "crv", crv);
                table.add_public(alg, UNKNOWN_TYPE, &format!("{alg}: crv {crv}"), &changed);
            }
        }
        let name = if alg == "RS256" { "n" } else { "x" };
        let message = format!("`{name}` is not base64url");
        let text = key[name].as_str().unwrap();
        for malformed in [format!("{text}====="), format!("+/{}", &text[2..]), format!("{text}\n")]
        {
            let changed = with_member(&key, name, malformed.as_str());
            table.add_public(
                alg,
                &message,
                &format!("{alg}: {name} {:.3}, {}", malformed, malformed.len()),
                &changed,
            );
        }
        table.add_public(
            alg,
            &format!("`{name}` missing"),
            &format!("{alg}: no {name}"),
            &without_member(&key, name),
        );
        table.add_public(
            alg,
            &message,
            &format!("{alg}: {name} as a number"),
            &with_member(&key, name, 5),
        );
    }
    table
}

#[test]
fn weak_or_invalid_ed25519_points_are_refused() {
    ed25519_point_table().assert_rejected();
}

#[test]
fn invalid_elliptic_curve_public_keys_are_refused() {
    curve_point_table().assert_rejected();
}

#[test]
fn weak_or_invalid_rsa_public_keys_are_refused() {
    rsa_table().assert_rejected();
}

#[test]
fn invalid_public_jwk_members_and_private_jwks_are_refused() {
    metadata_table().assert_rejected();
}
