//! Public keys, validated before any token is verified: the JWT library validates keys only
//! superficially.

use super::error::invalid_key;
use crate::model::{InvalidValue, KeyType};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use jsonwebtoken::DecodingKey;

/// Public part of a key, not yet validated. Numbers are big-endian.
pub(super) enum PublicKey {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Coordinates of a point.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// Encoded point (RFC 8032, section 5.1.2).
    Ed25519 { x: Vec<u8> },
}

/// Elliptic curve of an ECDSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(super) const ALL: [Self; 2] = [Self::P256, Self::P384];

    pub(super) const fn key_type(self) -> KeyType {
        match self {
            Self::P256 => KeyType::P256,
            Self::P384 => KeyType::P384,
        }
    }

    /// Length of a coordinate or private number in bytes.
    pub(super) const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// Encodes a point in uncompressed form (SEC 1, section 2.3.3).
pub(super) fn encode_point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

impl PublicKey {
    pub(super) const fn key_type(&self) -> KeyType {
        match self {
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { curve, .. } => curve.key_type(),
            Self::Ed25519 { .. } => KeyType::Ed25519,
        }
    }

    /// Validates the key and converts it for the JWT library.
    pub(super) fn to_decoding_key(&self) -> Result<DecodingKey, InvalidValue> {
        match self {
            Self::Rsa { n, e } => rsa_decoding_key(n, e),
            Self::Ec { curve, x, y } => ec_decoding_key(*curve, x, y),
            Self::Ed25519 { x } => ed25519_decoding_key(x),
        }
    }
}

/// Accepts RSA keys of 2,048 to 8,192 bits with an odd exponent of at least 3.
fn rsa_decoding_key(n: &[u8], e: &[u8]) -> Result<DecodingKey, InvalidValue> {
    // 256 bytes with the first bit set, up to 1,024 bytes.
    let is_long = n.len() > 256 || n.len() == 256 && n.first().is_some_and(|first| *first >= 0x80);
    if !is_long || n.len() > 1_024 {
        return Err(invalid_key("RSA key size out of range: expected 2,048 to 8,192 bits"));
    }
    if e.is_empty() || e.len() > 8 || e == [1] || e.last().is_some_and(|last| last % 2 == 0) {
        return Err(invalid_key("the RSA exponent is not an odd number of at least 3"));
    }
    Ok(DecodingKey::from_rsa_raw_components(n, e))
}

/// Accepts EC keys that are a point on their curve.
fn ec_decoding_key(curve: Curve, x: &[u8], y: &[u8]) -> Result<DecodingKey, InvalidValue> {
    let algorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
    };
    let (size, point) = (curve.coordinate_length(), encode_point(x, y));
    if x.len() != size || y.len() != size || ParsedPublicKey::new(algorithm, &point).is_err() {
        return Err(invalid_key("not a point on the curve"));
    }
    Ok(DecodingKey::from_ec_der(&point))
}

/// Accepts 32 bytes that are the canonical encoding of a point on the curve (RFC 8032, section
/// 5.1.3). Refuses points of small order, whose signatures prove nothing.
fn ed25519_decoding_key(x: &[u8]) -> Result<DecodingKey, InvalidValue> {
    let point = CompressedEdwardsY::from_slice(x).ok().and_then(|point| point.decompress());
    let is_sound =
        |point: EdwardsPoint| !point.is_small_order() && point.compress().as_bytes() == x;
    if !point.is_some_and(is_sound) {
        return Err(invalid_key("not an Ed25519 key, or a point of small order"));
    }
    Ok(DecodingKey::from_ed_der(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ed25519_point_has_one_encoding() {
        let mut accepted_count = 0;
        // The coordinates 0 to 18 have a second encoding: 2^255 - 19 to 2^255 - 1.
        for first in 0xED..=0xFF {
            let mut non_canonical = [0xFF; 32];
            (non_canonical[0], non_canonical[31]) = (first, 0x7F);
            assert!(ed25519_decoding_key(&non_canonical).is_err());
            let mut canonical = [0; 32];
            canonical[0] = first - 0xED;
            accepted_count += usize::from(ed25519_decoding_key(&canonical).is_ok());
        }
        // Not every coordinate belongs to a valid point: without the count, the test could accept
        // none.
        assert!(
            accepted_count > 5,
            "accepted canonical encodings: found {accepted_count}, expected more than 5"
        );
    }
}
