//! Inconsistent private keys in DER and PEM.

use super::Table;
use super::der::{self, edwards, elliptic, integer, pkcs1, sec1, sequence};
use crate::hostile::signer::{P256_ORDER, P384_ORDER, hex, of_member, of_pem, plus};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const NO_KEY: &str = "not an RSA, P-256, P-384 or Ed25519 private key";

pub(super) fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn rsa() -> Value {
    sample(include_str!("../samples/rsa.jwk"))
}

pub(super) fn other_rsa() -> Value {
    sample(include_str!("../samples/other_rsa.jwk"))
}

pub(super) fn p256() -> Value {
    sample(include_str!("../samples/p256.jwk"))
}

pub(super) fn p384() -> Value {
    sample(include_str!("../samples/p384.jwk"))
}

pub(super) fn ed25519() -> Value {
    sample(include_str!("../samples/ed25519.jwk"))
}

/// Returns the JWK with that member set to the bytes, in base64url.
pub(super) fn with(jwk: &Value, member: &str, bytes: impl AsRef<[u8]>) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = json!(URL_SAFE_NO_PAD.encode(bytes));
    jwk
}

/// Returns the private number and the public point of an EC key.
fn parts(jwk: &Value) -> (Vec<u8>, Vec<u8>) {
    let point = [&[4][..], &of_member(jwk, "x"), &of_member(jwk, "y")].concat();
    (of_member(jwk, "d"), point)
}

/// Returns the number 1 in `size` big-endian bytes.
fn one(size: usize) -> Vec<u8> {
    let mut one = vec![0; size];
    one[size - 1] = 1;
    one
}

/// Returns `number + 1`.
pub(super) fn next(number: &[u8]) -> Vec<u8> {
    let (mut number, mut one) = (number.to_vec(), one(number.len()));
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
        let ((d, point), crv) = (parts(&jwk), jwk["crv"].as_str().unwrap());
        let size = d.len();
        let mut off = point.clone();
        off[size] ^= 1;
        let infinity = [0].to_vec();
        let zero = [&[4][..], &vec![0; 2 * size]].concat();
        for (name, curve, d, point) in [
            ("the other curve's name", other, d.clone(), point.clone()),
            ("secp256k1's name", "06052b8104000a", d.clone(), point.clone()),
            ("no curve's name", "0500", d.clone(), point.clone()),
            ("d zero", own, vec![0; size], point.clone()),
            ("d the order", own, order.clone(), point.clone()),
            ("d the order and one", own, next(&order), point.clone()),
            ("d all ones", own, vec![0xFF; size], point.clone()),
            ("d a byte long", own, [&d[..], &[0]].concat(), point.clone()),
            ("d of twice the length", own, d.repeat(2), point.clone()),
            ("no d", own, Vec::new(), point.clone()),
            ("d of another key", own, next(&d), point.clone()),
            ("d one", own, one(size), point.clone()),
            ("a point off the curve", own, d.clone(), off),
            ("the point at infinity", own, d.clone(), infinity),
            ("a point of zeros", own, d.clone(), zero),
            ("half a point", own, d.clone(), point[..=size].to_vec()),
            ("a point with a byte more", own, d.clone(), [&point[..], &[0]].concat()),
            ("a point of another form", own, d.clone(), [&[5], &point[1..]].concat()),
        ] {
            let said = NO_KEY;
            table.import(said, &format!("{crv} SEC 1: {name}"), sec1(curve, &d, &point));
            table.import(said, &format!("{crv} PKCS#8: {name}"), elliptic(curve, &d, &point));
        }
    }
    table
}

/// P-256 with explicit parameters, one of them changed: signatures by such a key prove nothing.
pub(in crate::hostile) fn explicit_parameters() -> Table {
    let mut table = Table::default();
    let der = of_pem(include_str!("../samples/explicit.pem"));
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
    let (seed, public) = (of_member(&jwk, "d"), of_member(&jwk, "x"));
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
        table.import(NO_KEY, &format!("Ed25519 called {name}"), renamed);
    }
    table
}

/// Inconsistent RSA keys as JWKs, named by the wrong member.
pub(super) fn wrong_rsa() -> Vec<(String, Value)> {
    let (jwk, other) = (rsa(), other_rsa());
    let number = |name: &str| of_member(&jwk, name);
    let mut all = Vec::new();
    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let mut stolen = jwk.clone();
        stolen[name] = other[name].clone();
        all.push((format!("{name} of another key"), stolen));
        let bytes = number(name);
        let mut off = bytes.clone();
        off[bytes.len() - 1] ^= 2;
        all.push((format!("{name} off by two"), with(&jwk, name, off)));
        all.push((format!("{name} zero"), with(&jwk, name, [0])));
        all.push((format!("{name} one"), with(&jwk, name, [1])));
        all.push((format!("{name} of 16,384 bits"), with(&jwk, name, [0xFF; 2_048])));
    }
    let both = |one: &str, two: &str| {
        let mut swapped = jwk.clone();
        swapped[one] = jwk[two].clone();
        swapped[two] = jwk[one].clone();
        swapped
    };
    all.push(("p and q swapped".to_owned(), both("p", "q")));
    all.push(("dp and dq swapped".to_owned(), both("dp", "dq")));
    let mut primes = jwk.clone();
    for name in ["p", "q"] {
        primes[name] = other[name].clone();
    }
    all.push(("the primes of another key".to_owned(), primes));
    for (name, e) in [("0", &[0][..]), ("1", &[1]), ("2", &[2]), ("even", &[1, 0, 0]), ("3", &[3])]
    {
        all.push((format!("e {name}"), with(&jwk, "e", e)));
    }
    let mut open = jwk.clone();
    for name in ["e", "d", "dp", "dq"] {
        open = with(&open, name, [1]);
    }
    all.push(("e and d one, which is no secret".to_owned(), open));
    all.push(("e as long as n".to_owned(), with(&jwk, "e", number("n"))));
    all
}

pub(in crate::hostile) fn rsa_numbers() -> Table {
    let mut table = Table::default();
    for (name, jwk) in wrong_rsa() {
        table.import(NO_KEY, &format!("RSA PKCS#1: {name}"), pkcs1(&jwk));
    }
    let (n, e) = (of_member(&rsa(), "n"), of_member(&rsa(), "e"));
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
