//! Import of private keys and secrets in various formats. Keys are validated and converted to one
//! format, so that a second import of a key is recognized.

mod key_material;

use super::der::is_certificate_request;
use super::error::invalid_key;
use super::jwk::{self, ensure_unique_kids};
use super::key_error::KeyError;
use super::keys::{build_private_key, build_symmetric_key};
use super::reader::{EntryMaterial, KeyDocument, KeyEntry, is_plain_json, read_document};
use super::secret::{
    KeyFormat, PublicKeys, SecretEncoding, decode_secret, detect_key, ensure_not_key,
};
use crate::model::{Algorithm, KeySpec, KeyType, Purpose, Untrusted, parse_kid};
pub(super) use key_material::{KeyMaterial, import_der};
use key_material::{UNKNOWN_KEY_REASON, import_jwk};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Importer of keys, with the options for the keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyImporter {
    /// Purpose of the keys.
    pub(crate) purpose: Purpose,
    /// Algorithm of all keys. `None` selects the `alg` of each JWK, and for a key without `alg` the
    /// most common algorithm of its key type.
    pub(crate) algorithm: Option<Algorithm>,
    /// Encoding of a secret; with `None`, the input is a key document, or a secret in text.
    pub(crate) encoding: Option<SecretEncoding>,
    /// If set, secrets that are shorter than the hash output are accepted.
    pub(crate) allow_weak: bool,
}

/// A signing key, and the key id that its document states.
#[derive(Debug, Clone)]
pub(crate) struct ImportedKey {
    /// The key. Its key id is the thumbprint, or random for a secret.
    pub(crate) key: KeySpec,
    /// Key id in the document, such as the `kid` of a JWK.
    pub(crate) stated_kid: Option<Untrusted>,
}

impl ImportedKey {
    /// Returns the key id in the document. Refuses an invalid key id; an empty key id counts as
    /// absent.
    pub(crate) fn document_kid(&self) -> Result<Option<Untrusted>, KeyError> {
        let kid = self.stated_kid.as_ref().filter(|kid| !kid.as_str().is_empty());
        let kid = kid.map(|kid| parse_kid(kid.as_str())).transpose();
        kid.map_err(|error| invalid_key(format!("`kid`: {}", error.reason)).into())
    }
}

/// First byte of every key in DER. The same byte is the digit `0` in text.
const DER_SEQUENCE: u8 = 0x30;

/// Returns whether the bytes are binary and start like DER.
fn looks_like_der(bytes: &[u8]) -> bool {
    let is_binary = |text: &str| text.bytes().any(|byte| byte < b'\t');
    bytes.first() == Some(&DER_SEQUENCE) && std::str::from_utf8(bytes).map_or(true, is_binary)
}

/// Content of an input: keys, or a secret.
enum Content {
    Document(KeyDocument),
    Secret(ImportedKey),
}

impl KeyImporter {
    /// Reads a secret, the single key of a document in any format, or all keys of a collection,
    /// such as a JWK Set. Every key of a collection must be usable.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Vec<ImportedKey>, KeyError> {
        let document = match self.read_content(bytes)? {
            Content::Document(document) => document,
            Content::Secret(key) => return Ok(vec![key]),
        };
        // Only a collection has this path.
        let Some(_) = document.first_key_jq_path else {
            return Ok(vec![self.read_single(document.entries)?]);
        };
        let kids = document.entries.iter().filter_map(|entry| entry.kid.as_deref());
        ensure_unique_kids(kids)?;
        let keys = self.read_members(document.entries).collect::<Result<Vec<_>, _>>()?;
        let public_keys: PublicKeys =
            keys.iter().filter_map(|imported| imported.key.public_jwk.as_ref()).collect();
        if keys.iter().any(|imported| equals_public_key(&imported.key, &public_keys)) {
            return Err(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
        }
        Ok(keys)
    }

    /// Reads a secret, or a document with exactly one key that can sign. Ignores unusable keys of a
    /// collection, such as a JWK Set, and all keys without the key id `kid` if some key has it.
    pub(crate) fn read_one(self, bytes: &[u8], kid: Option<&str>) -> Result<ImportedKey, KeyError> {
        let document = match self.read_content(bytes)? {
            Content::Document(document) => document,
            Content::Secret(key) => return Ok(key),
        };
        let Some(path) = document.first_key_jq_path else {
            return self.read_single(document.entries);
        };
        let public_keys = document.entries.iter().filter_map(KeyEntry::as_jwk).collect();
        let matches_kid = |entry: &KeyEntry| kid.is_some() && entry.kid.as_deref() == kid;
        let kid_matches: Vec<bool> = document.entries.iter().map(matches_kid).collect();
        let has_kid_match = kid_matches.contains(&true);
        let (mut keys, mut first_error) = (Vec::new(), None);
        for (result, is_kid_match) in self.read_members(document.entries).zip(kid_matches) {
            match result {
                _ if has_kid_match && !is_kid_match => {}
                Ok(imported) if equals_public_key(&imported.key, &public_keys) => {
                    first_error.get_or_insert(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
                }
                Ok(imported) => keys.push(imported),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        let path = is_plain_json(bytes).then_some(path);
        match (keys.pop(), keys.is_empty(), first_error) {
            (Some(key), true, _) => Ok(key),
            (None, _, Some(error)) => Err(error),
            _ if kid.is_some() && !has_kid_match => Err(KeyError::KidNotFound(path)),
            _ => Err(KeyError::SeveralSigningKeys(path)),
        }
    }

    /// Returns the algorithm of the key that was given in place of a secret, if the key can sign.
    pub(crate) fn algorithm_of_key(self, bytes: &[u8], kid: Option<&str>) -> Option<Algorithm> {
        let key = Self { algorithm: None, encoding: None, ..self }.read_one(bytes, kid).ok()?;
        Some(key.key.algorithm).filter(|algorithm| !algorithm.is_symmetric())
    }

    /// Reads a document or a secret. With an encoding, every input except a symmetric JWK must be a
    /// secret. For HMAC without an encoding, input that is neither a key nor JSON is a secret.
    fn read_content(self, bytes: &[u8]) -> Result<Content, KeyError> {
        let document = read_document(bytes);
        if let Some(encoding) = self.encoding {
            return match document {
                Ok(document) if document.is_secret_jwk() => Ok(Content::Document(document)),
                _ => self.import_secret(&decode_secret(bytes, encoding)?),
            };
        }
        let is_secret_expected = self.algorithm.is_some_and(Algorithm::is_symmetric);
        match document {
            Ok(document) if is_secret_expected && !document.has_secret() => {
                let format = detect_key(bytes).unwrap_or(KeyFormat::PUBLIC_KEY_BYTES);
                Err(KeyError::KeyAsSecret(format))
            }
            Ok(document) => Ok(Content::Document(document)),
            Err(error) if is_secret_expected && error.permits_text_secret() => {
                self.import_secret(&decode_secret(bytes, SecretEncoding::Text)?)
            }
            Err(KeyError::UnknownFormat) if looks_like_der(bytes) => {
                Err(invalid_key(UNKNOWN_KEY_REASON).into())
            }
            Err(error) if is_secret_expected => Err(error.into_secret_error(bytes)),
            Err(error) => Err(error),
        }
    }

    fn import_secret(self, secret: &[u8]) -> Result<Content, KeyError> {
        let material = KeyMaterial::Secret(Zeroizing::new(secret.to_vec()));
        let key = self.build_key(material, None)?;
        Ok(Content::Secret(ImportedKey { key, stated_kid: None }))
    }

    /// Reads the key of a document that is not a collection: a JWK, or the only private key in PEM
    /// or DER. Other entries, such as certificates, are ignored if there is a private key.
    fn read_single(self, mut entries: Vec<KeyEntry>) -> Result<ImportedKey, KeyError> {
        let has_private_key = entries.iter().any(KeyEntry::is_private_der);
        if has_private_key {
            entries.retain(KeyEntry::is_private_der);
        }
        match (entries.pop(), entries.is_empty() || !has_private_key) {
            (Some(entry), true) => self.read_entry(entry),
            (Some(_), false) => Err(invalid_key("the PEM has several private keys").into()),
            (None, _) => Err(KeyError::Empty),
        }
    }

    /// Reads the keys of a collection. With several keys, errors name the position of the key.
    fn read_members(
        self,
        entries: Vec<KeyEntry>,
    ) -> impl Iterator<Item = Result<ImportedKey, KeyError>> {
        let count = entries.len();
        entries.into_iter().enumerate().map(move |(index, entry)| {
            self.read_entry(entry).map_err(|error| error.at_position(index + 1, count))
        })
    }

    fn read_entry(self, KeyEntry { kid, material }: KeyEntry) -> Result<ImportedKey, KeyError> {
        let key = match material {
            EntryMaterial::Jwk(jwk) => self.read_jwk(&jwk)?,
            EntryMaterial::PrivateDer(der) => self.build_key(import_der(&der)?, None)?,
            EntryMaterial::PublicDer(_) => {
                return Err(invalid_key("found a public key, expected a private key").into());
            }
            EntryMaterial::Certificate(der) if is_certificate_request(&der) => {
                return Err(
                    invalid_key("found a certificate request, expected a private key").into()
                );
            }
            EntryMaterial::Certificate(_) => {
                return Err(invalid_key("found a certificate, expected a private key").into());
            }
            EntryMaterial::Unusable(error) => return Err(error),
        };
        Ok(ImportedKey { key, stated_kid: kid.map(Untrusted::new) })
    }

    fn read_jwk(self, jwk: &Map<String, Value>) -> Result<KeySpec, KeyError> {
        jwk::check_key_use(jwk, &["sign"])?;
        let jwk_algorithm = match jwk.get("alg").map(Value::as_str) {
            None => None,
            Some(Some(name)) => Some(Algorithm::parse(name)?),
            Some(None) => return Err(invalid_key("`alg` is not a string").into()),
        };
        let material = import_jwk(jwk)?;
        if let KeyMaterial::Secret(secret) = &material {
            ensure_not_key(secret)?;
        }
        self.build_key(material, jwk_algorithm)
    }

    /// Creates the key if the material fits the algorithm. `jwk_algorithm` is the `alg` of the JWK.
    fn build_key(
        self,
        material: KeyMaterial,
        jwk_algorithm: Option<Algorithm>,
    ) -> Result<KeySpec, KeyError> {
        let fits = |algorithm: &Algorithm| match (&material, algorithm.key_type()) {
            (KeyMaterial::Secret(_), KeyType::Hmac(_)) => true,
            (KeyMaterial::Pkcs8(found, _), required) => *found == required,
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
        let algorithm = algorithm.ok_or_else(|| {
            let found = Algorithm::ALL.into_iter().find(fits);
            let (found, expected) = match (self.algorithm, jwk_algorithm) {
                (Some(requested), Some(jwk_algorithm))
                    if !requested.is_equivalent(jwk_algorithm) =>
                {
                    (Some(jwk_algorithm), Some(requested))
                }
                (requested, jwk_algorithm) => (found, requested.or(jwk_algorithm)),
            };
            match (found, expected) {
                (Some(found), Some(expected)) => KeyError::unsuitable(found, expected),
                _ => invalid_key("unsuitable for the algorithm").into(),
            }
        })?;
        match material {
            KeyMaterial::Secret(secret) => self.build_secret_key(algorithm, &secret),
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

    /// Creates a symmetric key. Refuses an empty secret, and a short secret unless `allow_weak` is
    /// set.
    fn build_secret_key(self, algorithm: Algorithm, secret: &[u8]) -> Result<KeySpec, KeyError> {
        if secret.is_empty() {
            return Err(invalid_key("the secret is empty").into());
        }
        let mut key = build_symmetric_key(algorithm, self.purpose, secret);
        if let KeyType::Hmac(min_length) = algorithm.key_type() {
            key.is_weak = secret.len() < min_length;
            if key.is_weak && !self.allow_weak {
                return Err(KeyError::WeakSecret { length: secret.len(), algorithm, min_length });
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
