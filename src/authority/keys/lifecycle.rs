//! Key lifecycle: standby, active, retired, revoked. Verifiers can load a standby key before its
//! first signature, and a retired key still verifies for some time.

use crate::authority::abbreviation::find_key;
use crate::authority::sessions::expiry_after;
use crate::authority::{AuditContext, Caller, Error, resource_kind::ResourceKind};
use crate::crypto;
use crate::model::{
    Algorithm, EventTarget, Key, KeySpec, KeyState, Lifetime, Purpose, Role, RsaBits, Timestamp,
    Untrusted,
};
use crate::store::{self, Reader, Store, Writer};

pub(super) const ADMINS_ONLY: &str = "only admins can manage keys";

/// The outcome of a rotation.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// The id of the new active key.
    pub(crate) active_kid: Untrusted,
    /// The algorithm of the new active key.
    pub(crate) algorithm: Algorithm,
    /// Set if the rotation generated the new active key.
    pub(crate) is_new_key: bool,
    /// The active key that the new active key replaced, if any.
    pub(crate) retired_key: Option<RetiredKey>,
}

/// A key that was retired, and still verifies for some time.
#[derive(Debug, Clone)]
pub(crate) struct RetiredKey {
    /// The id of the key.
    pub(crate) kid: Untrusted,
    /// The time until which the key verifies.
    pub(crate) verify_until: Timestamp,
    /// The number of recorded tokens of the key that would be live or superseded at `verify_until`.
    pub(crate) outliving_token_count: usize,
}

/// Activates the standby or retired key `kid` and retires the key that `kid` replaces. The replaced
/// key still verifies for the duration `overlap`, by default the setting `key.verify_overlap`.
/// Returns `kid` in its previous state, and the rotation (`None` if the key was already active).
pub(crate) fn activate(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<(Key, Option<Rotation>), Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, kid)?;
        match key.state {
            KeyState::Active => return Ok((key, None)),
            KeyState::Revoked => return Err(Error::KeyRevoked),
            KeyState::Standby | KeyState::Retired => {}
        }
        let rotation = retire_and_activate(tx, audit.now, &key, overlap)?;
        record_key_event(tx, audit, caller, &key.spec.kid)?;
        Ok((key, Some(rotation)))
    })
}

/// Activates the oldest standby key (of `algorithm`, if given), or else a new key, and retires the
/// replaced key. Without `algorithm`, a new key has the algorithm of the only active key, or ES256;
/// several active keys (test keys of different algorithms) are then refused.
pub(crate) fn rotate(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    // Key generation is slow and precedes the transaction. `None`: a suitable standby key exists.
    let new_key = generate_successor(store, purpose, algorithm)?;
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = find_or_add_successor(tx, audit.now, purpose, algorithm, new_key.as_ref())?;
        let rotation = retire_and_activate(tx, audit.now, &key, overlap)?;
        record_key_event(tx, audit, caller, &key.spec.kid)?;
        let is_new_key = new_key.as_ref().is_some_and(|new_key| new_key.kid == key.spec.kid);
        Ok(Rotation { is_new_key, ..rotation })
    })
}

/// Retires a key, which still verifies until the returned time. Also returns the key in its
/// previous state. The active app key cannot be retired, only replaced: see [`rotate`].
pub(crate) fn retire(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<(Key, Timestamp), Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, kid)?;
        if key.state == KeyState::Revoked {
            return Err(Error::KeyRevoked);
        }
        if is_required_for_signing(&key) {
            return Err(Error::ActiveAppKey("use `jeton keys rotate` to replace the key"));
        }
        let verify_until = compute_verify_until(tx, overlap, audit.now)?;
        tx.retire_key(key.id, verify_until, audit.now)?;
        record_key_event(tx, audit, caller, &key.spec.kid)?;
        Ok((key, verify_until))
    })
}

/// The reaction if the key to revoke is the active app key, which signs app and session tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfActiveAppKey {
    /// The revocation is refused.
    Refuse,
    /// Another key is activated immediately.
    Replace,
}

/// Returns the key to revoke, unless the caller is not an admin or `if_active` refuses the key.
pub(crate) fn load_for_revocation(
    store: &mut Store,
    caller: &Caller,
    kid: &str,
    if_active: IfActiveAppKey,
) -> Result<Key, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    store.read(|tx| {
        let key = require_key(tx, kid)?;
        ensure_revocable(&key, if_active)?;
        Ok(key)
    })
}

/// The outcome of a key revocation.
#[derive(Debug, Clone)]
pub(crate) struct KeyRevocation {
    /// The number of recorded tokens of the key that were not revoked before.
    pub(crate) token_count: usize,
    /// The number of sessions that ended because the key had signed their current token pair.
    pub(crate) session_count: usize,
    /// The id of the new active key, if the revoked key was the active app key.
    pub(crate) successor_kid: Option<Untrusted>,
}

/// Permanently revokes a key and thus its tokens. Returns `None` if the key was already revoked.
pub(crate) fn revoke(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    key: &Key,
    if_active: IfActiveAppKey,
) -> Result<Option<KeyRevocation>, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    let purpose = key.spec.purpose;
    let new_key =
        if is_required_for_signing(key) { generate_successor(store, purpose, None)? } else { None };
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, key.spec.kid.as_str())?;
        ensure_revocable(&key, if_active)?;
        if key.state == KeyState::Revoked {
            return Ok(None);
        }
        let (token_count, session_count) = tx.revoke_key(key.id, audit.now)?;
        let successor_kid = if is_required_for_signing(&key) {
            let successor = find_or_add_successor(tx, audit.now, purpose, None, new_key.as_ref())?;
            tx.activate_key(successor.id, audit.now)?;
            Some(successor.spec.kid)
        } else {
            None
        };
        record_key_event(tx, audit, caller, &key.spec.kid)?;
        Ok(Some(KeyRevocation { token_count, session_count, successor_kid }))
    })
}

/// Returns whether the key is the active app key, without which no app or session token can be
/// signed. A missing test key, in contrast, is generated on demand.
fn is_required_for_signing(key: &Key) -> bool {
    key.state == KeyState::Active && key.spec.purpose == Purpose::App
}

fn ensure_revocable(key: &Key, if_active: IfActiveAppKey) -> Result<(), Error> {
    if is_required_for_signing(key) && if_active == IfActiveAppKey::Refuse {
        return Err(Error::ActiveAppKey("use `--replace` to activate another key immediately"));
    }
    Ok(())
}

/// Returns the key with this id, which may be abbreviated.
pub(super) fn require_key(tx: &Reader<'_>, kid: &str) -> Result<Key, Error> {
    // The user may have passed a token or a secret by mistake: the error does not repeat `kid`.
    find_key(tx, kid)?.ok_or(Error::NotFound { resource: ResourceKind::Key, name: None })
}

/// Returns the active key that a key of this purpose and algorithm would replace: the active app
/// key, of any algorithm, or the active test key of this algorithm.
pub(super) fn find_active_key(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Algorithm,
) -> Result<Option<Key>, store::Error> {
    let mut keys = tx.keys_with_state(purpose, KeyState::Active)?;
    keys.retain(|key| key.spec.replaces_active_key(purpose, algorithm));
    Ok(keys.pop())
}

/// Returns the oldest standby key of a purpose and, if `algorithm` is given, of this algorithm.
fn find_oldest_standby(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
) -> Result<Option<Key>, store::Error> {
    let keys = tx.keys_with_state(purpose, KeyState::Standby)?;
    Ok(keys.into_iter().find(|key| algorithm.is_none_or(|required| required == key.spec.algorithm)))
}

/// Generates the key to activate next (see [`rotate`]); `None`: a suitable standby key exists.
fn generate_successor(
    store: &mut Store,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
) -> Result<Option<KeySpec>, Error> {
    let (standby_key, active_keys) = store.read(|tx| -> Result<_, store::Error> {
        Ok((
            find_oldest_standby(tx, purpose, algorithm)?,
            tx.keys_with_state(purpose, KeyState::Active)?,
        ))
    })?;
    if algorithm.is_none() && active_keys.len() > 1 {
        let names: Vec<&str> = active_keys.iter().map(|key| key.spec.algorithm.name()).collect();
        let names = names.join(", ");
        return Err(Error::Usage(format!("multiple active keys ({names}): use `--alg`")));
    }
    let active_algorithm = active_keys.last().map(|key| key.spec.algorithm);
    let algorithm = algorithm.or(active_algorithm).unwrap_or(Algorithm::ES256);
    if standby_key.is_some() {
        return Ok(None);
    }
    Ok(Some(crypto::generate_key(algorithm, purpose, RsaBits::default())?))
}

/// Returns the oldest standby key, or else adds and returns `new_key`. Fails if neither key exists.
fn find_or_add_successor(
    tx: &Writer<'_>,
    now: Timestamp,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    new_key: Option<&KeySpec>,
) -> Result<Key, Error> {
    if let Some(key) = find_oldest_standby(tx, purpose, algorithm)? {
        return Ok(key);
    }
    let new_key = new_key.ok_or(Error::KeyContention)?;
    tx.add_key(new_key, KeyState::Standby, now)?;
    require_key(tx, new_key.kid.as_str())
}

/// Activates `key`, and retires the active key that `key` replaces. Returns `is_new_key: false`.
pub(super) fn retire_and_activate(
    tx: &Writer<'_>,
    now: Timestamp,
    key: &Key,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    let retired_key = match find_active_key(tx, key.spec.purpose, key.spec.algorithm)? {
        Some(old_key) => {
            let verify_until = compute_verify_until(tx, overlap, now)?;
            tx.retire_key(old_key.id, verify_until, now)?;
            let outliving_token_count = tx.count_valid_tokens_of_key(old_key.id, verify_until)?;
            Some(RetiredKey { kid: old_key.spec.kid, verify_until, outliving_token_count })
        }
        None => None,
    };
    tx.activate_key(key.id, now)?;
    Ok(Rotation {
        active_kid: key.spec.kid.clone(),
        algorithm: key.spec.algorithm,
        is_new_key: false,
        retired_key,
    })
}

fn compute_verify_until(
    tx: &Reader<'_>,
    overlap: Option<Lifetime>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let overlap =
        overlap.map_or_else(|| tx.load_settings().map(|settings| settings.verify_overlap), Ok)?;
    expiry_after(now, overlap)
}

pub(super) fn record_key_event(
    tx: &Writer<'_>,
    audit: &AuditContext,
    caller: &Caller,
    kid: &Untrusted,
) -> Result<(), store::Error> {
    audit.record(tx, Some(caller.user.id), EventTarget::key(kid), 1)
}
