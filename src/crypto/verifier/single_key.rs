//! Reader of a single key that the caller selected.

use super::key_set::KeySet;
use super::{Verifier, build_verifier, secret_verifier};
use crate::crypto::error::invalid_key;
use crate::crypto::jwk;
use crate::crypto::key_error::ImportError;
use crate::crypto::reader::{KeyEntry, SAVE_HINT, is_plain_pem, read_document};
use crate::crypto::secret::{KeyFormat, PublicKeys, SecretEncoding, decode_secret, detect_key};
use crate::crypto::signature::VerificationKey;
use crate::model::Algorithm;

/// Options for a single key that the caller selected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleKeyReader<'a> {
    /// Algorithms to accept.
    pub(crate) algorithms: &'a [Algorithm],
    /// Encoding, if the input is a secret.
    pub(crate) encoding: Option<SecretEncoding>,
    /// Accepts secrets that are shorter than the hash output.
    pub(crate) allow_weak: bool,
}

impl SingleKeyReader<'_> {
    /// Reads a public key in any format, or an HMAC secret. With an encoding, the input is a secret.
    /// Of a private key, the public part is used.
    pub(crate) fn read(
        self,
        bytes: &[u8],
        known_public_keys: impl FnOnce() -> PublicKeys,
    ) -> Result<KeySet, ImportError> {
        let document = read_document(bytes);
        let is_secret_expected = self.algorithms.iter().any(|algorithm| algorithm.is_symmetric());
        let secret = match (self.encoding, &document) {
            (Some(_), Ok(document)) if document.is_secret_jwk() => None,
            (Some(encoding), _) => Some(decode_secret(bytes, encoding)?),
            (None, Err(error)) if is_secret_expected && error.is_plain_text() => {
                Some(decode_secret(bytes, SecretEncoding::Text)?)
            }
            (None, _) => None,
        };
        if let Some(secret) = secret {
            let verifier = secret_verifier(&secret, self.allow_weak)?;
            return self.build_set(verifier, false, known_public_keys);
        }
        let document = document
            .map_err(|error| if is_secret_expected { error.for_secret(bytes) } else { error })?;
        if self.algorithms.iter().all(|algorithm| algorithm.is_symmetric())
            && !document.has_secret()
        {
            let format = detect_key(bytes).unwrap_or(KeyFormat::PUBLIC_KEY_BYTES);
            return Err(ImportError::KeyAsSecret(format));
        }
        let is_collection = document.first_path.is_some();
        let document_keys: PublicKeys =
            document.entries.iter().filter_map(KeyEntry::as_jwk).collect();
        let entries = document.into_primary_entries();
        let (mut verifiers, mut first_error, mut is_from_private_key) = (Vec::new(), None, false);
        for entry in &entries {
            match build_verifier(entry, true, self.allow_weak) {
                Ok(verifier) if verifier.equals_public_key(&document_keys) => {
                    first_error = Some(ImportError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
                }
                Ok(verifier) => {
                    is_from_private_key |= is_private(entry);
                    if !verifiers.iter().any(|other: &Verifier| other.is_same_key(&verifier)) {
                        verifiers.push(verifier);
                    }
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        if verifiers.len() > 1 {
            let fits = |verifier: &Verifier| verifier.supports_any(self.algorithms);
            if verifiers.iter().any(fits) {
                verifiers.retain(fits);
            }
        }
        match (verifiers.pop(), verifiers.is_empty(), first_error) {
            (Some(verifier), true, _) => {
                self.build_set(verifier, is_from_private_key, known_public_keys)
            }
            (None, _, Some(error)) => Err(error),
            _ if !is_collection && !is_plain_pem(bytes) => {
                Err(ImportError::SeveralPublicKeys(SAVE_HINT))
            }
            _ => Err(ImportError::SeveralPublicKeys(selection_hint(&entries, is_collection))),
        }
    }

    fn build_set(
        self,
        mut verifier: Verifier,
        is_from_private_key: bool,
        known_public_keys: impl FnOnce() -> PublicKeys,
    ) -> Result<KeySet, ImportError> {
        if verifier.is_symmetric() && verifier.equals_public_key(&known_public_keys()) {
            return Err(ImportError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
        }
        verifier.restrict(self.algorithms);
        if verifier.algorithms.is_empty() {
            return Err(invalid_key("unsuitable for the algorithm, or too short").into());
        }
        Ok(KeySet::from_verifier(verifier, is_from_private_key))
    }
}

/// Returns the instruction that selects one key of a document with several keys.
fn selection_hint(entries: &[KeyEntry], is_collection: bool) -> &'static str {
    if is_collection {
        "use `--jwks FILE` in place of `--key FILE`"
    } else if entries.iter().any(KeyEntry::is_private_der) {
        "select the first key: openssl pkey -in FILE -pubout -out key.pem"
    } else {
        "select the first key: openssl pkey -pubin -in FILE -out key.pem"
    }
}

fn is_private(entry: &KeyEntry) -> bool {
    let is_private_jwk = |jwk: &_| !jwk::is_symmetric(jwk) && jwk.contains_key("d");
    entry.is_private_der() || entry.as_jwk().is_some_and(is_private_jwk)
}

impl Verifier {
    fn supports_any(&self, algorithms: &[Algorithm]) -> bool {
        let is_permitted = |found: &Algorithm| algorithms.iter().any(|a| a.is_equivalent(*found));
        self.algorithms.iter().any(is_permitted)
    }

    /// Returns whether both keys are the same public key.
    fn is_same_key(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (VerificationKey::Public(first), VerificationKey::Public(second)) => first == second,
            _ => false,
        }
    }
}
