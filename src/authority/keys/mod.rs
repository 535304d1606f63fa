//! Keys: the first key of a store, lists of keys, test keys, and exports of public and private
//! keys. Submodules add keys, change the state of keys, and build a site for discovery.

mod add;
mod discovery;
mod lifecycle;

pub(crate) use crate::crypto::{
    ImportedKey, KeyError, KeyFormat, KeyImporter, SecretEncoding, equals_public_key,
};
pub(crate) use add::{
    NewKey, NewKeyOptions, RequestedKey, add, authorize_add, ensure_activatable, generate,
};
pub(crate) use discovery::{DiscoverySite, build_discovery_site};
pub(crate) use lifecycle::{
    IfActiveAppKey, Rotation, activate, load_for_revocation, retire, revoke, rotate,
};

use super::resource_kind::ResourceKind;
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::model::{
    Algorithm, Key, KeyRowId, KeySpec, KeyState, Purpose, Role, RsaBits, Timestamp,
};
use crate::store::{self, InitialRows, Reader, SharedWriter, Store};
use secrecy::SecretString;
use serde_json::{Value, json};

/// Returns the content of a new store: an id and an active app key.
pub(crate) fn build_initial_rows(key: KeySpec, now: Timestamp) -> InitialRows {
    InitialRows { id: crypto::generate_store_id(), key, now }
}

/// A key and the number of its valid recorded tokens.
#[derive(Debug, Clone)]
pub(crate) struct KeySummary {
    /// The key.
    pub(crate) key: Key,
    /// The number of recorded tokens that the key signed and that are live or superseded.
    pub(crate) valid_token_count: usize,
}

/// Returns all keys, oldest first.
pub(crate) fn list(store: &mut Store, now: Timestamp) -> Result<Vec<KeySummary>, Error> {
    store.read(|tx| {
        let counts = tx.count_valid_tokens_by_key(now)?;
        let valid_count = |id| counts.get(&id).copied().unwrap_or(0);
        let to_summary = |key: Key| KeySummary { valid_token_count: valid_count(key.id), key };
        Ok(tx.keys()?.into_iter().map(to_summary).collect())
    })
}

/// Refuses an algorithm other than that of the active app key.
pub(crate) fn require_signing_algorithm(
    store: &mut Store,
    requested: Algorithm,
) -> Result<(), Error> {
    let active = store.read(|tx| tx.active_app_key())?.spec.algorithm;
    if active == requested { Ok(()) } else { Err(Error::AlgorithmMismatch { active, requested }) }
}

/// The public keys for verifiers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JwkSetExport {
    /// A JWK Set (RFC 7517, section 5).
    pub(crate) jwk_set: Value,
    /// The number of omitted symmetric keys.
    pub(crate) omitted_count: usize,
}

/// Returns the public keys of one purpose that verifiers need now or may need later (see
/// [`Key::is_published`]), oldest first.
pub(crate) fn export_jwks(
    store: &mut Store,
    purpose: Purpose,
    now: Timestamp,
) -> Result<JwkSetExport, Error> {
    let mut keys = store.read(|tx| tx.keys())?;
    keys.retain(|key| key.spec.purpose == purpose && key.is_published(now));
    let published_count = keys.len();
    let public_jwks: Vec<Value> =
        keys.into_iter().filter_map(|key| key.spec.public_jwk).map(Value::from).collect();
    let omitted_count = published_count - public_jwks.len();
    Ok(JwkSetExport { jwk_set: json!({ "keys": public_jwks }), omitted_count })
}

/// Returns the public key of the key `kid` as PEM. Without `kid`, returns the public key of the
/// only active key with this purpose.
pub(crate) fn export_public_pem(
    store: &mut Store,
    kid: Option<&str>,
    purpose: Purpose,
) -> Result<String, Error> {
    let key = store.read(|tx| match kid {
        Some(kid) => lifecycle::require_key(tx, kid),
        None => load_single_active_key(tx, purpose),
    })?;
    crypto::public_key_pem(&key.spec)?
        .ok_or_else(|| Error::Usage("symmetric keys have no public key".to_owned()))
}

/// Returns the only active key for a purpose.
fn load_single_active_key(tx: &Reader<'_>, purpose: Purpose) -> Result<Key, Error> {
    let mut keys = tx.keys_with_state(purpose, KeyState::Active)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => Err(Error::Usage("multiple active keys: specify a key id".to_owned())),
        (None, _) => Err(Error::NotFound {
            resource: ResourceKind::Key,
            name: Some(purpose.name().to_owned()),
        }),
    }
}

/// Returns the key `kid` for an export of its private key. Refuses a caller who is not an admin,
/// and a damaged key.
pub(crate) fn load_for_export(store: &mut Store, caller: &Caller, kid: &str) -> Result<Key, Error> {
    caller.require_role(Role::Admin, lifecycle::ADMINS_ONLY)?;
    let key = store.read(|tx| lifecycle::require_key(tx, kid))?;
    crypto::check_key(&key.spec)?;
    Ok(key)
}

/// Returns the private key as PKCS#8 PEM, or a symmetric key as JWK. Records the export in the
/// audit first.
pub(crate) fn export_private(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    key: &Key,
) -> Result<SecretString, Error> {
    caller.write_with_role(store, Role::Admin, lifecycle::ADMINS_ONLY, |tx| {
        Ok(lifecycle::record_key_event(tx, audit, caller, &key.spec.kid)?)
    })?;
    Ok(crypto::private_key_text(&key.spec))
}

/// A key that signs test tokens: a stored key, or a new key that [`TestKey::ensure_inserted`] will
/// store.
#[derive(Debug)]
pub(super) struct TestKey {
    /// The key.
    pub(super) spec: KeySpec,
    /// The id of the row, if the key is stored.
    pub(super) id: Option<KeyRowId>,
}

impl TestKey {
    fn from_stored(key: Key) -> Self {
        Self { spec: key.spec, id: Some(key.id) }
    }

    /// Returns the row id of the key. A new key is stored first. Fails with
    /// [`store::Error::AlreadyExists`] if another process has added an active test key of the same
    /// algorithm.
    pub(super) fn ensure_inserted(
        &self,
        tx: &SharedWriter<'_>,
        now: Timestamp,
    ) -> Result<KeyRowId, store::Error> {
        self.id.map_or_else(|| tx.add_key(&self.spec, KeyState::Active, now), Ok)
    }
}

/// Returns the test key `kid`. Refuses an app key, a revoked key, and a retired key that no longer
/// verifies.
pub(super) fn load_test_key(tx: &Reader<'_>, kid: &str, now: Timestamp) -> Result<TestKey, Error> {
    let key = lifecycle::require_key(tx, kid)?;
    if key.spec.purpose != Purpose::Test {
        return Err(Error::Forbidden("app keys cannot sign test tokens"));
    }
    if key.state == KeyState::Revoked {
        return Err(Error::KeyRevoked);
    }
    if !key.can_verify(now) {
        let kid = key.spec.kid.to_display();
        return Err(Error::Usage(format!(
            "key `{kid}` is retired, and its tokens are no longer accepted"
        )));
    }
    Ok(TestKey::from_stored(key))
}

/// Returns the active test key of an algorithm, or a new key that is not stored yet.
pub(super) fn find_or_generate_test_key(
    store: &mut Store,
    algorithm: Algorithm,
) -> Result<TestKey, Error> {
    if let Some(key) = store.read(|tx| tx.find_test_key(algorithm))? {
        return Ok(TestKey::from_stored(key));
    }
    let spec = crypto::generate_key(algorithm, Purpose::Test, RsaBits::default())?;
    Ok(TestKey { spec, id: None })
}

#[cfg(test)]
mod tests;
