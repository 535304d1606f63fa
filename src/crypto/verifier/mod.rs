//! Third-party public keys, validated before any token is verified: the JWT library validates keys
//! only superficially.

mod pem;

use super::secret::{
    KeyFormat, PublicKeys, SecretEncoding, decode_secret, ensure_not_key, is_symmetric_jwk,
};
use super::{CompactJws, signature};
use crate::model::{Algorithm, InvalidValue, KeyType, parse_strict_object};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use jsonwebtoken::DecodingKey;
pub(super) use pem::is_pem;
use pem::parse_pem;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A key that verifies third-party tokens.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    /// Key id, if any.
    pub(crate) kid: Option<String>,
    /// Permitted algorithms, all of one family.
    pub(crate) algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl Verifier {
    /// Limits the key to the given algorithms.
    pub(crate) fn restrict(&mut self, algorithms: &[Algorithm]) {
        self.algorithms.retain(|algorithm| algorithms.contains(algorithm));
    }

    /// Returns whether the key is a shared secret.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.algorithms.iter().any(|algorithm| algorithm.is_symmetric())
    }

    fn equals_public_key(&self, public_keys: &PublicKeys) -> bool {
        self.is_symmetric()
            && self.key.try_get_as_bytes().is_ok_and(|secret| public_keys.contains(secret))
    }

    /// Returns whether the token has a valid signature of this key.
    pub(crate) fn verifies(&self, token: &CompactJws<'_>, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
            && signature::is_signature_valid(token, &self.key, algorithm)
    }
}

/// Refuses keys if a shared secret equals one of the public keys.
pub(crate) fn ensure_no_public_secrets(
    keys: &[Verifier],
    public_keys: &PublicKeys,
) -> Result<(), InvalidValue> {
    if keys.iter().any(|key| key.equals_public_key(public_keys)) {
        return Err(invalid_key(&KeyFormat::PUBLIC_KEY_BYTES.refusal_message()));
    }
    Ok(())
}

/// Reads the keys of a JWK Set (RFC 7517, section 5), or a single JWK. Skips unusable keys as
/// specified in the RFC. Refuses a set without usable keys or with duplicate key ids.
pub(crate) fn read_jwks(bytes: &[u8]) -> Result<Vec<Verifier>, InvalidValue> {
    let set = parse_strict_object(bytes)
        .map_err(|error| invalid_key(&format!("the JWK Set is {error}")))?;
    let mut first_refusal = None;
    let mut keys = Vec::new();
    let mut collect = |result: Result<Verifier, InvalidValue>| match result {
        Ok(key) => keys.push(key),
        Err(refusal) => {
            first_refusal.get_or_insert(refusal);
        }
    };
    match set.get("keys") {
        None => collect(parse_jwk(&set, false)),
        Some(Value::Array(members)) => {
            for member in members {
                let jwk = member.as_object().ok_or_else(|| invalid_key("not an object"));
                collect(jwk.and_then(|jwk| parse_jwk(jwk, false)));
            }
        }
        Some(_) => return Err(invalid_key("`keys` is not an array")),
    }
    let members = set.get("keys").and_then(Value::as_array).into_iter().flatten();
    let public_keys: PublicKeys = members.filter_map(Value::as_object).collect();
    keys.retain(|key| {
        !key.equals_public_key(&public_keys) || {
            first_refusal
                .get_or_insert_with(|| invalid_key(&KeyFormat::PUBLIC_KEY_BYTES.refusal_message()));
            false
        }
    });
    ensure_unique_kids(keys.iter().filter_map(|key| key.kid.as_deref()))?;
    match first_refusal {
        Some(refusal) if keys.is_empty() => Err(refusal),
        _ if keys.is_empty() => Err(invalid_key("the JWK Set is empty")),
        _ => Ok(keys),
    }
}

/// Reads a key for the given algorithms: a JWK, a public key as PEM, or an HMAC secret. With an
/// `encoding`, the input is a secret. `allow_weak` permits secrets shorter than the hash output.
pub(crate) fn read_key(
    bytes: &[u8],
    algorithms: &[Algorithm],
    encoding: Option<SecretEncoding>,
    allow_weak: bool,
) -> Result<Verifier, InvalidValue> {
    let mut key = if let Some(encoding) = encoding.filter(|_| !is_symmetric_jwk(bytes)) {
        secret_verifier(&decode_secret(bytes, encoding)?, allow_weak)?
    } else if bytes.trim_ascii_start().first() == Some(&b'{') {
        let jwk = parse_strict_object(bytes)
            .map_err(|error| invalid_key(&format!("the JWK is {error}")))?;
        parse_jwk(&jwk, allow_weak)?
    } else if is_pem(bytes) {
        parse_pem(bytes)?
    } else if !algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
        return Err(invalid_key("not a PEM or JWK"));
    } else {
        secret_verifier(&decode_secret(bytes, SecretEncoding::Text)?, allow_weak)?
    };
    key.restrict(algorithms);
    if key.algorithms.is_empty() {
        return Err(invalid_key("unsuitable for the algorithm, or too short"));
    }
    // The caller selected the key, regardless of its id.
    key.kid = None;
    Ok(key)
}

/// Parses a JWK (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
pub(super) fn parse_jwk(
    jwk: &Map<String, Value>,
    allow_weak: bool,
) -> Result<Verifier, InvalidValue> {
    check_key_use(jwk, &["verify", "sign"])?;
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| decode_member(jwk, name);
    if text("kty") != Some("oct") && jwk.contains_key("d") {
        return Err(private_key_error());
    }
    let mut key = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => rsa_verifier(&bytes("n")?, &bytes("e")?)?,
        (Some("EC"), Some("P-256")) => ec_verifier(Algorithm::ES256, &bytes("x")?, &bytes("y")?)?,
        (Some("EC"), Some("P-384")) => ec_verifier(Algorithm::ES384, &bytes("x")?, &bytes("y")?)?,
        (Some("OKP"), Some("Ed25519")) => ed25519_verifier(&bytes("x")?)?,
        (Some("oct"), _) => {
            let secret = bytes("k")?;
            ensure_not_key(&secret)?;
            secret_verifier(&secret, allow_weak)?
        }
        _ => {
            return Err(invalid_key(
                "unsupported key type: expected RSA, P-256, P-384, Ed25519 or symmetric",
            ));
        }
    };
    if let Some(algorithm) = jwk.get("alg") {
        let expected = algorithm.as_str().and_then(|name| Algorithm::parse(name).ok());
        key.algorithms.retain(|algorithm| Some(*algorithm) == expected);
    }
    if key.algorithms.is_empty() {
        return Err(invalid_key("unsuitable for its `alg`, or too short"));
    }
    key.kid = key_id(jwk)?.map(str::to_owned);
    Ok(key)
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
        .ok_or_else(|| invalid_key(&format!("`{name}` is not base64url")))
}

/// Accepts RSA keys of 2,048 to 8,192 bits with an odd exponent of at least 3.
fn rsa_verifier(n: &[u8], e: &[u8]) -> Result<Verifier, InvalidValue> {
    let [n, e] = [n, e].map(|number| &number[number.iter().take_while(|b| **b == 0).count()..]);
    // 256 bytes with the first bit set, up to 1,024 bytes.
    let is_long = n.len() > 256 || n.len() == 256 && n.first().is_some_and(|first| *first >= 0x80);
    if !is_long || n.len() > 1_024 {
        return Err(invalid_key("RSA key size out of range: expected 2,048 to 8,192 bits"));
    }
    if e.is_empty() || e.len() > 8 || e == [1] || e.last().is_some_and(|last| last % 2 == 0) {
        return Err(invalid_key("the RSA exponent is not an odd number of at least 3"));
    }
    Ok(verifier_of_family(KeyType::Rsa, DecodingKey::from_rsa_raw_components(n, e)))
}

/// Accepts EC keys that are a point on their curve.
fn ec_verifier(algorithm: Algorithm, x: &[u8], y: &[u8]) -> Result<Verifier, InvalidValue> {
    let (size, curve) = if algorithm == Algorithm::ES256 {
        (32, &ECDSA_P256_SHA256_FIXED)
    } else {
        (48, &ECDSA_P384_SHA384_FIXED)
    };
    let point = [&[4], x, y].concat();
    if x.len() != size || y.len() != size || ParsedPublicKey::new(curve, &point).is_err() {
        return Err(invalid_key("not a point on the curve"));
    }
    Ok(verifier_of_family(algorithm.key_type(), DecodingKey::from_ec_der(&point)))
}

/// Accepts 32 bytes that are the canonical encoding of a point on the curve (RFC 8032, section
/// 5.1.3). Refuses points of small order, whose signatures prove nothing.
fn ed25519_verifier(x: &[u8]) -> Result<Verifier, InvalidValue> {
    let point = CompressedEdwardsY::from_slice(x).ok().and_then(|point| point.decompress());
    let is_sound =
        |point: EdwardsPoint| !point.is_small_order() && point.compress().as_bytes() == x;
    if !point.is_some_and(is_sound) {
        return Err(invalid_key("not an Ed25519 key, or a point of small order"));
    }
    Ok(verifier_of_family(KeyType::Ed25519, DecodingKey::from_ed_der(x)))
}

/// Selects the algorithms whose hash is not longer than the secret (RFC 7518, section 3.2), or with
/// `allow_weak` all HMAC algorithms.
fn secret_verifier(secret: &[u8], allow_weak: bool) -> Result<Verifier, InvalidValue> {
    let max_required_length = if allow_weak { 1 } else { usize::MAX };
    let is_long_enough = |hash_size: usize| secret.len() >= hash_size.min(max_required_length);
    let fits = |algorithm: &Algorithm| matches!(algorithm.key_type(), KeyType::Hmac(hash_size) if is_long_enough(hash_size));
    let algorithms: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(fits).collect();
    if algorithms.is_empty() {
        return Err(invalid_key(
            "secret too short: expected at least 32 bytes, the size of the hash",
        ));
    }
    Ok(Verifier { kid: None, algorithms, key: DecodingKey::from_secret(secret) })
}

fn verifier_of_family(family: KeyType, key: DecodingKey) -> Verifier {
    let candidates = Algorithm::ALL.into_iter();
    let algorithms = candidates.filter(|algorithm| algorithm.key_type() == family).collect();
    Verifier { kid: None, algorithms, key }
}

fn private_key_error() -> InvalidValue {
    invalid_key("found a private key, expected a public key")
}

fn invalid_key(reason: &str) -> InvalidValue {
    InvalidValue::new("key", reason)
}

#[cfg(test)]
mod tests;
