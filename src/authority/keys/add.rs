//! Addition of generated or imported keys to the store.

use super::super::accounts::require_admin_or_empty_store;
use super::super::principal::write_as_optional_principal;
use super::super::{AuditContext, Caller, Error};
use super::lifecycle::{ADMINS_ONLY, find_active_key, require_key, retire_and_activate};
use crate::crypto::{self, ImportedKey, KeyError, KeyFormat, PublicKeys};
use crate::model::{
    Algorithm, EventDetail, EventSubject, EventTarget, InvalidValue, Key, KeySpec, KeyState,
    Purpose, Role, RsaBits, TargetKind, Untrusted,
};
use crate::store::{Reader, Store, Writer};
use secrecy::ExposeSecret;

/// A key to add.
#[derive(Debug, Clone)]
pub(crate) struct NewKey {
    /// The key.
    pub(crate) spec: KeySpec,
    /// Set if the key id comes from the user or from the imported document, and is not generated.
    /// Then the store must not have the key under another key id.
    has_chosen_kid: bool,
}

impl NewKey {
    /// Returns a key to add under `kid`. Without `kid`, the key id of `spec` remains.
    pub(crate) fn new(spec: KeySpec, kid: Option<Untrusted>) -> Self {
        let has_chosen_kid = kid.is_some();
        let spec = match kid {
            Some(kid) => spec.with_kid(kid),
            None => spec,
        };
        Self { spec, has_chosen_kid }
    }

    /// Returns an imported key to add under `kid`. Without `kid`, uses the key id in the imported
    /// document; if the document has no key id either, the key id of `imported.key` remains.
    pub(crate) fn from_imported(
        imported: ImportedKey,
        kid: Option<Untrusted>,
    ) -> Result<Self, KeyError> {
        let kid = kid.map_or_else(|| imported.document_kid(), |kid| Ok(Some(kid)))?;
        Ok(Self::new(imported.key, kid))
    }
}

/// Keys to add, and options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewKeyOptions<'k> {
    /// The keys to add.
    pub(crate) keys: &'k [NewKey],
    /// If the running command created the store with an app key of `keys`: the id of this key.
    /// [`add`] reports the key as new.
    pub(crate) initial_kid: Option<&'k Untrusted>,
    /// Set to activate each key immediately, and to retire each active key that is replaced. No key
    /// of `keys` may replace another key of `keys`: see [`ensure_activatable`].
    pub(crate) activate: bool,
}

/// A key of the store after [`add`]: a new key, or a key that the store already had.
#[derive(Debug, Clone)]
pub(crate) struct RequestedKey {
    /// The key.
    pub(crate) key: Key,
    /// Set if the key is new or was activated.
    pub(crate) changed: bool,
    /// Set if the key is new.
    pub(crate) is_new: bool,
}

/// Generates a key without storing the key. `bits` is ignored for algorithms other than RSA.
pub(crate) fn generate(
    algorithm: Algorithm,
    purpose: Purpose,
    bits: RsaBits,
) -> Result<KeySpec, Error> {
    Ok(crypto::generate_key(algorithm, purpose, bits)?)
}

/// Refuses a caller who is not an admin, and therefore may not add keys.
pub(crate) fn authorize_add(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Refuses keys of which one would replace another if all were activated. The same key may occur
/// twice.
pub(crate) fn ensure_activatable(keys: &[NewKey]) -> Result<(), KeyError> {
    for NewKey { spec, .. } in keys {
        let KeySpec { purpose, algorithm, material, .. } = spec;
        let rivals = keys.iter().map(|key| &key.spec);
        let rivals: Vec<_> =
            rivals.filter(|key| key.replaces_active_key(*purpose, *algorithm)).collect();
        let material = material.expose_secret();
        if rivals.iter().any(|key| key.material.expose_secret() != material) {
            let group = if *purpose == Purpose::App { purpose.name() } else { algorithm.name() };
            let reason = format!("found {} {group} keys, expected 1", rivals.len());
            return Err(InvalidValue::new("keys to activate", reason)
                .with_hint("omit `--activate`, then activate one key: jeton keys activate KID")
                .into());
        }
    }
    Ok(())
}

/// Adds keys; after an error, no key is added. A new app key becomes active if the store has no
/// active app key, and a new test key becomes active if the store has no active test key of this
/// algorithm. Otherwise, the new key becomes standby. A key that the store already has, for the
/// same purpose and algorithm, is left unchanged; a revoked key is refused. With
/// `options.activate`, the new and the existing keys are activated. Only admins may add keys. While
/// the store has no users, `caller` may be `None`: then any process that can write to the store may
/// add keys.
pub(crate) fn add(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    options: NewKeyOptions<'_>,
) -> Result<Vec<RequestedKey>, Error> {
    write_as_optional_principal(store, caller.map(|caller| &caller.principal), |tx, user| {
        require_admin_or_empty_store(tx, user, ADMINS_ONLY)?;
        refuse_public_keys_as_secrets(tx, options.keys)?;
        let mut requested_keys: Vec<RequestedKey> = Vec::new();
        for new_key in options.keys {
            let mut requested = add_key(tx, audit, new_key, &requested_keys)?;
            requested.is_new |= options.initial_kid == Some(&requested.key.spec.kid);
            requested.changed |= requested.is_new;
            if options.activate && requested.key.state != KeyState::Active {
                retire_and_activate(tx, audit.now, &requested.key, None)?;
                requested = RequestedKey {
                    key: require_key(tx, requested.key.spec.kid.as_str())?,
                    changed: true,
                    ..requested
                };
            }
            requested_keys.push(requested);
        }
        let caller_id = caller.map(|caller| caller.user.id);
        // An existing key may have another key id in the store than in the input.
        let subject = match requested_keys.as_slice() {
            [requested] => EventTarget::key(&requested.key.spec.kid).into(),
            several => {
                let detail = EventDetail::objects(format!("{} keys", several.len()));
                EventSubject::several(TargetKind::Key, detail)
            }
        };
        let changed_count = requested_keys.iter().filter(|requested| requested.changed).count();
        audit.record(tx, caller_id, subject, changed_count)?;
        Ok(requested_keys)
    })
}

/// Refuses a new shared secret that equals a public key of the store, and a new key pair whose
/// public key equals a shared secret of the store. The new keys were already compared with each
/// other when the imported documents were read.
fn refuse_public_keys_as_secrets(tx: &Reader<'_>, new_keys: &[NewKey]) -> Result<(), Error> {
    let stored_keys = tx.keys()?;
    let stored_keys: Vec<&KeySpec> = stored_keys.iter().map(|key| &key.spec).collect();
    let new_keys: Vec<&KeySpec> = new_keys.iter().map(|key| &key.spec).collect();
    let has_public_secret = |secrets: &[&KeySpec], pairs: &[&KeySpec]| {
        let public_keys: PublicKeys =
            pairs.iter().filter_map(|key| key.public_jwk.as_ref()).collect();
        secrets.iter().any(|key| crypto::equals_public_key(key, &public_keys))
    };
    if has_public_secret(&new_keys, &stored_keys) || has_public_secret(&stored_keys, &new_keys) {
        return Err(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES).into());
    }
    Ok(())
}

/// Adds `new_key`, unless the store already has the key. `earlier_keys` are the results for the
/// keys that precede `new_key` in the input.
fn add_key(
    tx: &Writer<'_>,
    audit: &AuditContext,
    new_key: &NewKey,
    earlier_keys: &[RequestedKey],
) -> Result<RequestedKey, Error> {
    let NewKey { spec, has_chosen_kid } = new_key;
    if let Some(key) = find_key_with_same_material(tx, spec)? {
        let has_other_use =
            (key.spec.purpose, key.spec.algorithm) != (spec.purpose, spec.algorithm);
        let has_other_kid = *has_chosen_kid && key.spec.kid != spec.kid;
        let is_repeated = earlier_keys.iter().any(|earlier| earlier.key.spec.kid == key.spec.kid);
        return match key {
            key if key.state == KeyState::Revoked => Err(Error::KeyRevoked),
            key if is_repeated && (has_other_use || has_other_kid) => {
                Err(KeyError::same_key_twice(&key.spec, spec).into())
            }
            key if has_other_use => Err(Error::KeyExists(key.spec.purpose, key.spec.algorithm)),
            key if has_other_kid => Err(Error::KeyHasOtherKid(key.spec.kid)),
            key => Ok(RequestedKey { key, changed: false, is_new: false }),
        };
    }
    if let Some(key) = tx.find_key(spec.kid.as_str())? {
        let KeySpec { kid, purpose, algorithm, .. } = key.spec;
        return Err(Error::KidExists { kid, purpose, algorithm });
    }
    let needs_active_key = find_active_key(tx, spec.purpose, spec.algorithm)?.is_none();
    let state = if needs_active_key { KeyState::Active } else { KeyState::Standby };
    tx.add_key(spec, state, audit.now)?;
    Ok(RequestedKey { key: require_key(tx, spec.kid.as_str())?, changed: true, is_new: true })
}

/// Returns the stored key with the key material of `new_key` or with an equivalent HMAC secret. The
/// stored key may have any state.
fn find_key_with_same_material(tx: &Writer<'_>, new_key: &KeySpec) -> Result<Option<Key>, Error> {
    if let Some(key) = tx.find_key_by_material(new_key)? {
        return Ok(Some(key));
    }
    for key in tx.keys()? {
        if crypto::is_same_hmac_key(&key.spec, new_key)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}
