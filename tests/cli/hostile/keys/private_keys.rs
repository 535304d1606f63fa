//! Invalid private keys in DER, and the sample keys as JWKs.

use super::der::{self, integer, pkcs1, pkcs8_ec, pkcs8_ed25519, sec1, sequence};
use super::{IMPORT, Table};
use crate::hostile::signer::{
    P256_ORDER, P384_ORDER, add_little_endian, decode_hex, decode_member, decode_pem,
};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const NOT_A_PRIVATE_KEY: &str = "not an RSA, P-256, P-384, P-521 or Ed25519 private key";

pub(super) fn parse_jwk(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn rsa_jwk() -> Value {
    parse_jwk(include_str!("../samples/rsa.jwk"))
}

pub(super) fn other_rsa_jwk() -> Value {
    parse_jwk(include_str!("../samples/other_rsa.jwk"))
}

pub(super) fn p256_jwk() -> Value {
    parse_jwk(include_str!("../samples/p256.jwk"))
}

pub(super) fn p384_jwk() -> Value {
    parse_jwk(include_str!("../samples/p384.jwk"))
}

/// Returns the key of RFC 7515, appendix A.4.
pub(super) fn p521_jwk() -> Value {
    parse_jwk(include_str!("../samples/p521.jwk"))
}

pub(super) fn ed25519_jwk() -> Value {
    parse_jwk(include_str!("../samples/ed25519.jwk"))
}

/// Returns the JWK with the member set to the base64url encoding of the bytes.
pub(super) fn with_bytes(jwk: &Value, member: &str, bytes: impl AsRef<[u8]>) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = json!(URL_SAFE_NO_PAD.encode(bytes));
    jwk
}

/// Returns the private number and the uncompressed public point of an elliptic curve key.
fn number_and_point(jwk: &Value) -> (Vec<u8>, Vec<u8>) {
    let point = [&[4][..], &decode_member(jwk, "x"), &decode_member(jwk, "y")].concat();
    (decode_member(jwk, "d"), point)
}

/// Returns the number 1 in `size` big-endian bytes.
fn one_of_size(size: usize) -> Vec<u8> {
    let mut number = vec![0; size];
    number[size - 1] = 1;
    number
}

/// Returns `number + 1`. The argument and the result are big-endian and have the same length.
pub(super) fn increment(number: &[u8]) -> Vec<u8> {
    let (mut number, mut one) = (number.to_vec(), one_of_size(number.len()));
    number.reverse();
    one.reverse();
    let mut sum = add_little_endian(&number, &one);
    sum.reverse();
    sum
}

/// Returns P-256 and P-384 keys in SEC 1 and PKCS#8. In each key, the curve, the private number or
/// the point is invalid or does not match the other parts.
pub(in crate::hostile) fn elliptic_curve_table() -> Table {
    let mut table = Table::default();
    for (jwk, curve_oid, other_oid, order) in [
        (p256_jwk(), der::P256_OID, der::P384_OID, decode_hex(P256_ORDER)),
        (p384_jwk(), der::P384_OID, der::P256_OID, decode_hex(P384_ORDER)),
    ] {
        let ((d, point), crv) = (number_and_point(&jwk), jwk["crv"].as_str().unwrap());
        let size = d.len();
        let mut off_curve = point.clone();
        off_curve[size] ^= 1;
        let infinity = [0].to_vec();
        let zero = [&[4][..], &vec![0; 2 * size]].concat();
        for (name, curve, d, point) in [
            ("OID of the other curve", other_oid, d.clone(), point.clone()),
            ("OID of secp256k1", "06052b8104000a", d.clone(), point.clone()),
            ("NULL in place of the curve OID", "0500", d.clone(), point.clone()),
            ("d = 0", curve_oid, vec![0; size], point.clone()),
            ("d = order", curve_oid, order.clone(), point.clone()),
            ("d = order + 1", curve_oid, increment(&order), point.clone()),
            ("d with all bits set", curve_oid, vec![0xFF; size], point.clone()),
            ("d one byte longer", curve_oid, [&d[..], &[0]].concat(), point.clone()),
            ("d twice in a row", curve_oid, d.repeat(2), point.clone()),
            ("no d", curve_oid, Vec::new(), point.clone()),
            ("d of another key", curve_oid, increment(&d), point.clone()),
            ("d = 1", curve_oid, one_of_size(size), point.clone()),
            ("a point off the curve", curve_oid, d.clone(), off_curve),
            ("the point at infinity", curve_oid, d.clone(), infinity),
            ("a point of zeros", curve_oid, d.clone(), zero),
            ("half a point", curve_oid, d.clone(), point[..=size].to_vec()),
            ("a point with a trailing byte", curve_oid, d.clone(), [&point[..], &[0]].concat()),
            ("a point of another form", curve_oid, d.clone(), [&[5], &point[1..]].concat()),
        ] {
            let message = NOT_A_PRIVATE_KEY;
            table.add_import(message, &format!("{crv} SEC 1: {name}"), sec1(curve, &d, &point));
            table.add_import(
                message,
                &format!("{crv} PKCS#8: {name}"),
                pkcs8_ec(curve, &d, &point),
            );
        }
    }
    table
}

/// Returns a valid P-256 key in DER that contains the curve parameters in place of the name of the
/// curve.
fn key_with_explicit_parameters() -> Vec<u8> {
    decode_pem(include_str!("../samples/explicit.pem"))
}

/// Returns P-256 keys that contain the curve parameters in place of the name of the curve. In each
/// key, one parameter is changed. An attacker who can choose the generator can make a private key
/// for any public key.
pub(in crate::hostile) fn explicit_parameter_table() -> Table {
    let mut table = Table::default();
    let der = key_with_explicit_parameters();
    for (name, parameter) in [
        ("the generator", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        ("b", "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        ("the order", P256_ORDER),
        ("the prime", "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    ] {
        let parameter = decode_hex(parameter);
        let at = der.windows(32).position(|part| part == parameter).unwrap();
        let mut changed = der.clone();
        changed[at + 31] ^= 2;
        table.add_import(NOT_A_PRIVATE_KEY, &format!("P-256 with {name} changed"), changed);
    }
    table
}

/// Returns Ed25519 keys with a seed or public key of the wrong length, with a public key that does
/// not match the seed, or with the object identifier of another key type.
pub(in crate::hostile) fn ed25519_table() -> Table {
    let mut table = Table::default();
    let jwk = ed25519_jwk();
    let (seed, public) = (decode_member(&jwk, "d"), decode_member(&jwk, "x"));
    let mut other_public = public.clone();
    other_public[0] ^= 1;
    let neutral_element = [&[1][..], &[0; 31]].concat();
    for (name, seed, public) in [
        ("seed of 31 bytes", &seed[..31], None),
        ("seed of 33 bytes", &[&seed[..], &[0]].concat(), None),
        ("seed of 64 bytes", &[&seed[..], &public].concat(), None),
        ("empty seed", &[], None),
        ("another public key", &seed, Some(&other_public[..])),
        ("a public key of small order", &seed, Some(&neutral_element)),
        ("half a public key", &seed, Some(&public[..16])),
        ("a public key one byte longer", &seed, Some(&[&public[..], &[0]].concat())),
    ] {
        table.add_import(
            NOT_A_PRIVATE_KEY,
            &format!("Ed25519 PKCS#8: {name}"),
            pkcs8_ed25519(seed, public),
        );
    }
    let ed25519_der = pkcs8_ed25519(&seed, None);
    for (name, last_oid_byte) in [("X25519", 0x6E), ("X448", 0x6F), ("Ed448", 0x71)] {
        let mut with_other_oid = ed25519_der.clone();
        let at = with_other_oid.windows(3).position(|part| part == [0x2B, 0x65, 0x70]).unwrap();
        with_other_oid[at + 2] = last_oid_byte;
        table.add_import(
            NOT_A_PRIVATE_KEY,
            &format!("Ed25519 with the OID of {name}"),
            with_other_oid,
        );
    }
    table
}

/// Returns inconsistent private RSA JWKs, each with a description of the defect.
pub(super) fn inconsistent_rsa_jwks() -> Vec<(String, Value)> {
    let (jwk, other) = (rsa_jwk(), other_rsa_jwk());
    let number = |name: &str| decode_member(&jwk, name);
    let mut cases = Vec::new();
    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let mut with_other_number = jwk.clone();
        with_other_number[name] = other[name].clone();
        cases.push((format!("{name} of another key"), with_other_number));
        let bytes = number(name);
        let mut altered = bytes.clone();
        altered[bytes.len() - 1] ^= 2;
        cases.push((format!("{name} off by two"), with_bytes(&jwk, name, altered)));
        cases.push((format!("{name} = 0"), with_bytes(&jwk, name, [0])));
        cases.push((format!("{name} = 1"), with_bytes(&jwk, name, [1])));
        cases.push((format!("{name} of 16,384 bits"), with_bytes(&jwk, name, [0xFF; 2_048])));
    }
    let swap = |first: &str, second: &str| {
        let mut swapped = jwk.clone();
        swapped[first] = jwk[second].clone();
        swapped[second] = jwk[first].clone();
        swapped
    };
    cases.push(("p and q swapped".to_owned(), swap("p", "q")));
    cases.push(("dp and dq swapped".to_owned(), swap("dp", "dq")));
    let mut with_other_primes = jwk.clone();
    for name in ["p", "q"] {
        with_other_primes[name] = other[name].clone();
    }
    cases.push(("the primes of another key".to_owned(), with_other_primes));
    for (name, e) in [("0", &[0][..]), ("1", &[1]), ("2", &[2]), ("65536", &[1, 0, 0]), ("3", &[3])]
    {
        cases.push((format!("e = {name}"), with_bytes(&jwk, "e", e)));
    }
    let mut with_exponents_of_one = jwk.clone();
    for name in ["e", "d", "dp", "dq"] {
        with_exponents_of_one = with_bytes(&with_exponents_of_one, name, [1]);
    }
    cases.push(("e = d = dp = dq = 1".to_owned(), with_exponents_of_one));
    cases.push(("e as long as n".to_owned(), with_bytes(&jwk, "e", number("n"))));
    cases
}

/// Returns inconsistent private RSA keys in PKCS#1, and a public key in place of a private key.
pub(in crate::hostile) fn rsa_table() -> Table {
    let mut table = Table::default();
    for (name, jwk) in inconsistent_rsa_jwks() {
        table.add_import(NOT_A_PRIVATE_KEY, &format!("RSA PKCS#1: {name}"), pkcs1(&jwk));
    }
    let (n, e) = (decode_member(&rsa_jwk(), "n"), decode_member(&rsa_jwk(), "e"));
    let public = sequence(&[&integer(&n), &integer(&e)]);
    let message = "found a public key, expected a private key";
    table.add_import(message, "an RSA public key in DER", public);
    table
}

#[test]
fn invalid_elliptic_curve_private_keys_are_refused() {
    elliptic_curve_table().assert_rejected();
    explicit_parameter_table().assert_rejected();
}

#[test]
fn private_key_with_unchanged_curve_parameters_is_imported() {
    let sandbox = Sandbox::with_admin();
    std::fs::write(sandbox.home().join("key"), key_with_explicit_parameters()).unwrap();
    let output = sandbox.run(IMPORT).ok();
    assert_eq!(output.stderr, "imported ES256 signing key for test tokens\n");
}

#[test]
fn invalid_ed25519_private_keys_are_refused() {
    ed25519_table().assert_rejected();
}

#[test]
fn inconsistent_rsa_private_keys_and_public_keys_are_refused() {
    rsa_table().assert_rejected();
}
