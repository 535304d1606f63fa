//! Keys of a document, as JWKs or in DER. A document is an input that contains keys, such as a
//! file.

use crate::crypto::jwk::is_symmetric;
use crate::crypto::key_error::KeyError;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Keys of a document, in the order of the document. The keys are not yet validated.
#[derive(PartialEq)]
pub(in crate::crypto) struct KeyDocument {
    /// The keys.
    pub(in crate::crypto) entries: Vec<KeyEntry>,
    /// Path for `jq` that selects the first key of a collection. A collection is a JWK Set, an
    /// array of JWKs, or a certificate map (an object that maps key ids to certificates or public
    /// keys). For a certificate map, the path selects all keys. `None` if the document is not a
    /// collection.
    pub(in crate::crypto) first_key_jq_path: Option<&'static str>,
}

/// Key of a document.
#[derive(PartialEq)]
pub(in crate::crypto) struct KeyEntry {
    /// Key id that the document states.
    pub(in crate::crypto) kid: Option<String>,
    /// Material of the key.
    pub(in crate::crypto) material: EntryMaterial,
}

/// Key material as a JWK or in DER, or the reason why the material cannot be read.
#[derive(PartialEq)]
pub(in crate::crypto) enum EntryMaterial {
    /// JWK. Members with the value `null` are removed.
    Jwk(Map<String, Value>),
    /// DER of a private key.
    PrivateDer(Zeroizing<Vec<u8>>),
    /// DER of a public key.
    PublicDer(Vec<u8>),
    /// DER of a certificate, or of a certificate request.
    Certificate(Vec<u8>),
    /// Member of a collection that cannot be read as a key, with the reason.
    Unusable(KeyError),
}

impl KeyEntry {
    /// Returns the JWK, if the key is a JWK.
    pub(in crate::crypto) fn as_jwk(&self) -> Option<&Map<String, Value>> {
        if let EntryMaterial::Jwk(jwk) = &self.material { Some(jwk) } else { None }
    }

    /// Returns whether the key is a private key in DER.
    pub(in crate::crypto) fn is_private_der(&self) -> bool {
        matches!(self.material, EntryMaterial::PrivateDer(_))
    }
}

impl KeyDocument {
    /// Returns whether a key of the document is a symmetric key.
    pub(in crate::crypto) fn has_secret(&self) -> bool {
        self.entries.iter().filter_map(KeyEntry::as_jwk).any(is_symmetric)
    }

    /// Returns whether the document is a single symmetric JWK, not in a collection.
    pub(in crate::crypto) fn is_secret_jwk(&self) -> bool {
        match &self.entries[..] {
            [entry] if self.first_key_jq_path.is_none() => entry.as_jwk().is_some_and(is_symmetric),
            _ => false,
        }
    }

    /// Returns the entries that can be the key of a token issuer. Returns all entries of a
    /// collection. For any other document, returns the public keys in DER. If there are none,
    /// returns the private keys in DER. If the document has no key in DER, returns only the first
    /// entry, which is a JWK or a certificate. Further certificates belong to certificate
    /// authorities, which sign no tokens.
    pub(in crate::crypto) fn into_primary_entries(self) -> Vec<KeyEntry> {
        let Self { mut entries, first_key_jq_path } = self;
        let is_public = |entry: &KeyEntry| matches!(entry.material, EntryMaterial::PublicDer(_));
        if first_key_jq_path.is_some() {
            return entries;
        }
        if entries.iter().any(is_public) {
            entries.retain(is_public);
        } else if entries.iter().any(KeyEntry::is_private_der) {
            entries.retain(KeyEntry::is_private_der);
        } else {
            entries.truncate(1);
        }
        entries
    }

    pub(super) fn single(material: EntryMaterial) -> Self {
        Self { entries: vec![KeyEntry { kid: None, material }], first_key_jq_path: None }
    }
}
