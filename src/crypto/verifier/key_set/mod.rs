//! Sets of keys that verify third-party tokens, and the choice of the keys for a token.

use super::{Verifier, build_verifier};
use crate::crypto::jwk;
use crate::crypto::key_error::KeyError;
use crate::crypto::reader::{EntryMaterial, KeyEntry, read_document};
use crate::crypto::secret::{KeyFormat, PublicKeys};
use crate::model::{Algorithm, KeyType};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::OnceLock;

/// Maximum number of keys that are tried for one token.
const MAX_CANDIDATES: usize = 16;

/// Set of keys that verify third-party tokens. A key is validated, and its verifier is built, when
/// the key is first required.
pub(crate) struct KeySet {
    keys: Vec<KeyEntry>,
    /// Verifier of each key, or the reason why the key is unusable. An element is empty before the
    /// first use of its key. The verifiers are in a separate list, because the conversion of many
    /// `keys` into pairs of key and verifier would need the memory of the keys twice.
    verifiers: Vec<OnceLock<Result<Verifier, KeyError>>>,
    /// Positions in `keys`, by key id.
    positions: HashMap<String, Vec<usize>>,
    /// Algorithms that the caller accepts. An empty list accepts all algorithms.
    algorithms: Vec<Algorithm>,
    /// True if the `kid` of a token is not compared with the key ids. [`read_jwks`] and
    /// [`KeySet::from_verifier`] describe when this is the case.
    ignores_kid: bool,
    /// Public keys of the set, and public keys that the caller knows. A secret of the set that
    /// equals one of these public keys is unusable. Empty if the set has no secret that must still
    /// be compared.
    refused_secrets: PublicKeys,
    /// True if the only key of the set is the public part of a private key in the input.
    pub(crate) is_from_private_key: bool,
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("count", &self.keys.len()).finish_non_exhaustive()
    }
}

/// Properties of a single key, and of the document from which the key was read.
pub(super) struct KeyOrigin {
    /// Key id that the document states.
    pub(super) kid: Option<String>,
    /// True if the document is a collection, such as a JWK Set.
    pub(super) is_in_collection: bool,
    /// True if the key in the document is a private key.
    pub(super) is_private: bool,
}

/// Reason why a set has no key for a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// No key has the key id of the token. Contains all key ids of the set.
    Unknown(Vec<String>),
    /// Keys with the key id of the token exist, but none for the algorithm of the token. If key ids
    /// are not compared, the set has no key for the algorithm. Contains the algorithms that the
    /// usable keys among these keys have and the caller accepts. If there are none, contains all
    /// algorithms that the caller accepts; the list is then empty if the caller accepts every
    /// algorithm.
    WrongAlgorithm(Vec<&'static str>),
    /// All keys that may have signed the token are unusable. Contains the reason for the first key.
    Unusable(String),
}

/// Keys that may have signed a token.
pub(crate) struct Candidates<'k> {
    /// At most [`MAX_CANDIDATES`] keys.
    pub(crate) keys: Vec<&'k Verifier>,
    /// True if keys beyond [`MAX_CANDIDATES`] were omitted.
    pub(crate) is_truncated: bool,
}

/// Reads a JWK Set (RFC 7517, section 5), or a document with public keys in any other format. An
/// unusable key verifies no token, as specified in the RFC. A document without a usable key is
/// refused. `algorithms` are the accepted algorithms; an empty list accepts all algorithms. If the
/// document is not a collection such as a JWK Set, and states no key id, its keys verify tokens
/// with any `kid`.
///
/// `known_public_keys` is called only if the document has secrets. A secret is unusable if it
/// equals a public key of the document or a public key that `known_public_keys` returns.
pub(crate) fn read_jwks(
    bytes: &[u8],
    algorithms: &[Algorithm],
    known_public_keys: impl FnOnce() -> PublicKeys,
) -> Result<KeySet, KeyError> {
    let document = read_document(bytes)?;
    let is_collection = document.first_key_jq_path.is_some();
    let has_secret = document.has_secret();
    let mut set = KeySet::new(document.into_primary_entries(), algorithms);
    set.ignores_kid = !is_collection && set.keys.iter().all(|key| key.kid.is_none());
    if has_secret {
        set.refused_secrets = known_public_keys();
        set.keys.iter().filter_map(KeyEntry::as_jwk).for_each(|jwk| set.refused_secrets.add(jwk));
    }
    let mut first_error = None;
    for index in 0..set.keys.len() {
        match set.verifier(index) {
            Ok(_) => return Ok(set),
            Err(error) => {
                first_error.get_or_insert_with(|| error.clone());
            }
        }
    }
    Err(first_error.unwrap_or(KeyError::Empty))
}

impl KeySet {
    fn new(entries: Vec<KeyEntry>, algorithms: &[Algorithm]) -> Self {
        let mut positions: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if let Some(kid) = &entry.kid {
                positions.entry(kid.clone()).or_default().push(index);
            }
        }
        let verifiers = entries.iter().map(|_| OnceLock::new()).collect();
        Self {
            keys: entries,
            verifiers,
            positions,
            algorithms: algorithms.to_vec(),
            ignores_kid: false,
            refused_secrets: PublicKeys::default(),
            is_from_private_key: false,
        }
    }

    /// Returns a set with one key. If the key is from a collection and has a key id, the key
    /// verifies only tokens with this `kid`, with an empty `kid` or without `kid`. Otherwise, the
    /// key verifies tokens with any `kid`.
    pub(super) fn from_verifier(verifier: &Verifier, origin: KeyOrigin) -> Self {
        let KeyOrigin { kid, is_in_collection, is_private } = origin;
        // The entry needs no key material, because the verifier is already built. With empty DER as
        // the material, `is_known_type` returns `true` for the entry.
        let material = EntryMaterial::PublicDer(Vec::new());
        let ignores_kid = !is_in_collection || kid.is_none();
        // The verifier is already restricted to the algorithms that the caller accepts.
        let mut set = Self::new(vec![KeyEntry { kid, material }], &[]);
        set.verifiers = vec![OnceLock::from(Ok(verifier.clone()))];
        set.ignores_kid = ignores_kid;
        set.is_from_private_key = is_private;
        set
    }

    /// Returns the verifier of the key at the position `index`. Builds the verifier at the first
    /// call.
    fn verifier(&self, index: usize) -> Result<&Verifier, KeyError> {
        let (Some(key), Some(verifier)) = (self.keys.get(index), self.verifiers.get(index)) else {
            return Err(KeyError::Empty);
        };
        let build = || {
            let mut verifier = build_verifier(key, false, false)?;
            if verifier.equals_public_key(&self.refused_secrets) {
                return Err(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES));
            }
            if !self.algorithms.is_empty() {
                verifier.restrict(&self.algorithms);
            }
            Ok(verifier)
        };
        verifier.get_or_init(build).as_ref().map_err(Clone::clone)
    }

    /// Returns the first permitted algorithm of the first key; `None` if this key is unusable or
    /// has no permitted algorithm.
    pub(super) fn first_algorithm(&self) -> Option<Algorithm> {
        self.verifier(0).ok()?.algorithms.first().copied()
    }

    /// Returns all keys that can verify tokens.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn usable_keys(&self) -> Vec<&Verifier> {
        (0..self.keys.len()).filter_map(|index| self.verifier(index).ok()).collect()
    }

    /// Returns the keys that may have signed a token with this algorithm and `kid`: the usable keys
    /// that fit the algorithm and have the key id `kid` (RFC 7515, section 4.1.4). Key ids are not
    /// compared if `kid` is missing or empty, or if the set ignores `kid`.
    pub(crate) fn candidates(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<Candidates<'_>, KeyRefusal> {
        if let Some(kid) = kid.filter(|kid| !kid.is_empty() && !self.ignores_kid) {
            let unknown = || {
                KeyRefusal::Unknown(self.keys.iter().filter_map(|key| key.kid.clone()).collect())
            };
            let positions = self.positions.get(kid).ok_or_else(unknown)?;
            return self.select(positions.iter().copied(), algorithm);
        }
        let may_have_signed = |index: &usize| {
            self.keys.get(*index).is_some_and(|key| self.ignores_kid || is_known_type(key))
        };
        self.select((0..self.keys.len()).filter(may_have_signed), algorithm)
    }

    /// Returns, of the keys at the positions, the usable keys for the algorithm. Copies of a key
    /// count once.
    fn select(
        &self,
        positions: impl Iterator<Item = usize> + Clone,
        algorithm: Algorithm,
    ) -> Result<Candidates<'_>, KeyRefusal> {
        let all_positions = positions.clone();
        let (mut keys, mut first_error) = (Vec::<&Verifier>::new(), None);
        // Most copies of a JWK are found by a comparison of members, before the key is validated.
        let mut chosen_members = HashSet::new();
        for index in positions {
            let Some(key) = self.keys.get(index).filter(|key| may_fit(key, algorithm)) else {
                continue;
            };
            let members = key.as_jwk().map(key_members);
            if members.as_ref().is_some_and(|members| chosen_members.contains(members)) {
                continue;
            }
            match self.verifier(index) {
                Ok(verifier) if !verifier.algorithms.contains(&algorithm) => {}
                Ok(verifier) if keys.iter().any(|other| other.is_same_key(verifier)) => {}
                Ok(_) if keys.len() == MAX_CANDIDATES => {
                    return Ok(Candidates { keys, is_truncated: true });
                }
                Ok(verifier) => {
                    keys.push(verifier);
                    chosen_members.extend(members);
                }
                Err(error) => {
                    first_error.get_or_insert((index, error));
                }
            }
        }
        match first_error {
            _ if !keys.is_empty() => Ok(Candidates { keys, is_truncated: false }),
            Some((index, error)) => {
                let error = error.at_position(index + 1, self.keys.len());
                Err(KeyRefusal::Unusable(error.to_string()))
            }
            None => Err(KeyRefusal::WrongAlgorithm(self.algorithm_names(all_positions))),
        }
    }

    /// Returns the names of the algorithms that the usable keys at the positions have and the
    /// caller accepts. If there are none, returns the names of `self.algorithms`.
    fn algorithm_names(&self, positions: impl Iterator<Item = usize>) -> Vec<&'static str> {
        let keys: Vec<_> = positions.filter_map(|index| self.verifier(index).ok()).collect();
        let is_of_a_key =
            |algorithm: &Algorithm| keys.iter().any(|key| key.algorithms.contains(algorithm));
        let mut found: Vec<_> = Algorithm::ALL.into_iter().filter(is_of_a_key).collect();
        if found.is_empty() {
            found.clone_from(&self.algorithms);
        }
        found.into_iter().map(Algorithm::name).collect()
    }
}

/// Returns whether the key may fit the algorithm, without validation of the key. Returns `true` for
/// a key that is not a JWK, because the type of such a key is not examined. Returns `true` for a
/// JWK of unknown type, because the failure to build its verifier gives the reason why the key is
/// unusable.
fn may_fit(key: &KeyEntry, algorithm: Algorithm) -> bool {
    key.as_jwk().and_then(jwk::key_type).is_none_or(|key_type| {
        match (key_type, algorithm.key_type()) {
            (KeyType::Hmac(_), KeyType::Hmac(_)) => true,
            (found, expected) => found == expected,
        }
    })
}

/// Returns whether the type of the key is known. The type of a key in DER counts as known. The type
/// of an entry that cannot be read is unknown. If the set does not ignore `kid`, a key of unknown
/// type is chosen only by its key id.
fn is_known_type(key: &KeyEntry) -> bool {
    match &key.material {
        EntryMaterial::Jwk(jwk) => jwk::key_type(jwk).is_some(),
        EntryMaterial::Unusable(_) => false,
        EntryMaterial::PrivateDer(_)
        | EntryMaterial::PublicDer(_)
        | EntryMaterial::Certificate(_) => true,
    }
}

/// Returns the members of a JWK that determine the key and its permitted use. JWKs are copies if
/// these members are equal.
fn key_members(jwk: &Map<String, Value>) -> [Option<&Value>; 11] {
    ["kty", "crv", "n", "e", "x", "y", "d", "k", "alg", "use", "key_ops"].map(|name| jwk.get(name))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(in crate::crypto) use tests::{NamedVerifier, read_verifiers};
