//! Keys: the first of a store, the one that signs test tokens, and what verifiers are given.

mod add;
mod discovery;
mod lifecycle;

pub(crate) use add::{AddedKey, NewKeyOptions, add_keys, authorize_key_add, generate_key};
pub(crate) use discovery::{DiscoverySite, build_discovery_site};
pub(crate) use lifecycle::{
    KeySummary, Rotation, activate_key, list_keys, load_key_for_revocation, retire_key, revoke_key,
    rotate_key,
};

use super::{AuditContext, Caller, Error, ResourceKind};
use crate::crypto;
use crate::model::{Algorithm, Key, KeySpec, KeyState, Purpose, Role, RsaBits, Timestamp};
use crate::store::{self, InitialRows, Reader, Store, Writer};
use secrecy::SecretString;
use serde_json::{Value, json};

/// What a new store begins with: an identity and an app key, which signs.
pub(crate) fn initial_rows(key: KeySpec, now: Timestamp) -> InitialRows {
    InitialRows { id: crypto::generate_store_id(), key, now }
}

/// Refuses an algorithm that the key for app tokens does not sign with.
pub(crate) fn require_signing_algorithm(
    store: &mut Store,
    requested: Algorithm,
) -> Result<(), Error> {
    let active = store.read(|tx| tx.active_app_key())?.spec.algorithm;
    if active == requested { Ok(()) } else { Err(Error::AlgorithmMismatch { active, requested }) }
}

/// What verifiers are given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JwkSetExport {
    /// A JWK Set (RFC 7517, section 5).
    pub(crate) keys: Value,
    /// How many symmetric keys were left out of it.
    pub(crate) omitted: usize,
}

/// The public keys of one purpose that verify or will, the oldest first.
pub(crate) fn export_jwks(
    store: &mut Store,
    purpose: Purpose,
    now: Timestamp,
) -> Result<JwkSetExport, Error> {
    let mut keys = store.read(|tx| tx.keys())?;
    keys.retain(|key| key.spec.purpose == purpose && key.is_published(now));
    let published_count = keys.len();
    let public: Vec<Value> =
        keys.into_iter().filter_map(|key| key.spec.public_jwk).map(Value::from).collect();
    let omitted = published_count - public.len();
    Ok(JwkSetExport { keys: json!({ "keys": public }), omitted })
}

/// The public part of one key as PEM; without an id, of the one that signs for that purpose.
pub(crate) fn public_pem(
    store: &mut Store,
    kid: Option<&str>,
    purpose: Purpose,
) -> Result<String, Error> {
    let key = store.read(|tx| match kid {
        Some(kid) => lifecycle::require_key(tx, kid),
        None => load_single_active_key(tx, purpose),
    })?;
    crypto::public_key_pem(&key.spec)?
        .ok_or_else(|| Error::Usage("a symmetric key has no public part".to_owned()))
}

/// The one key that signs for that purpose.
fn load_single_active_key(tx: &Reader<'_>, purpose: Purpose) -> Result<Key, Error> {
    let mut keys = tx.keys_with_state(purpose, KeyState::Active)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => {
            Err(Error::Usage("keys for several algorithms sign: name one by its id".to_owned()))
        }
        (None, _) => Err(Error::NotFound {
            resource: ResourceKind::Key,
            name: Some(purpose.name().to_owned()),
        }),
    }
}

/// The key whose private part the caller may have.
pub(crate) fn load_key_for_export(
    store: &mut Store,
    caller: &Caller,
    kid: &str,
) -> Result<Key, Error> {
    caller.require_role(Role::Admin, lifecycle::ADMINS_ONLY)?;
    let key = store.read(|tx| lifecycle::require_key(tx, kid))?;
    crypto::check_key(&key.spec)?;
    Ok(key)
}

/// The private part of a key: PEM of PKCS#8, or a JWK of a symmetric one. It is written down that
/// it was given out.
pub(crate) fn export_private_key(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    key: &Key,
) -> Result<SecretString, Error> {
    caller.write_with_role(store, Role::Admin, lifecycle::ADMINS_ONLY, |tx| {
        Ok(lifecycle::record_change(tx, audit, caller, &key.spec.kid)?)
    })?;
    Ok(crypto::private_key_text(&key.spec))
}

/// A key that signs test tokens: one of the store, or one that was made for them and is added
/// together with what is written of them.
#[derive(Debug)]
pub(super) struct TestKey {
    /// The key.
    pub(super) spec: KeySpec,
    /// Its row, if it is in the store.
    pub(super) id: Option<i64>,
}

impl TestKey {
    fn from_stored(key: Key) -> Self {
        Self { spec: key.spec, id: Some(key.id) }
    }

    /// Its row, which is made now if it is not there; [`store::Error::Taken`] if another process
    /// made a key of that algorithm meanwhile.
    pub(super) fn ensure_inserted(
        &self,
        tx: &Writer<'_>,
        now: Timestamp,
    ) -> Result<i64, store::Error> {
        self.id.map_or_else(|| tx.add_key(&self.spec, KeyState::Active, now), Ok)
    }
}

/// Returns the test key of that id, if tokens may be signed with it: it must verify what it signs.
pub(super) fn load_test_key(tx: &Reader<'_>, kid: &str, now: Timestamp) -> Result<TestKey, Error> {
    let key = lifecycle::require_key(tx, kid)?;
    if key.spec.purpose != Purpose::Test {
        return Err(Error::Forbidden("an app key signs no test tokens"));
    }
    if key.state == KeyState::Revoked {
        return Err(Error::KeyRevoked);
    }
    if !key.can_verify(now) {
        let kid = key.spec.kid.to_display();
        return Err(Error::Usage(format!("key `{kid}` is retired and does not verify any more")));
    }
    Ok(TestKey::from_stored(key))
}

/// The key that signs test tokens with that algorithm, made if there is none.
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
