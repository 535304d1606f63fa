//! Members of JWKs (RFC 7517; RFC 7518, section 6; RFC 8037, section 2).

use super::error::invalid_key;
use super::public_key::PublicKey;
use crate::model::{Curve, InvalidValue, parse_strict_object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::collections::HashSet;
use zeroize::Zeroizing;

/// Returns whether the text starts like a JSON object.
pub(super) fn starts_like_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// Parses a JSON object without duplicate members; messages call the object `name`.
pub(super) fn parse_object(bytes: &[u8], name: &str) -> Result<Map<String, Value>, InvalidValue> {
    parse_strict_object(bytes).map_err(|error| invalid_key(format!("the {name} is {error}")))
}

/// Returns whether the bytes are a single JWK with the `kty` of a symmetric key.
pub(super) fn is_symmetric_jwk(bytes: &[u8]) -> bool {
    starts_like_object(bytes) && parse_strict_object(bytes).is_ok_and(|jwk| is_symmetric(&jwk))
}

/// Returns whether the `kty` is that of a symmetric key.
pub(super) fn is_symmetric(jwk: &Map<String, Value>) -> bool {
    jwk.get("kty").is_some_and(|kty| kty == "oct")
}

/// Returns the public part of an asymmetric key.
pub(super) fn public_key(jwk: &Map<String, Value>) -> Result<PublicKey, InvalidValue> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let curve = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => {
            return Ok(PublicKey::Rsa { n: decode_number(jwk, "n")?, e: decode_number(jwk, "e")? });
        }
        (Some("OKP"), Some("Ed25519")) => {
            return Ok(PublicKey::Ed25519 { x: decode_member(jwk, "x")? });
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
    Ok(PublicKey::Ec { curve, x: decode_member(jwk, "x")?, y: decode_member(jwk, "y")? })
}

/// Returns the key id, if any, which must be a string (RFC 7517, section 4.5).
pub(super) fn key_id(jwk: &Map<String, Value>) -> Result<Option<&str>, InvalidValue> {
    match jwk.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) => Ok(Some(kid)),
        Some(_) => Err(invalid_key("`kid` is not a string")),
    }
}

/// Refuses duplicate key ids.
pub(super) fn ensure_unique_kids<'k>(
    ids: impl Iterator<Item = &'k str>,
) -> Result<(), InvalidValue> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(invalid_key("two keys have the same `kid`"));
        }
    }
    Ok(())
}

/// Refuses a key whose `use` or `key_ops` excludes the operations (RFC 7517, sections 4.2 and 4.3).
pub(super) fn check_key_use(
    jwk: &Map<String, Value>,
    operations: &[&str],
) -> Result<(), InvalidValue> {
    if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
        return Err(invalid_key("not for signatures (`use`)"));
    }
    let fits = |value: &Value| {
        let mut listed_operations = value.as_array().into_iter().flatten();
        listed_operations.any(|listed| operations.iter().any(|operation| listed == operation))
    };
    if jwk.get("key_ops").is_some_and(|value| !fits(value)) {
        return Err(invalid_key("not for signatures (`key_ops`)"));
    }
    Ok(())
}

/// Decodes a member in base64url without padding (RFC 7518, section 2).
pub(super) fn decode_member(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, InvalidValue> {
    let value = jwk.get(name).and_then(Value::as_str);
    value
        .and_then(|value| URL_SAFE_NO_PAD.decode(value).ok())
        .ok_or_else(|| invalid_key(format!("`{name}` is not base64url")))
}

/// Decodes a secret member, which is cleared from memory after use.
pub(super) fn decode_secret_member(
    jwk: &Map<String, Value>,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, InvalidValue> {
    decode_member(jwk, name).map(Zeroizing::new)
}

/// Decodes a number, without leading zeros.
fn decode_number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, InvalidValue> {
    Ok(decode_member(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
}
