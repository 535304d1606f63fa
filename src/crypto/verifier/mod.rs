//! Keys that verify third-party tokens: public keys and shared secrets.

use super::compact::CompactJws;
use super::error::invalid_key;
use super::public_key::PublicKey;
use super::secret::{KeyFormat, PublicKeys, SecretEncoding, decode_secret, ensure_not_key};
use super::signature::VerificationKey;
use super::{der, jwk, pem};
use crate::model::{Algorithm, InvalidValue, KeyType};
use serde_json::{Map, Value};

/// A key that verifies third-party tokens.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    /// Key id, if any.
    pub(crate) kid: Option<String>,
    /// Permitted algorithms, all of one family.
    pub(crate) algorithms: Vec<Algorithm>,
    key: VerificationKey,
}

impl Verifier {
    /// Limits the key to the given algorithms. Both names of Ed25519 are equivalent.
    pub(crate) fn restrict(&mut self, algorithms: &[Algorithm]) {
        let is_permitted = |algorithm: &Algorithm| {
            algorithms.iter().any(|permitted| permitted.is_equivalent(*algorithm))
        };
        self.algorithms.retain(is_permitted);
    }

    /// Returns whether the key is a shared secret.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.algorithms.iter().any(|algorithm| algorithm.is_symmetric())
    }

    fn equals_public_key(&self, public_keys: &PublicKeys) -> bool {
        self.key.secret().is_some_and(|secret| public_keys.contains(secret))
    }

    /// Returns whether the token has a valid signature of this key.
    pub(crate) fn verifies(&self, token: &CompactJws<'_>, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm) && self.key.verifies(token, algorithm)
    }
}

/// Refuses keys if a shared secret equals one of the public keys.
pub(crate) fn ensure_no_public_secrets(
    keys: &[Verifier],
    public_keys: &PublicKeys,
) -> Result<(), InvalidValue> {
    if keys.iter().any(|key| key.equals_public_key(public_keys)) {
        return Err(invalid_key(KeyFormat::PUBLIC_KEY_BYTES.refusal_message()));
    }
    Ok(())
}

/// Reads the keys of a JWK Set (RFC 7517, section 5), or a single JWK. Skips unusable keys as
/// specified in the RFC. Refuses a set without usable keys or with duplicate key ids.
pub(crate) fn read_jwks(bytes: &[u8]) -> Result<Vec<Verifier>, InvalidValue> {
    let set = jwk::parse_object(bytes, "JWK Set")?;
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
                .get_or_insert_with(|| invalid_key(KeyFormat::PUBLIC_KEY_BYTES.refusal_message()));
            false
        }
    });
    jwk::ensure_unique_kids(keys.iter().filter_map(|key| key.kid.as_deref()))?;
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
    let mut key = if let Some(encoding) = encoding.filter(|_| !jwk::is_symmetric_jwk(bytes)) {
        secret_verifier(&decode_secret(bytes, encoding)?, allow_weak)?
    } else if jwk::starts_like_object(bytes) {
        parse_jwk(&jwk::parse_object(bytes, "JWK")?, allow_weak)?
    } else if pem::is_pem(bytes) {
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

/// Parses a JWK (RFC 7517, section 4).
fn parse_jwk(jwk: &Map<String, Value>, allow_weak: bool) -> Result<Verifier, InvalidValue> {
    jwk::check_key_use(jwk, &["verify", "sign"])?;
    let mut key = if jwk::is_symmetric(jwk) {
        let secret = jwk::decode_secret_member(jwk, "k")?;
        ensure_not_key(&secret)?;
        secret_verifier(&secret, allow_weak)?
    } else if jwk.contains_key("d") {
        return Err(private_key_error());
    } else {
        public_key_verifier(jwk::public_key(jwk)?)?
    };
    if let Some(algorithm) = jwk.get("alg") {
        let expected = algorithm.as_str().and_then(|name| Algorithm::parse(name).ok());
        key.algorithms.retain(|algorithm| {
            expected.is_some_and(|expected| expected.is_equivalent(*algorithm))
        });
    }
    if key.algorithms.is_empty() {
        return Err(invalid_key("unsuitable for its `alg`, or too short"));
    }
    key.kid = jwk::key_id(jwk)?.map(str::to_owned);
    Ok(key)
}

/// Parses a PEM with a single public key.
fn parse_pem(bytes: &[u8]) -> Result<Verifier, InvalidValue> {
    let blocks = pem::parse_blocks(bytes)?;
    if blocks.iter().any(|block| block.tag().contains("PRIVATE")) {
        return Err(private_key_error());
    }
    let [block] = &blocks[..] else {
        return Err(invalid_key("the PEM has several parts, expected a single public key"));
    };
    let key = match block.tag() {
        "PUBLIC KEY" => der::parse_public_key_info(block.contents()),
        "RSA PUBLIC KEY" => der::parse_rsa_public_key(block.contents()),
        "CERTIFICATE" => {
            return Err(invalid_key(
                "certificates are not supported; extract the key with `openssl x509 -pubkey`",
            ));
        }
        _ => None,
    };
    // The format crates do not check the numbers of an RSA key.
    let is_unusable = |key: &PublicKey| {
        matches!(key, PublicKey::Rsa { .. })
            && aws_lc_rs::rsa::PublicKey::from_der(block.contents()).is_err()
    };
    let unknown_key = || invalid_key("not an RSA, P-256, P-384, P-521 or Ed25519 public key");
    public_key_verifier(key.filter(|key| !is_unusable(key)).ok_or_else(unknown_key)?)
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
    Ok(Verifier { kid: None, algorithms, key: VerificationKey::new_secret(secret) })
}

fn public_key_verifier(key: PublicKey) -> Result<Verifier, InvalidValue> {
    key.validate()?;
    let fits = |algorithm: &Algorithm| algorithm.key_type() == key.key_type();
    let algorithms = Algorithm::ALL.into_iter().filter(fits).collect();
    Ok(Verifier { kid: None, algorithms, key: VerificationKey::Public(key) })
}

fn private_key_error() -> InvalidValue {
    invalid_key("found a private key, expected a public key")
}

#[cfg(test)]
mod tests;
