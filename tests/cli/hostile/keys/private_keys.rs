//! Inconsistent private keys in DER and PEM.

use super::Table;
use super::der::{self, edwards, elliptic, integer, pkcs1, sec1, sequence};
use crate::hostile::signer::{P256_ORDER, P384_ORDER, decode_member, decode_pem, hex, plus};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const NO_KEY: &str = "not an RSA, P-256, P-384 or Ed25519 private key";

pub(super) fn parse_jwk(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn rsa() -> Value {
    parse_jwk(include_str!("../samples/rsa.jwk"))
}

pub(super) fn other_rsa() -> Value {
    parse_jwk(include_str!("../samples/other_rsa.jwk"))
}

pub(super) fn p256() -> Value {
    parse_jwk(include_str!("../samples/p256.jwk"))
}

pub(super) fn p384() -> Value {
    parse_jwk(include_str!("../samples/p384.jwk"))
}

pub(super) fn ed25519() -> Value {
    parse_jwk(include_str!("../samples/ed25519.jwk"))
}

/// Returns the JWK with that member set to the bytes, in base64url.
pub(super) fn with_bytes(jwk: &Value, member: &str, bytes: impl AsRef<[u8]>) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = json!(URL_SAFE_NO_PAD.encode(bytes));
    jwk
}

/// Returns the private number and the public point of an EC key.
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

/// Returns `number + 1`.
pub(super) fn increment(number: &[u8]) -> Vec<u8> {
    let (mut number, mut one) = (number.to_vec(), one_of_size(number.len()));
    number.reverse();
    one.reverse();
    let mut sum = plus(&number, &one);
    sum.reverse();
    sum
}

pub(in crate::hostile) fn elliptic_curves() -> Table {
    let mut table = Table::default();
    for (jwk, own, other, order) in [
        (p256(), der::P256, der::P384, hex(P256_ORDER)),
        (p384(), der::P384, der::P256, hex(P384_ORDER)),
    ] {
        let ((d, point), crv) = (number_and_point(&jwk), jwk["crv"].as_str().unwrap());
        let size = d.len();
        let mut altered = point.clone();
        altered[size] ^= 1;
        let infinity = [0].to_vec();
        let zero = [&[4][..], &vec![0; 2 * size]].concat();
        for (name, curve, d, point) in [
            ("the other curve's name", other, d.clone(), point.clone()),
            ("secp256k1's name", "06052b8104000a", d.clone(), point.clone()),
            ("no curve's name", "0500", d.clone(), point.clone()),
            ("d zero", own, vec![0; size], point.clone()),
            ("d the order", own, order.clone(), point.clone()),
            ("d the order and one", own, increment(&order), point.clone()),
            ("d all ones", own, vec![0xFF; size], point.clone()),
            ("d a byte long", own, [&d[..], &[0]].concat(), point.clone()),
            ("d of twice the length", own, d.repeat(2), point.clone()),
            ("no d", own, Vec::new(), point.clone()),
            ("d of another key", own, increment(&d), point.clone()),
            ("d one", own, one_of_size(size), point.clone()),
            ("a point off the curve", own, d.clone(), altered),
            ("the point at infinity", own, d.clone(), infinity),
            ("a point of zeros", own, d.clone(), zero),
            ("half a point", own, d.clone(), point[..=size].to_vec()),
            ("a point with a trailing byte", own, d.clone(), [&point[..], &[0]].concat()),
            ("a point of another form", own, d.clone(), [&[5], &point[1..]].concat()),
        ] {
            let message = NO_KEY;
            table.import(message, &format!("{crv} SEC 1: {name}"), sec1(curve, &d, &point));
            table.import(message, &format!("{crv} PKCS#8: {name}"), elliptic(curve, &d, &point));
        }
    }
    table
}

/// P-256 with explicit parameters, one of them changed: signatures by such a key prove nothing.
pub(in crate::hostile) fn explicit_parameters() -> Table {
    let mut table = Table::default();
    let der = decode_pem(include_str!("../samples/explicit.pem"));
    for (name, parameter) in [
        ("the generator", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        ("b", "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        ("the order", P256_ORDER),
        ("the prime", "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    ] {
        let parameter = hex(parameter);
        let at = der.windows(32).position(|part| part == parameter).unwrap();
        let mut changed = der.clone();
        changed[at + 31] ^= 2;
        table.import(NO_KEY, &format!("P-256 with {name} changed"), changed);
    }
    table
}

pub(in crate::hostile) fn edwards_curve() -> Table {
    let mut table = Table::default();
    let jwk = ed25519();
    let (seed, public) = (decode_member(&jwk, "d"), decode_member(&jwk, "x"));
    let mut other = public.clone();
    other[0] ^= 1;
    let neutral = [&[1][..], &[0; 31]].concat();
    for (name, seed, public) in [
        ("31 bytes", &seed[..31], None),
        ("33 bytes", &[&seed[..], &[0]].concat(), None),
        ("64 bytes", &[&seed[..], &public].concat(), None),
        ("no bytes", &[], None),
        ("another public part", &seed, Some(&other[..])),
        ("a public part of small order", &seed, Some(&neutral)),
        ("half a public part", &seed, Some(&public[..16])),
        ("a long public part", &seed, Some(&[&public[..], &[0]].concat())),
    ] {
        table.import(NO_KEY, &format!("Ed25519 PKCS#8: {name}"), edwards(seed, public));
    }
    let named = edwards(&seed, None);
    for (name, oid) in [("X25519", 0x6E), ("X448", 0x6F), ("Ed448", 0x71)] {
        let mut renamed = named.clone();
        let at = renamed.windows(3).position(|part| part == [0x2B, 0x65, 0x70]).unwrap();
        renamed[at + 2] = oid;
        table.import(NO_KEY, &format!("Ed25519 named {name}"), renamed);
    }
    table
}

/// Inconsistent RSA keys as JWKs, named by the wrong member.
pub(super) fn inconsistent_rsa() -> Vec<(String, Value)> {
    let (jwk, other) = (rsa(), other_rsa());
    let number = |name: &str| decode_member(&jwk, name);
    let mut cases = Vec::new();
    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let mut foreign = jwk.clone();
        foreign[name] = other[name].clone();
        cases.push((format!("{name} of another key"), foreign));
        let bytes = number(name);
        let mut altered = bytes.clone();
        altered[bytes.len() - 1] ^= 2;
        cases.push((format!("{name} off by two"), with_bytes(&jwk, name, altered)));
        cases.push((format!("{name} zero"), with_bytes(&jwk, name, [0])));
        cases.push((format!("{name} one"), with_bytes(&jwk, name, [1])));
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
    let mut primes = jwk.clone();
    for name in ["p", "q"] {
        primes[name] = other[name].clone();
    }
    cases.push(("the primes of another key".to_owned(), primes));
    for (name, e) in [("0", &[0][..]), ("1", &[1]), ("2", &[2]), ("even", &[1, 0, 0]), ("3", &[3])]
    {
        cases.push((format!("e {name}"), with_bytes(&jwk, "e", e)));
    }
    let mut trivial = jwk.clone();
    for name in ["e", "d", "dp", "dq"] {
        trivial = with_bytes(&trivial, name, [1]);
    }
    cases.push(("e and d one, a trivial key".to_owned(), trivial));
    cases.push(("e as long as n".to_owned(), with_bytes(&jwk, "e", number("n"))));
    cases
}

pub(in crate::hostile) fn rsa_numbers() -> Table {
    let mut table = Table::default();
    for (name, jwk) in inconsistent_rsa() {
        table.import(NO_KEY, &format!("RSA PKCS#1: {name}"), pkcs1(&jwk));
    }
    let (n, e) = (decode_member(&rsa(), "n"), decode_member(&rsa(), "e"));
    let public = sequence(&[&integer(&n), &integer(&e)]);
    table.import(NO_KEY, "an RSA public key in DER", public);
    table
}

#[test]
fn inconsistent_elliptic_curve_keys_are_refused() {
    elliptic_curves().present();
    explicit_parameters().present();
}

#[test]
fn inconsistent_ed25519_keys_are_refused() {
    edwards_curve().present();
}

#[test]
fn inconsistent_rsa_keys_are_refused() {
    rsa_numbers().present();
}
