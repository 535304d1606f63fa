//! Functions that encode keys in DER (X.690) and PEM. The functions do not check the keys, and can
//! therefore also encode invalid keys.

use crate::hostile::signer::{decode_hex, decode_member};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

// Object identifiers in DER, in hexadecimal. In `RSA_OID`, the NULL parameters of the algorithm
// follow the identifier.
pub(super) const P256_OID: &str = "06082a8648ce3d030107";
pub(super) const P384_OID: &str = "06052b81040022";
pub(super) const P521_OID: &str = "06052b81040023";
const EC_OID: &str = "06072a8648ce3d0201";
const RSA_OID: &str = "06092a864886f70d0101010500";
const ED25519_OID: &str = "06032b6570";

/// Encodes an element: the tag, the length of the content, and the content.
pub(super) fn encode_tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let header = match content.len() {
        0..=0x7F => vec![tag, length[3]],
        0x80..=0xFF => vec![tag, 0x81, length[3]],
        0x100..=0xFFFF => vec![tag, 0x82, length[2], length[3]],
        _ => vec![tag, 0x83, length[1], length[2], length[3]],
    };
    [&header, content].concat()
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode_tagged(0x30, &parts.concat())
}

/// Encodes a non-negative integer. `bytes` is the integer in big-endian order.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    encode_tagged(2, &[sign, bytes].concat())
}

fn octet_string(bytes: &[u8]) -> Vec<u8> {
    encode_tagged(4, bytes)
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    encode_tagged(3, &[&[0], bytes].concat())
}

/// Encodes an elliptic curve private key as SEC 1 (RFC 5915), with the object identifier of the
/// curve. `d` is the private number.
pub(super) fn sec1(curve_oid: &str, d: &[u8], point: &[u8]) -> Vec<u8> {
    let (curve, point) =
        (encode_tagged(0xA0, &decode_hex(curve_oid)), encode_tagged(0xA1, &bit_string(point)));
    sequence(&[&[2, 1, 1], &octet_string(d), &curve, &point])
}

/// Encodes an elliptic curve private key as PKCS#8 (RFC 5208). `d` is the private number.
pub(super) fn pkcs8_ec(curve_oid: &str, d: &[u8], point: &[u8]) -> Vec<u8> {
    let private_key =
        sequence(&[&[2, 1, 1], &octet_string(d), &encode_tagged(0xA1, &bit_string(point))]);
    sequence(&[
        &[2, 1, 0],
        &sequence(&[&decode_hex(EC_OID), &decode_hex(curve_oid)]),
        &octet_string(&private_key),
    ])
}

/// Encodes an Ed25519 private key as PKCS#8 (RFC 8410), with the public key if it is given.
pub(super) fn pkcs8_ed25519(seed: &[u8], public: Option<&[u8]>) -> Vec<u8> {
    let public = public.map(|public| encode_tagged(0x81, &[&[0], public].concat()));
    let version = u8::from(public.is_some());
    let algorithm = sequence(&[&decode_hex(ED25519_OID)]);
    let seed = octet_string(&octet_string(seed));
    sequence(&[&[2, 1, version], &algorithm, &seed, &public.unwrap_or_default()])
}

/// Encodes a private RSA JWK as PKCS#1 (RFC 8017).
pub(super) fn pkcs1(jwk: &Value) -> Vec<u8> {
    let members = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let numbers: Vec<u8> =
        members.iter().flat_map(|name| integer(&decode_member(jwk, name))).collect();
    sequence(&[&[2, 1, 0], &numbers])
}

/// Encodes the `SubjectPublicKeyInfo` (RFC 5280) of an RSA key.
pub(super) fn rsa_public_key_info(n: &[u8], e: &[u8]) -> Vec<u8> {
    let key = sequence(&[&integer(n), &integer(e)]);
    sequence(&[&sequence(&[&decode_hex(RSA_OID)]), &bit_string(&key)])
}

/// Encodes the `SubjectPublicKeyInfo` of an elliptic curve point.
pub(super) fn ec_public_key_info(curve_oid: &str, point: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&decode_hex(EC_OID), &decode_hex(curve_oid)]), &bit_string(point)])
}

/// Encodes the `SubjectPublicKeyInfo` of an Ed25519 key.
pub(super) fn ed25519_public_key_info(point: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&decode_hex(ED25519_OID)]), &bit_string(point)])
}

/// Encodes sequences that are nested `levels` deep. The innermost sequence is empty.
pub(super) fn nested_sequences(levels: u32) -> Vec<u8> {
    // A header of five bytes: the tag, and the length of the inner sequences in four bytes.
    let header = |level: u32| [&[0x30, 0x83][..], &(5 * level).to_be_bytes()[1..]].concat();
    (0..levels).rev().flat_map(header).collect()
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..(at + 64).min(text.len())]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
