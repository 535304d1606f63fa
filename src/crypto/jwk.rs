//! Parsing and checks of the members of JWKs (RFC 7517; RFC 7518, section 6; RFC 8037, section 2).

use super::error::invalid_key;
use super::public_key::PublicKey;
use crate::model::{Curve, InvalidValue, KeyType};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use std::collections::HashSet;
use zeroize::Zeroizing;

/// Returns whether the `kty` of the JWK is `oct`, the type of symmetric keys.
pub(super) fn is_symmetric(jwk: &Map<String, Value>) -> bool {
    jwk.get("kty").is_some_and(|kty| kty == "oct")
}

/// Returns the key type, or `None` if the type is not supported. `KeyType::Hmac` usually contains
/// the minimum length of the key. Here it contains 0, because the minimum length depends on the
/// algorithm.
pub(super) fn key_type(jwk: &Map<String, Value>) -> Option<KeyType> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    match (text("kty")?, text("crv")) {
        ("oct", _) => Some(KeyType::Hmac(0)),
        ("RSA", _) => Some(KeyType::Rsa),
        ("OKP", Some("Ed25519")) => Some(KeyType::Ed25519),
        ("EC", Some("P-256")) => Some(KeyType::Ec(Curve::P256)),
        ("EC", Some("P-384")) => Some(KeyType::Ec(Curve::P384)),
        ("EC", Some("P-521")) => Some(KeyType::Ec(Curve::P521)),
        _ => None,
    }
}

/// Returns the public part of an asymmetric key. Callers must first check that the key is not
/// symmetric ([`is_symmetric`]): the error for an unsupported key type lists symmetric keys as
/// supported.
pub(super) fn public_key(jwk: &Map<String, Value>) -> Result<PublicKey, InvalidValue> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if !jwk.contains_key("kty") {
        return Err(invalid_key("`kty` missing"));
    }
    let curve = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => {
            return Ok(PublicKey::Rsa { n: decode_number(jwk, "n")?, e: decode_number(jwk, "e")? });
        }
        (Some("OKP"), Some("Ed25519")) => {
            return Ok(PublicKey::Ed25519 { x: decode_member(jwk, "x")? });
        }
        (Some("EC" | "OKP"), None) if !jwk.contains_key("crv") => {
            return Err(invalid_key("`crv` missing"));
        }
        (Some("EC"), Some("P-256")) => Curve::P256,
        (Some("EC"), Some("P-384")) => Curve::P384,
        (Some("EC"), Some("P-521")) => Curve::P521,
        _ => {
            return Err(invalid_key(
                "unsupported key type: expected RSA, P-256, P-384, P-521, Ed25519 or symmetric",
            ));
        }
    };
    let length = curve.coordinate_length();
    let [x, y] = ["x", "y"].map(|name| decode_coordinate(jwk, name, length));
    Ok(PublicKey::Ec { curve, x: x?, y: y? })
}

/// Refuses duplicate key ids.
pub(super) fn ensure_unique_kids<'k>(
    kids: impl Iterator<Item = &'k str>,
) -> Result<(), InvalidValue> {
    let mut seen_kids = HashSet::new();
    for kid in kids {
        if !seen_kids.insert(kid) {
            return Err(invalid_key("two keys have the same `kid`"));
        }
    }
    Ok(())
}

/// Refuses a key with a `use` other than `sig`, or with `key_ops` that contain none of `operations`
/// (RFC 7517, sections 4.2 and 4.3). Keys without these members are accepted.
pub(super) fn check_key_use(
    jwk: &Map<String, Value>,
    operations: &[&str],
) -> Result<(), InvalidValue> {
    if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
        return Err(invalid_key("`use` is not `sig`"));
    }
    let permits_operation = |value: &Value| {
        let mut listed_operations = value.as_array().into_iter().flatten();
        listed_operations.any(|listed| operations.iter().any(|operation| listed == operation))
    };
    if jwk.get("key_ops").is_some_and(|value| !permits_operation(value)) {
        let operations = operations.join("` or `");
        return Err(invalid_key(format!("`key_ops` without `{operations}`")));
    }
    Ok(())
}

/// Decodes a member in base64url (RFC 7518, section 2). Padding is accepted, as in other libraries.
pub(super) fn decode_member(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, InvalidValue> {
    let value = jwk.get(name).ok_or_else(|| invalid_key(format!("`{name}` missing")))?;
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |config| {
        let text = value.as_str()?;
        GeneralPurpose::new(&URL_SAFE, config).decode(text).ok()
    };
    decode(config).ok_or_else(|| {
        let has_nonzero_unused_bits =
            decode(config.with_decode_allow_trailing_bits(true)).is_some();
        let detail = if has_nonzero_unused_bits {
            ": the unused bits of its last character are not zero"
        } else {
            ""
        };
        invalid_key(format!("`{name}` is not base64url{detail}"))
    })
}

/// Decodes a coordinate or the private number of an EC key. `length` is the coordinate length of
/// the curve: any other length is refused (RFC 7518, sections 6.2.1.2 and 6.2.2.1).
pub(super) fn decode_coordinate(
    jwk: &Map<String, Value>,
    name: &str,
    length: usize,
) -> Result<Vec<u8>, InvalidValue> {
    let bytes = decode_member(jwk, name)?;
    if bytes.len() == length {
        return Ok(bytes);
    }
    let found = bytes.len();
    Err(invalid_key(format!(
        "`{name}` has the wrong length: found {found} bytes, expected {length}"
    )))
}

/// Decodes a member with secret bytes. The decoded bytes are overwritten when they are dropped.
pub(super) fn decode_secret_member(
    jwk: &Map<String, Value>,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, InvalidValue> {
    decode_member(jwk, name).map(Zeroizing::new)
}

/// Decodes a big-endian number and removes its leading zeros.
fn decode_number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, InvalidValue> {
    Ok(decode_member(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
}
