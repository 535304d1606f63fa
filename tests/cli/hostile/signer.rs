//! Functions that sign with every algorithm, decode keys, and do the arithmetic for forged
//! signatures.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature as aws;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The order of P-256 in hexadecimal (FIPS 186-4, D.1.2.3).
pub(super) const P256_ORDER: &str =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The order of P-521 in hexadecimal (FIPS 186-4, D.1.2.5).
pub(super) const P521_ORDER: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
    ffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

/// The order of P-384 in hexadecimal (FIPS 186-4, D.1.2.4).
pub(super) const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffff\
                                     c7634d81f4372ddf581a0db248b0a77aecec196accc52973";

/// The order of Ed25519 in little-endian hexadecimal (RFC 8032, section 5.1).
pub(super) const ED25519_ORDER: &str =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

pub(super) fn decode_hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Returns `a - b`. The arguments and the result are big-endian numbers of 32 bytes.
pub(super) fn subtract_big_endian(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut difference = vec![0; 32];
    let mut borrow = 0;
    for at in (0..32).rev() {
        let digit = i16::from(a[at]) - i16::from(b[at]) - borrow;
        borrow = i16::from(digit < 0);
        difference[at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    difference
}

/// Returns `a + b`. The arguments and the result are little-endian numbers of the same length.
pub(super) fn add_little_endian(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let add_with_carry = |(a, b): (&u8, &u8)| {
        let sum = u16::from(*a) + u16::from(*b) + carry;
        carry = sum >> 8;
        u8::try_from(sum & 0xFF).unwrap()
    };
    a.iter().zip(b).map(add_with_carry).collect()
}

/// Returns the signature of `input`. `key` is a private key in PKCS#8, or the secret of an HMAC.
pub(super) fn sign_raw(algorithm: &str, key: &[u8], input: &str) -> Vec<u8> {
    let (input, random) = (input.as_bytes(), SystemRandom::new());
    let rsa = |padding: &'static dyn aws::RsaEncoding| {
        let pair = aws::RsaKeyPair::from_pkcs8(key).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &random, input, &mut signature).unwrap();
        signature
    };
    let ecdsa = |curve| {
        let pair = aws::EcdsaKeyPair::from_pkcs8(curve, key).unwrap();
        pair.sign(&random, input).unwrap().as_ref().to_vec()
    };
    let hmac = |hash| {
        let key = aws_lc_rs::hmac::Key::new(hash, key);
        aws_lc_rs::hmac::sign(&key, input).as_ref().to_vec()
    };
    match algorithm {
        "HS256" => hmac(aws_lc_rs::hmac::HMAC_SHA256),
        "HS384" => hmac(aws_lc_rs::hmac::HMAC_SHA384),
        "HS512" => hmac(aws_lc_rs::hmac::HMAC_SHA512),
        "RS256" => rsa(&aws::RSA_PKCS1_SHA256),
        "RS384" => rsa(&aws::RSA_PKCS1_SHA384),
        "RS512" => rsa(&aws::RSA_PKCS1_SHA512),
        "PS256" => rsa(&aws::RSA_PSS_SHA256),
        "PS384" => rsa(&aws::RSA_PSS_SHA384),
        "PS512" => rsa(&aws::RSA_PSS_SHA512),
        "ES256" => ecdsa(&aws::ECDSA_P256_SHA256_FIXED_SIGNING),
        "ES384" => ecdsa(&aws::ECDSA_P384_SHA384_FIXED_SIGNING),
        "ES512" => ecdsa(&aws::ECDSA_P521_SHA512_FIXED_SIGNING),
        "EdDSA" | "Ed25519" => {
            let pair = aws::Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).unwrap();
            pair.sign(input).as_ref().to_vec()
        }
        unknown => panic!("unsupported algorithm `{unknown}`"),
    }
}

/// Returns a token with the header and the payload, signed with the key and the algorithm.
pub(crate) fn sign_token(algorithm: &str, key: &[u8], header: &Value, payload: &str) -> String {
    let input = format!("{}.{}", super::base64url(header.to_string()), super::base64url(payload));
    let signature = sign_raw(algorithm, key, &input);
    format!("{input}.{}", super::base64url(signature))
}

/// Returns the DER of the first key in a PEM file: the decoded base64 between the first `BEGIN`
/// line and the next `END` line.
pub(crate) fn decode_pem(text: &str) -> Vec<u8> {
    let lines = text.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    let base64: String = lines.take_while(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}

/// Decodes a base64url member of a JWK.
pub(super) fn decode_member(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}
