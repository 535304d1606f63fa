//! Public keys. Imported keys and third-party keys are validated before use, because the crypto
//! library validates keys only superficially.

use super::error::{Error, invalid_key};
use crate::model::{Curve, InvalidValue, KeyType};
use aws_lc_rs::signature::{
    self as aws, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, ParsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Map, Value};

/// Public part of a key. [`PublicKey::validate`] checks the values. Numbers are big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Coordinates of a point on the curve.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// Encoded point (RFC 8032, section 5.1.2).
    Ed25519 { x: Vec<u8> },
}

/// Returns the ECDSA algorithm that signs with keys on a curve (RFC 7518, section 3.4).
pub(super) const fn signing_algorithm(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &aws::ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

const fn verification_algorithm(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &aws::ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &aws::ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &aws::ECDSA_P521_SHA512_FIXED,
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
            Self::Ec { curve, .. } => KeyType::Ec(*curve),
            Self::Ed25519 { .. } => KeyType::Ed25519,
        }
    }

    /// Refuses RSA keys whose size or exponent is out of range, and points that are invalid or of
    /// small order.
    pub(super) fn validate(&self) -> Result<(), InvalidValue> {
        match self {
            Self::Rsa { n, e } => validate_rsa(n, e),
            Self::Ec { curve, x, y } => validate_ec(*curve, x, y),
            Self::Ed25519 { x } => validate_ed25519(x),
        }
    }

    /// Returns the key for the JWT library; `None` for P-521, which the library does not support.
    pub(super) fn to_decoding_key(&self) -> Option<DecodingKey> {
        Some(match self {
            Self::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            Self::Ec { curve: Curve::P521, .. } => return None,
            Self::Ec { x, y, .. } => DecodingKey::from_ec_der(&encode_point(x, y)),
            Self::Ed25519 { x } => DecodingKey::from_ed_der(x),
        })
    }

    /// Returns the key for ES512. Returns `None` for a key of another type, and for a point that is
    /// not on the curve P-521.
    pub(super) fn to_es512_key(&self) -> Option<ParsedPublicKey> {
        let Self::Ec { curve: Curve::P521, x, y } = self else { return None };
        ParsedPublicKey::new(verification_algorithm(Curve::P521), encode_point(x, y)).ok()
    }

    /// Returns a JWK with only the members that define the public key (RFC 7518, section 6; RFC
    /// 8037, section 2).
    pub(super) fn to_jwk(&self) -> Map<String, Value> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self {
            Self::Rsa { n, e } => {
                vec![("kty", "RSA".to_owned()), ("n", encode(n)), ("e", encode(e))]
            }
            Self::Ec { curve, x, y } => vec![
                ("kty", "EC".to_owned()),
                ("crv", curve.name().to_owned()),
                ("x", encode(x)),
                ("y", encode(y)),
            ],
            Self::Ed25519 { x } => {
                vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", encode(x))]
            }
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// Returns the SHA-256 thumbprint of the key (RFC 7638, section 3; RFC 8037, section 2).
    pub(super) fn thumbprint(&self) -> Result<String, Error> {
        let jwk: Jwk =
            serde_json::from_value(self.to_jwk().into()).map_err(|error| key_error(&error))?;
        jwk.thumbprint(ThumbprintHash::SHA256).map_err(|error| key_error(&error))
    }
}

fn key_error(error: &impl ToString) -> Error {
    Error::Key(error.to_string())
}

/// Accepts RSA keys of 2,048 to 8,192 bits with an odd exponent from 3 to 2^64 - 1.
fn validate_rsa(n: &[u8], e: &[u8]) -> Result<(), InvalidValue> {
    // 2,048 bits are 256 bytes whose first bit is set; 8,192 bits are 1,024 bytes.
    let is_long_enough =
        n.len() > 256 || n.len() == 256 && n.first().is_some_and(|first| *first >= 0x80);
    if !is_long_enough || n.len() > 1_024 {
        return Err(invalid_key("RSA key size out of range: expected 2,048 to 8,192 bits"));
    }
    if e.is_empty() || e.len() > 8 || e == [1] || e.last().is_some_and(|last| last % 2 == 0) {
        return Err(invalid_key(
            "RSA exponent out of range: expected an odd number from 3 to 2^64 - 1",
        ));
    }
    Ok(())
}

/// Accepts coordinates of full length that belong to a point on the curve.
fn validate_ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<(), InvalidValue> {
    let (size, point) = (curve.coordinate_length(), encode_point(x, y));
    let is_point = || ParsedPublicKey::new(verification_algorithm(curve), &point).is_ok();
    if x.len() != size || y.len() != size || !is_point() {
        return Err(invalid_key("not a point on the curve"));
    }
    Ok(())
}

/// Accepts 32 bytes that are the canonical encoding of a point on the curve (RFC 8032, section
/// 5.1.3). Refuses points of small order, because anyone can create valid signatures for such keys.
fn validate_ed25519(x: &[u8]) -> Result<(), InvalidValue> {
    let point = CompressedEdwardsY::from_slice(x).ok().and_then(|point| point.decompress());
    let is_sound =
        |point: EdwardsPoint| !point.is_small_order() && point.compress().as_bytes() == x;
    if !point.is_some_and(is_sound) {
        return Err(invalid_key("not an Ed25519 key, or a point of small order"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_canonical_ed25519_point_is_refused() {
        let mut accepted_count = 0;
        // The numbers 2^255 - 19 to 2^255 - 1 are second encodings of the coordinates 0 to 18.
        for first in 0xED..=0xFF {
            let mut non_canonical = [0xFF; 32];
            (non_canonical[0], non_canonical[31]) = (first, 0x7F);
            assert!(validate_ed25519(&non_canonical).is_err());
            let mut canonical = [0; 32];
            canonical[0] = first - 0xED;
            accepted_count += usize::from(validate_ed25519(&canonical).is_ok());
        }
        // Some of the 19 coordinates belong to no valid point.
        assert!(
            accepted_count > 5,
            "accepted canonical encodings: found {accepted_count}, expected more than 5"
        );
    }
}
