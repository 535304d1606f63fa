//! Public keys of others, judged before any token is held against them: the JWT library takes
//! whatever looks like one.

mod pem;

use super::secret::{Encoding, KeyForm, PublicKeys, is_secret_jwk, not_a_key, spelled};
use super::{Compact, signature};
use crate::model::{Algorithm, Family, Invalid, strict_object};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use jsonwebtoken::DecodingKey;
pub(super) use pem::is_pem;
use pem::of_pem;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A key that tokens of others are held against.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    /// Its key id, if it has one.
    pub(crate) kid: Option<String>,
    /// The algorithms it may be used with; never those of two families.
    pub(crate) algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl Verifier {
    /// Leaves it for no other algorithms than these.
    pub(crate) fn restrict(&mut self, algorithms: &[Algorithm]) {
        self.algorithms.retain(|algorithm| algorithms.contains(algorithm));
    }

    /// Returns whether the key is a shared secret.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.algorithms.iter().any(|algorithm| algorithm.is_symmetric())
    }

    fn is_public(&self, public: &PublicKeys) -> bool {
        self.is_symmetric() && self.key.try_get_as_bytes().is_ok_and(|secret| public.has(secret))
    }

    /// Whether the token carries this key's signature.
    pub(crate) fn checks(&self, token: &Compact<'_>, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm) && signature::checked(token, &self.key, algorithm)
    }
}

/// Refuses keys of which one is a shared secret with the bytes of one of these public keys.
pub(crate) fn refuse_public(keys: &[Verifier], public: &PublicKeys) -> Result<(), Invalid> {
    if keys.iter().any(|key| key.is_public(public)) {
        return Err(refused(&KeyForm::PUBLIC.refusal()));
    }
    Ok(())
}

/// The keys of a JWK Set (RFC 7517, section 5), or one JWK. As the RFC has it, keys that cannot be
/// used are passed over; a set in which none is left, or two have the same id, is refused.
pub(crate) fn read_jwks(bytes: &[u8]) -> Result<Vec<Verifier>, Invalid> {
    let set = strict_object(bytes).map_err(|why| refused(&format!("the JWK Set is {why}")))?;
    let mut first_refusal = None;
    let mut keys = Vec::new();
    let mut take = |judged: Result<Verifier, Invalid>| match judged {
        Ok(key) => keys.push(key),
        Err(refusal) => {
            first_refusal.get_or_insert(refusal);
        }
    };
    match set.get("keys") {
        None => take(judged(&set, false)),
        Some(Value::Array(members)) => {
            for member in members {
                let jwk = member.as_object().ok_or_else(|| refused("not an object"));
                take(jwk.and_then(|jwk| judged(jwk, false)));
            }
        }
        Some(_) => return Err(refused("`keys` is not an array")),
    }
    let members = set.get("keys").and_then(Value::as_array).into_iter().flatten();
    let public: PublicKeys = members.filter_map(Value::as_object).collect();
    keys.retain(|key| {
        !key.is_public(&public) || {
            first_refusal.get_or_insert_with(|| refused(&KeyForm::PUBLIC.refusal()));
            false
        }
    });
    all_different(keys.iter().filter_map(|key| key.kid.as_deref()))?;
    match first_refusal {
        Some(refusal) if keys.is_empty() => Err(refusal),
        _ if keys.is_empty() => Err(refused("the set is empty")),
        _ => Ok(keys),
    }
}

/// One key in whatever form, for these algorithms: a JWK, a public key as PEM, or for HMAC the
/// secret itself, which it is in any case where its spelling is told. `allow_weak`: a secret may be
/// shorter than its hash.
pub(crate) fn read_key(
    bytes: &[u8],
    algorithms: &[Algorithm],
    encoding: Option<Encoding>,
    allow_weak: bool,
) -> Result<Verifier, Invalid> {
    let mut key = if let Some(encoding) = encoding.filter(|_| !is_secret_jwk(bytes)) {
        secret_key(&spelled(bytes, encoding)?, allow_weak)?
    } else if bytes.trim_ascii_start().first() == Some(&b'{') {
        let jwk = strict_object(bytes).map_err(|why| refused(&format!("the JWK is {why}")))?;
        judged(&jwk, allow_weak)?
    } else if is_pem(bytes) {
        of_pem(bytes)?
    } else if !algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
        return Err(refused("this is neither PEM nor a JWK"));
    } else {
        secret_key(&spelled(bytes, Encoding::Text)?, allow_weak)?
    };
    key.restrict(algorithms);
    if key.algorithms.is_empty() {
        return Err(refused("it does not fit the algorithm, or is too short for it"));
    }
    // It was named by whoever gave it.
    key.kid = None;
    Ok(key)
}

/// A JWK (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
pub(super) fn judged(jwk: &Map<String, Value>, allow_weak: bool) -> Result<Verifier, Invalid> {
    for_signatures(jwk, &["verify", "sign"])?;
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| member(jwk, name);
    if text("kty") != Some("oct") && jwk.contains_key("d") {
        return Err(private());
    }
    let mut key = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => rsa(&bytes("n")?, &bytes("e")?)?,
        (Some("EC"), Some("P-256")) => elliptic(Algorithm::ES256, &bytes("x")?, &bytes("y")?)?,
        (Some("EC"), Some("P-384")) => elliptic(Algorithm::ES384, &bytes("x")?, &bytes("y")?)?,
        (Some("OKP"), Some("Ed25519")) => edwards(&bytes("x")?)?,
        (Some("oct"), _) => {
            let secret = bytes("k")?;
            not_a_key(&secret)?;
            secret_key(&secret, allow_weak)?
        }
        _ => return Err(refused("its type is not RSA, P-256, P-384, Ed25519 or a secret")),
    };
    if let Some(algorithm) = jwk.get("alg") {
        let named = algorithm.as_str().and_then(|name| Algorithm::parse(name).ok());
        key.algorithms.retain(|algorithm| Some(*algorithm) == named);
    }
    if key.algorithms.is_empty() {
        return Err(refused("it does not fit its `alg`, or is too short for it"));
    }
    key.kid = key_id(jwk)?.map(str::to_owned);
    Ok(key)
}

/// The key id, if there is one (RFC 7517, section 4.5: it is text).
pub(super) fn key_id(jwk: &Map<String, Value>) -> Result<Option<&str>, Invalid> {
    match jwk.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) => Ok(Some(kid)),
        Some(_) => Err(refused("its `kid` is not text")),
    }
}

/// Refuses key ids of which two are the same.
pub(super) fn all_different<'k>(ids: impl Iterator<Item = &'k str>) -> Result<(), Invalid> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(refused("two keys have the same `kid`"));
        }
    }
    Ok(())
}

/// Refuses a key that is for something else, as far as it says (RFC 7517, sections 4.2 and 4.3).
pub(super) fn for_signatures(jwk: &Map<String, Value>, operations: &[&str]) -> Result<(), Invalid> {
    if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
        return Err(refused("it is not for signatures (`use`)"));
    }
    let fits = |all: &Value| {
        let mut all = all.as_array().into_iter().flatten();
        all.any(|one| operations.iter().any(|operation| one == operation))
    };
    if jwk.get("key_ops").is_some_and(|all| !fits(all)) {
        return Err(refused("it is not for signatures (`key_ops`)"));
    }
    Ok(())
}

/// The bytes of a member (RFC 7518, section 2: base64url without padding).
pub(super) fn member(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Invalid> {
    let value = jwk.get(name).and_then(Value::as_str);
    value
        .and_then(|value| URL_SAFE_NO_PAD.decode(value).ok())
        .ok_or_else(|| refused(&format!("`{name}` is not base64url")))
}

/// 2,048 to 8,192 bits, an odd exponent of 3 or more.
fn rsa(n: &[u8], e: &[u8]) -> Result<Verifier, Invalid> {
    let [n, e] = [n, e].map(|number| &number[number.iter().take_while(|b| **b == 0).count()..]);
    // 256 bytes whose first bit is set, to 1,024 bytes.
    let is_long = n.len() > 256 || n.len() == 256 && n.first().is_some_and(|first| *first >= 0x80);
    if !is_long || n.len() > 1_024 {
        return Err(refused("an RSA key has 2,048 to 8,192 bits"));
    }
    if e.is_empty() || e.len() > 8 || e == [1] || e.last().is_some_and(|last| last % 2 == 0) {
        return Err(refused("its RSA exponent is not an odd number of 3 or more"));
    }
    Ok(of_family(Family::Rsa, DecodingKey::from_rsa_raw_components(n, e)))
}

/// A point on its curve.
fn elliptic(algorithm: Algorithm, x: &[u8], y: &[u8]) -> Result<Verifier, Invalid> {
    let (size, parsed) = if algorithm == Algorithm::ES256 {
        (32, &ECDSA_P256_SHA256_FIXED)
    } else {
        (48, &ECDSA_P384_SHA384_FIXED)
    };
    let point = [&[4], x, y].concat();
    if x.len() != size || y.len() != size || ParsedPublicKey::new(parsed, &point).is_err() {
        return Err(refused("it is not a point on its curve"));
    }
    Ok(of_family(algorithm.family(), DecodingKey::from_ec_der(&point)))
}

/// 32 bytes, a point on the curve in its one spelling (RFC 8032, section 5.1.3), and not of small
/// order, for which signatures prove nothing.
fn edwards(x: &[u8]) -> Result<Verifier, Invalid> {
    let point = CompressedEdwardsY::from_slice(x).ok().and_then(|point| point.decompress());
    let proves = |point: EdwardsPoint| !point.is_small_order() && point.compress().as_bytes() == x;
    if !point.is_some_and(proves) {
        return Err(refused("it is not an Ed25519 key, or one that proves nothing"));
    }
    Ok(of_family(Family::Ed25519, DecodingKey::from_ed_der(x)))
}

/// A secret goes with the algorithms whose hash it is as long as (RFC 7518, section 3.2), or with all
/// of its family.
fn secret_key(secret: &[u8], allow_weak: bool) -> Result<Verifier, Invalid> {
    let least = if allow_weak { 1 } else { usize::MAX };
    let is_long = |hash: usize| secret.len() >= hash.min(least);
    let fits = |it: &Algorithm| matches!(it.family(), Family::Hmac(hash) if is_long(hash));
    let algorithms: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(fits).collect();
    if algorithms.is_empty() {
        return Err(refused("a secret has 32 bytes at least, as many as the hash"));
    }
    Ok(Verifier { kid: None, algorithms, key: DecodingKey::from_secret(secret) })
}

fn of_family(family: Family, key: DecodingKey) -> Verifier {
    let all = Algorithm::ALL.into_iter();
    let algorithms = all.filter(|algorithm| algorithm.family() == family).collect();
    Verifier { kid: None, algorithms, key }
}

fn private() -> Invalid {
    refused("this is a private key; the public one is enough to check")
}

fn refused(why: &str) -> Invalid {
    Invalid::new("key", why)
}

#[cfg(test)]
mod tests;
