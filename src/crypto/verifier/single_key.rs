//! Reader of the single key that verifies a token, from an input that the user gave as the key.

use super::key_set::{KeyOrigin, KeySet};
use super::{Verifier, build_verifier, secret_verifier};
use crate::crypto::jwk;
use crate::crypto::key_error::KeyError;
use crate::crypto::reader::{KeyEntry, SAVE_HINT, is_plain_pem, read_document};
use crate::crypto::secret::{KeyFormat, PublicKeys, SecretEncoding, decode_secret, detect_key};
use crate::model::Algorithm;

/// Reader of the single key that verifies a token, with the options for the key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleKeyReader<'a> {
    /// Algorithms to accept, at least one.
    pub(crate) algorithms: &'a [Algorithm],
    /// Encoding of a secret. `None` if the input is a document with keys, or a secret as text.
    pub(crate) encoding: Option<SecretEncoding>,
    /// True if secrets are accepted that are shorter than the hash output of the algorithm.
    pub(crate) allow_weak: bool,
}

impl SingleKeyReader<'_> {
    /// Reads a public key in any format, or a shared secret. If the input is a private key, uses
    /// its public part. With an encoding, the input must be a secret or a symmetric JWK. Refuses
    /// several different usable keys, unless only one of these keys supports an accepted algorithm.
    /// Refuses a secret that equals a public key of the document, or a public key that
    /// `known_public_keys` returns.
    pub(crate) fn read(
        self,
        bytes: &[u8],
        known_public_keys: impl FnOnce() -> PublicKeys,
    ) -> Result<KeySet, KeyError> {
        let document = read_document(bytes);
        let is_secret_expected = self.algorithms.iter().any(|algorithm| algorithm.is_symmetric());
        let secret = match (self.encoding, &document) {
            (Some(_), Ok(document)) if document.is_secret_jwk() => None,
            (Some(encoding), _) => Some(decode_secret(bytes, encoding)?),
            (None, Err(error)) if is_secret_expected && error.permits_text_secret() => {
                Some(decode_secret(bytes, SecretEncoding::Text)?)
            }
            (None, _) => None,
        };
        if let Some(secret) = secret {
            let verifier = secret_verifier(&secret, self.allow_weak, self.secret_algorithm())?;
            let origin = KeyOrigin { kid: None, is_in_collection: false, is_private: false };
            return self.build_set(verifier, origin, known_public_keys);
        }
        let document = document.map_err(|error| {
            if is_secret_expected { error.into_secret_error(bytes) } else { error }
        })?;
        if self.algorithms.iter().all(|algorithm| algorithm.is_symmetric())
            && !document.has_secret()
        {
            let format = detect_key(bytes).unwrap_or(KeyFormat::PUBLIC_KEY_BYTES);
            return Err(KeyError::KeyAsSecret(format));
        }
        let is_collection = document.first_key_jq_path.is_some();
        let document_public_keys: PublicKeys =
            document.entries.iter().filter_map(KeyEntry::as_jwk).collect();
        let entries = document.into_primary_entries();
        let (mut verifiers, mut reported_error) = (Vec::<(Verifier, &KeyEntry)>::new(), None);
        for entry in &entries {
            match build_verifier(entry, true, self.allow_weak) {
                Ok(verifier) if verifier.equals_public_key(&document_public_keys) => {
                    reported_error = Some(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
                }
                Ok(verifier) => {
                    if !verifiers.iter().any(|(other, _)| other.is_same_key(&verifier)) {
                        verifiers.push((verifier, entry));
                    }
                }
                Err(error) => {
                    reported_error.get_or_insert(error);
                }
            }
        }
        if verifiers.len() > 1 {
            let fits =
                |(verifier, _): &(Verifier, &KeyEntry)| verifier.supports_any(self.algorithms);
            if verifiers.iter().any(fits) {
                verifiers.retain(fits);
            }
        }
        match (verifiers.pop(), verifiers.is_empty(), reported_error) {
            (Some((verifier, entry)), true, _) => {
                let (kid, is_private) = (entry.kid.clone(), is_private_key(entry));
                let origin = KeyOrigin { kid, is_in_collection: is_collection, is_private };
                self.build_set(verifier, origin, known_public_keys)
            }
            (None, _, Some(error)) => Err(error),
            _ => Err(several_keys_error(bytes, &entries, is_collection)),
        }
    }

    /// Returns the accepted HMAC algorithm with the shortest hash; `None` if no HMAC algorithm is
    /// accepted.
    fn secret_algorithm(self) -> Option<Algorithm> {
        let symmetric = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_symmetric());
        symmetric.into_iter().find(|algorithm| self.algorithms.contains(algorithm))
    }

    /// Returns the first algorithm that fits the asymmetric key in `bytes`, which the user gave
    /// where a secret is expected. Returns `None` if `bytes` cannot be read as a single asymmetric
    /// key.
    pub(crate) fn algorithm_of_key(bytes: &[u8]) -> Option<Algorithm> {
        let is_asymmetric = |algorithm: &Algorithm| !algorithm.is_symmetric();
        let algorithms: Vec<_> = Algorithm::ALL.into_iter().filter(is_asymmetric).collect();
        let reader = SingleKeyReader { algorithms: &algorithms, encoding: None, allow_weak: false };
        reader.read(bytes, PublicKeys::default).ok()?.first_algorithm()
    }

    /// Limits the verifier to the accepted algorithms, and returns a set with this verifier.
    /// Refuses a secret that equals a known public key, and a key that supports no accepted
    /// algorithm.
    fn build_set(
        self,
        mut verifier: Verifier,
        origin: KeyOrigin,
        known_public_keys: impl FnOnce() -> PublicKeys,
    ) -> Result<KeySet, KeyError> {
        if verifier.is_symmetric() && verifier.equals_public_key(&known_public_keys()) {
            return Err(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
        }
        let found = verifier.algorithms.first().copied();
        verifier.restrict(self.algorithms);
        if let (true, Some(found), Some(expected)) =
            (verifier.algorithms.is_empty(), found, self.algorithms.first())
        {
            let secret_error =
                self.secret_algorithm().and_then(|algorithm| verifier.weak_secret_error(algorithm));
            return Err(secret_error.unwrap_or_else(|| KeyError::unsuitable(found, *expected)));
        }
        Ok(KeySet::from_verifier(&verifier, origin))
    }
}

/// Returns the error for a document with several keys. The hint of the error describes how to
/// select one key, or, for a collection such as a JWK Set, names the option that accepts several
/// public keys.
fn several_keys_error(bytes: &[u8], entries: &[KeyEntry], is_collection: bool) -> KeyError {
    KeyError::SeveralVerificationKeys(if is_collection {
        JWKS_HINT
    } else if !is_plain_pem(bytes) {
        SAVE_HINT
    } else if entries.iter().any(KeyEntry::is_private_der) {
        SELECT_PRIVATE_HINT
    } else {
        SELECT_PUBLIC_HINT
    })
}

const JWKS_HINT: &str = "use `--jwks FILE` in place of `--key FILE`";
const SELECT_PRIVATE_HINT: &str =
    "select the first key: openssl pkey -in FILE -pubout -out key.pem";
const SELECT_PUBLIC_HINT: &str = "select the first key: openssl pkey -pubin -in FILE -out key.pem";

/// Returns whether the key is an asymmetric private key.
fn is_private_key(entry: &KeyEntry) -> bool {
    let is_private_jwk = |jwk: &_| !jwk::is_symmetric(jwk) && jwk.contains_key("d");
    entry.is_private_der() || entry.as_jwk().is_some_and(is_private_jwk)
}

impl Verifier {
    /// Returns whether the key supports at least one of the algorithms.
    fn supports_any(&self, algorithms: &[Algorithm]) -> bool {
        let is_permitted =
            |found: &Algorithm| algorithms.iter().any(|permitted| permitted.is_equivalent(*found));
        self.algorithms.iter().any(is_permitted)
    }
}
