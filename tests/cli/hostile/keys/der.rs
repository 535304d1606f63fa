//! An encoder for DER (X.690) keys, which allows invalid keys.

use crate::hostile::signer::{decode_member, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) const P256: &str = "06082a8648ce3d030107";
pub(super) const P384: &str = "06052b81040022";
const EC: &str = "06072a8648ce3d0201";
const RSA: &str = "06092a864886f70d0101010500";
const ED25519: &str = "06032b6570";

pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
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
    tagged(0x30, &parts.concat())
}

/// Encodes a non-negative integer.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tagged(2, &[sign, bytes].concat())
}

fn octet_string(bytes: &[u8]) -> Vec<u8> {
    tagged(4, bytes)
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tagged(3, &[&[0], bytes].concat())
}

/// Encodes SEC 1 (RFC 5915) with a named curve.
pub(super) fn sec1(curve: &str, d: &[u8], point: &[u8]) -> Vec<u8> {
    let (curve, point) = (tagged(0xA0, &hex(curve)), tagged(0xA1, &bit_string(point)));
    sequence(&[&[2, 1, 1], &octet_string(d), &curve, &point])
}

/// Encodes PKCS#8 (RFC 5208) of an elliptic curve key.
pub(super) fn elliptic(curve: &str, d: &[u8], point: &[u8]) -> Vec<u8> {
    let inner = sequence(&[&[2, 1, 1], &octet_string(d), &tagged(0xA1, &bit_string(point))]);
    sequence(&[&[2, 1, 0], &sequence(&[&hex(EC), &hex(curve)]), &octet_string(&inner)])
}

/// Encodes PKCS#8 of an Ed25519 key (RFC 8410), with an optional public part.
pub(super) fn edwards(seed: &[u8], public: Option<&[u8]>) -> Vec<u8> {
    let public = public.map(|public| tagged(0x81, &[&[0], public].concat()));
    let version = u8::from(public.is_some());
    let algorithm = sequence(&[&hex(ED25519)]);
    let seed = octet_string(&octet_string(seed));
    sequence(&[&[2, 1, version], &algorithm, &seed, &public.unwrap_or_default()])
}

/// Encodes a private RSA JWK as PKCS#1 (RFC 8017).
pub(super) fn pkcs1(jwk: &Value) -> Vec<u8> {
    let numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let numbers: Vec<u8> =
        numbers.iter().flat_map(|name| integer(&decode_member(jwk, name))).collect();
    sequence(&[&[2, 1, 0], &numbers])
}

/// Encodes the `SubjectPublicKeyInfo` (RFC 5280) of an RSA key.
pub(super) fn rsa_public_key_info(n: &[u8], e: &[u8]) -> Vec<u8> {
    let key = sequence(&[&integer(n), &integer(e)]);
    sequence(&[&sequence(&[&hex(RSA)]), &bit_string(&key)])
}

/// Encodes the `SubjectPublicKeyInfo` of an elliptic curve point.
pub(super) fn elliptic_public_key_info(curve: &str, point: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&hex(EC), &hex(curve)]), &bit_string(point)])
}

/// Encodes the `SubjectPublicKeyInfo` of an Ed25519 key.
pub(super) fn edwards_public_key_info(point: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&hex(ED25519)]), &bit_string(point)])
}

/// Encodes nested sequences, the innermost empty.
pub(super) fn nested(levels: u32) -> Vec<u8> {
    let header = |level: u32| [&[0x30, 0x83][..], &(5 * level).to_be_bytes()[1..]].concat();
    (0..levels).rev().flat_map(header).collect()
}

pub(super) fn pem(tag: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..(at + 64).min(text.len())]).collect();
    format!("-----BEGIN {tag}-----\n{}\n-----END {tag}-----\n", lines.join("\n"))
}
