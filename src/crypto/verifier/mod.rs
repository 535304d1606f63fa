//! Keys that verify third-party tokens: public keys and shared secrets.

mod key_set;
mod single_key;

#[cfg(any(fuzzing, test))]
use super::compact::CompactJws;
use super::error::invalid_key;
use super::import::{KeyMaterial, import_der};
use super::key_error::KeyError;
use super::keys::build_private_key;
use super::public_key::PublicKey;
use super::reader::{EntryMaterial, KeyEntry};
use super::secret::{PublicKeys, ensure_not_key};
use super::signature::{SignatureVerifier, VerificationKey};
use super::{der, jwk};
use crate::model::{Algorithm, InvalidValue, KeyType, Purpose};
pub(crate) use key_set::{KeyRefusal, KeySet, read_jwks};
#[cfg(test)]
pub(super) use key_set::{NamedVerifier, read_verifiers};
use serde_json::{Map, Value};
pub(crate) use single_key::SingleKeyReader;

/// Key that verifies third-party tokens.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    /// Permitted algorithms, all of one family: HMAC, RSA, ECDSA on one curve, or Ed25519. Empty if
    /// no algorithm of the family is permitted.
    pub(crate) algorithms: Vec<Algorithm>,
    key: VerificationKey,
}

impl Verifier {
    /// Removes the permitted algorithms that are not in `algorithms`. The names `EdDSA` and
    /// `Ed25519` are equivalent.
    pub(crate) fn restrict(&mut self, algorithms: &[Algorithm]) {
        let is_permitted = |algorithm: &Algorithm| {
            algorithms.iter().any(|permitted| permitted.is_equivalent(*algorithm))
        };
        self.algorithms.retain(is_permitted);
    }

    /// Returns whether the key is a shared secret with at least one permitted algorithm.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.algorithms.iter().any(|algorithm| algorithm.is_symmetric())
    }

    /// Returns whether both verifiers have the same key. The permitted algorithms may differ.
    fn is_same_key(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (VerificationKey::Public(first), VerificationKey::Public(second)) => first == second,
            (first, second) => first.secret().is_some() && first.secret() == second.secret(),
        }
    }

    /// Returns an error if the key is a secret that is too short for the algorithm. Returns `None`
    /// for any other key.
    fn weak_secret_error(&self, algorithm: Algorithm) -> Option<KeyError> {
        let (length, KeyType::Hmac(min_length)) = (self.key.secret()?.len(), algorithm.key_type())
        else {
            return None;
        };
        (length < min_length).then_some(KeyError::WeakSecret { length, algorithm, min_length })
    }

    /// Returns whether the key is a secret that equals one of the public keys.
    fn equals_public_key(&self, public_keys: &PublicKeys) -> bool {
        self.key.secret().is_some_and(|secret| public_keys.contains(secret))
    }

    /// Returns the verifier for signatures of this key with the algorithm. If the algorithm is not
    /// permitted, the verifier accepts no signature.
    pub(crate) fn signature_verifier(&self, algorithm: Algorithm) -> SignatureVerifier {
        if self.algorithms.contains(&algorithm) {
            self.key.verifier(algorithm)
        } else {
            SignatureVerifier::Unsuitable
        }
    }

    /// Returns whether the token has a valid signature of this key.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn verifies(&self, token: &CompactJws<'_>, algorithm: Algorithm) -> bool {
        self.signature_verifier(algorithm).verifies(token)
    }
}

/// Returns the verifier of a key. With `accepts_private`, the verifier of a private key uses the
/// public part; without it, a private key is refused. `allow_weak` permits secrets that are shorter
/// than the hash output of their algorithm.
fn build_verifier(
    entry: &KeyEntry,
    accepts_private: bool,
    allow_weak: bool,
) -> Result<Verifier, KeyError> {
    let unknown_key = || invalid_key("not an RSA, P-256, P-384, P-521 or Ed25519 public key");
    let key = match &entry.material {
        EntryMaterial::Jwk(jwk) => return parse_jwk(jwk, accepts_private, allow_weak),
        EntryMaterial::PrivateDer(der) if accepts_private => derive_public_key(der)?,
        EntryMaterial::PrivateDer(_) => return Err(private_key_error().into()),
        EntryMaterial::PublicDer(der) if der::has_compressed_point(der) => {
            let reason = format!("{}: the point is compressed", unknown_key().reason);
            return Err(invalid_key(reason).into());
        }
        EntryMaterial::PublicDer(der) => {
            let key = der::parse_public_key_info(der).or_else(|| der::parse_rsa_public_key(der));
            // The parsers of the module `der` do not check the numbers of an RSA key.
            let is_usable = |key: &PublicKey| {
                !matches!(key, PublicKey::Rsa { .. })
                    || aws_lc_rs::rsa::PublicKey::from_der(der).is_ok()
            };
            key.filter(is_usable).ok_or_else(unknown_key)?
        }
        EntryMaterial::Certificate(der) if der::is_certificate_request(der) => {
            return Err(invalid_key("found a certificate request, expected a key").into());
        }
        EntryMaterial::Certificate(der) => der::parse_certificate_key(der).ok_or_else(|| {
            invalid_key("the certificate has no RSA, P-256, P-384, P-521 or Ed25519 public key")
        })?,
        EntryMaterial::Unusable(error) => return Err(error.clone()),
    };
    Ok(public_key_verifier(key)?)
}

/// Returns the public part of `der`, a private key in DER.
fn derive_public_key(der: &[u8]) -> Result<PublicKey, InvalidValue> {
    let KeyMaterial::Pkcs8(key_type, pkcs8) = import_der(der)? else {
        return Err(private_key_error());
    };
    let fits = |algorithm: &Algorithm| algorithm.key_type() == key_type;
    let algorithm = Algorithm::ALL.into_iter().find(fits).ok_or_else(private_key_error)?;
    let key = build_private_key(algorithm, Purpose::Test, &pkcs8)
        .map_err(|error| invalid_key(error.to_string()))?;
    jwk::public_key(&key.public_jwk.ok_or_else(private_key_error)?)
}

/// Returns the verifier of a JWK (RFC 7517, section 4). The options are explained at
/// [`build_verifier`].
fn parse_jwk(
    jwk: &Map<String, Value>,
    accepts_private: bool,
    allow_weak: bool,
) -> Result<Verifier, KeyError> {
    jwk::check_key_use(jwk, &["verify", "sign"])?;
    // `None` means that the JWK has no `alg`. `Some(None)` is an unknown or malformed `alg`, which
    // no key fits.
    let expected =
        jwk.get("alg").map(|name| name.as_str().and_then(|name| Algorithm::parse(name).ok()));
    let mut verifier = if jwk::is_symmetric(jwk) {
        let secret = jwk::decode_secret_member(jwk, "k")?;
        ensure_not_key(&secret)?;
        secret_verifier(&secret, allow_weak, expected.flatten())?
    } else if jwk.contains_key("d") && !accepts_private {
        return Err(private_key_error().into());
    } else {
        public_key_verifier(jwk::public_key(jwk)?)?
    };
    let Some(expected) = expected else { return Ok(verifier) };
    let found = verifier.algorithms.first().copied();
    verifier
        .algorithms
        .retain(|algorithm| expected.is_some_and(|expected| expected.is_equivalent(*algorithm)));
    if verifier.algorithms.is_empty() {
        return Err(match (found, expected) {
            (Some(found), Some(expected)) => verifier
                .weak_secret_error(expected)
                .unwrap_or_else(|| KeyError::unsuitable_jwk(found, expected)),
            _ => invalid_key("unsuitable for its `alg`").into(),
        });
    }
    Ok(verifier)
}

/// Returns the verifier of a secret. With `allow_weak`, the verifier permits all HMAC algorithms.
/// Without it, the verifier permits the algorithms whose hash is not longer than the secret (RFC
/// 7518, section 3.2). The error about a secret that is too short names the algorithm `expected` if
/// it is an HMAC algorithm, and HS256 in all other cases.
fn secret_verifier(
    secret: &[u8],
    allow_weak: bool,
    expected: Option<Algorithm>,
) -> Result<Verifier, KeyError> {
    if secret.is_empty() {
        return Err(invalid_key("the secret is empty").into());
    }
    let is_long_enough = |hash_size: usize| allow_weak || secret.len() >= hash_size;
    let fits = |algorithm: &Algorithm| matches!(algorithm.key_type(), KeyType::Hmac(hash_size) if is_long_enough(hash_size));
    let algorithms: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(fits).collect();
    let verifier = Verifier { algorithms, key: VerificationKey::new_secret(secret) };
    if verifier.algorithms.is_empty() {
        let expected = expected.filter(|algorithm| algorithm.is_symmetric());
        let error = verifier.weak_secret_error(expected.unwrap_or(Algorithm::HS256));
        return Err(error.unwrap_or_else(|| invalid_key("the secret is too short").into()));
    }
    Ok(verifier)
}

/// Validates a public key, and returns its verifier for all algorithms of its type.
fn public_key_verifier(key: PublicKey) -> Result<Verifier, InvalidValue> {
    key.validate()?;
    let fits = |algorithm: &Algorithm| algorithm.key_type() == key.key_type();
    let algorithms = Algorithm::ALL.into_iter().filter(fits).collect();
    Ok(Verifier { algorithms, key: VerificationKey::Public(key) })
}

fn private_key_error() -> InvalidValue {
    invalid_key("found a private key, expected a public key")
}

#[cfg(test)]
mod tests;
