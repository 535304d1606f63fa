//! Import of private keys in various formats. Keys are validated, then stored in one format, so
//! that a second import of a key is recognized.

mod key_material;

use super::error::invalid_key;
use super::keys::{build_private_key, build_symmetric_key};
use super::secret::{
    KeyFormat, PublicKeys, SecretEncoding, SecretError, decode_secret, detect_key, ensure_not_key,
};
use super::{jwk, pem};
use crate::model::{Algorithm, InvalidValue, KeySpec, KeyType, Purpose, Untrusted};
use key_material::{KeyMaterial, import_der, import_jwk, import_pem};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

/// Options for the import of keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyImporter {
    /// Purpose of the keys.
    pub(crate) purpose: Purpose,
    /// Algorithm. By default the `alg` of a JWK, or the most common algorithm of the key type.
    pub(crate) algorithm: Option<Algorithm>,
    /// Encoding, if the input is a secret.
    pub(crate) encoding: Option<SecretEncoding>,
    /// Accepts secrets that are shorter than the hash output.
    pub(crate) allow_weak: bool,
}

/// A signing key, and the key id that its document states.
#[derive(Debug, Clone)]
pub(crate) struct ImportedKey {
    /// The key. Its key id is the thumbprint, or random for a secret.
    pub(crate) key: KeySpec,
    /// Key id in the document, such as the `kid` of a JWK.
    pub(crate) kid: Option<Untrusted>,
}

/// Reason why a key is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImportError {
    /// Invalid key, or not a private key.
    #[error("{0}")]
    Invalid(#[from] InvalidValue),
    /// Invalid member of a JWK Set.
    #[error("key {number} of {count}: {}", .error.reason())]
    SetMember {
        /// Position of the key, from 1.
        number: usize,
        /// Number of keys.
        count: usize,
        /// Reason.
        error: Box<ImportError>,
    },
    /// A secret shorter than the hash output (RFC 7518, section 3.2).
    #[error("secret too short for {}: found {length} bytes, expected at least {min_length}", .algorithm.name())]
    WeakSecret {
        /// Length in bytes.
        length: usize,
        /// Algorithm.
        algorithm: Algorithm,
        /// Minimum length in bytes.
        min_length: usize,
    },
    /// Unknown format. The input may be a secret, but no encoding was given.
    #[error("unsupported key format: expected PEM, DER, JWK or JWK Set")]
    UnknownFormat,
    /// A key in an unsupported format.
    #[error("unsupported key format: found {}, expected plain PEM, DER, JWK or JWK Set", .0.to_display())]
    UnsupportedFormat(KeyFormat),
    /// A key in place of a shared secret.
    #[error("{}", .0.refusal_message())]
    KeyAsSecret(KeyFormat),
}

/// First byte of every private key in DER: `0` in text.
const DER_SEQUENCE: u8 = 0x30;

/// Tag of the version in DER, which does not occur in text.
const DER_INTEGER: u8 = 0x02;

impl From<SecretError> for ImportError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::IsKey(format) => Self::KeyAsSecret(format),
            SecretError::InvalidEncoding => Self::Invalid(error.into()),
        }
    }
}

impl ImportError {
    /// Returns the reason without the word "key", for messages that name the key.
    fn reason(&self) -> String {
        if let Self::Invalid(invalid) = self { invalid.reason.clone() } else { self.to_string() }
    }
}

impl KeyImporter {
    /// Reads private keys: PKCS#8, SEC 1 or PKCS#1 as PEM or DER, a JWK, all members of a JWK Set,
    /// or a secret.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Vec<ImportedKey>, ImportError> {
        if let Some(encoding) = self.encoding.filter(|_| !jwk::is_symmetric_jwk(bytes)) {
            let material = KeyMaterial::Secret(decode_secret(bytes, encoding)?);
            return Ok(vec![ImportedKey { key: self.build_key(material, None)?, kid: None }]);
        }
        if jwk::starts_like_object(bytes) {
            let object = jwk::parse_object(bytes, "JWK")?;
            if object.contains_key("keys") {
                return self.read_jwk_set(&object);
            }
            return Ok(vec![self.read_jwk(&object)?]);
        }
        let material = if pem::is_pem(bytes) {
            import_pem(bytes)?
        } else if self.algorithm.is_some_and(Algorithm::is_symmetric) {
            KeyMaterial::Secret(decode_secret(bytes, SecretEncoding::Text)?)
        } else if bytes.first() == Some(&DER_SEQUENCE) && bytes.contains(&DER_INTEGER) {
            import_der(bytes)?
        } else {
            return Err(detect_key(bytes)
                .map_or(ImportError::UnknownFormat, ImportError::UnsupportedFormat));
        };
        Ok(vec![ImportedKey { key: self.build_key(material, None)?, kid: None }])
    }

    fn read_jwk_set(self, set: &Map<String, Value>) -> Result<Vec<ImportedKey>, ImportError> {
        let jwks = set.get("keys").and_then(Value::as_array);
        let jwks = jwks.filter(|jwks| !jwks.is_empty());
        let jwks = jwks.ok_or_else(|| invalid_key("expected a non-empty array in `keys`"))?;
        jwk::ensure_unique_kids(jwks.iter().filter_map(|jwk| jwk.get("kid")?.as_str()))?;
        let read_member = |(index, jwk): (usize, &Value)| {
            let key = match jwk.as_object() {
                Some(jwk) => self.read_jwk(jwk),
                None => Err(invalid_key("not an object").into()),
            };
            let (number, count) = (index + 1, jwks.len());
            key.map_err(|error| ImportError::SetMember { number, count, error: Box::new(error) })
        };
        let keys = jwks.iter().enumerate().map(read_member).collect::<Result<Vec<_>, _>>()?;
        let public_keys: PublicKeys =
            keys.iter().filter_map(|imported| imported.key.public_jwk.as_ref()).collect();
        if keys.iter().any(|imported| equals_public_key(&imported.key, &public_keys)) {
            return Err(ImportError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
        }
        Ok(keys)
    }

    fn read_jwk(self, jwk: &Map<String, Value>) -> Result<ImportedKey, ImportError> {
        jwk::check_key_use(jwk, &["sign"])?;
        let kid = jwk::key_id(jwk)?.map(Untrusted::new);
        let jwk_algorithm = match jwk.get("alg").map(Value::as_str) {
            None => None,
            Some(Some(name)) => Some(Algorithm::parse(name)?),
            Some(None) => return Err(invalid_key("`alg` is not a string").into()),
        };
        let material = import_jwk(jwk)?;
        if let KeyMaterial::Secret(secret) = &material {
            ensure_not_key(secret)?;
        }
        Ok(ImportedKey { key: self.build_key(material, jwk_algorithm)?, kid })
    }

    /// Creates the key if the material fits the algorithm. `jwk_algorithm` is the `alg` of the JWK.
    fn build_key(
        self,
        material: KeyMaterial,
        jwk_algorithm: Option<Algorithm>,
    ) -> Result<KeySpec, ImportError> {
        let fits = |algorithm: &Algorithm| match (&material, algorithm.key_type()) {
            (KeyMaterial::Secret(_), KeyType::Hmac(_)) => true,
            (KeyMaterial::Pkcs8(family, _), other) => *family == other,
            (KeyMaterial::Secret(_), _) => false,
        };
        let mut candidates = Algorithm::ALL.into_iter().filter(fits);
        let algorithm = match (self.algorithm, jwk_algorithm) {
            (Some(requested), Some(jwk_algorithm)) if !requested.is_equivalent(jwk_algorithm) => {
                None
            }
            (Some(chosen), _) | (None, Some(chosen)) => {
                candidates.find(|algorithm| *algorithm == chosen)
            }
            (None, None) => candidates.next(),
        };
        let algorithm = algorithm.ok_or_else(|| invalid_key("unsuitable for the algorithm"))?;
        match material {
            KeyMaterial::Secret(secret) => self.build_symmetric(algorithm, &secret),
            KeyMaterial::Pkcs8(_, pkcs8) => {
                let key = build_private_key(algorithm, self.purpose, &pkcs8)
                    .map_err(|error| invalid_key(error.to_string()))?;
                if let Some(public_jwk) = &key.public_jwk {
                    jwk::public_key(public_jwk)?.validate()?;
                }
                Ok(key)
            }
        }
    }

    fn build_symmetric(self, algorithm: Algorithm, secret: &[u8]) -> Result<KeySpec, ImportError> {
        if secret.is_empty() {
            return Err(invalid_key("the secret is empty").into());
        }
        let mut key = build_symmetric_key(algorithm, self.purpose, secret);
        if let KeyType::Hmac(min_length) = algorithm.key_type() {
            key.is_weak = secret.len() < min_length;
            if key.is_weak && !self.allow_weak {
                return Err(ImportError::WeakSecret {
                    length: secret.len(),
                    algorithm,
                    min_length,
                });
            }
        }
        Ok(key)
    }
}

/// Returns whether a symmetric key has the bytes of a public key in `public_keys`.
pub(crate) fn equals_public_key(key: &KeySpec, public_keys: &PublicKeys) -> bool {
    key.algorithm.is_symmetric() && public_keys.contains(key.material.expose_secret())
}

#[cfg(test)]
mod tests;
