//! The life of a key: standby, active, retired, revoked. A key is published before it signs and
//! verifies after another took its place, so that no verifier meets a key it does not know.

use super::super::sessions::expiry_after;
use super::super::{AuditContext, Caller, Error, ResourceKind};
use crate::crypto;
use crate::model::{
    Algorithm, Key, KeySpec, KeyState, Lifetime, Purpose, Role, RsaBits, Timestamp, Untrusted,
};
use crate::store::{self, Reader, Store, Writer};

pub(super) const ADMINS_ONLY: &str = "only admins manage keys";

/// A key and how many live tokens it signed.
#[derive(Debug, Clone)]
pub(crate) struct KeySummary {
    /// The key.
    pub(crate) key: Key,
    /// The recorded tokens of its that are live.
    pub(crate) live_tokens: usize,
}

/// Which key takes the place of which.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// The key that signs now.
    pub(crate) active: Untrusted,
    /// Its algorithm.
    pub(crate) algorithm: Algorithm,
    /// The one that signed until now, if there was one.
    pub(crate) retired: Option<RetiredKey>,
}

/// A key that verifies for a while.
#[derive(Debug, Clone)]
pub(crate) struct RetiredKey {
    /// Its id.
    pub(crate) kid: Untrusted,
    /// Until when it verifies.
    pub(crate) verify_until: Timestamp,
    /// How many live recorded tokens that it signed end later.
    pub(crate) outliving_tokens: usize,
}

/// All keys, the oldest first.
pub(crate) fn list_keys(store: &mut Store, now: Timestamp) -> Result<Vec<KeySummary>, Error> {
    store.read(|tx| {
        let counts = tx.count_live_tokens_by_key(now)?;
        let live_count =
            |id| counts.iter().find(|(key, _)| *key == id).map_or(0, |(_, count)| *count);
        let to_summary = |key: Key| KeySummary { live_tokens: live_count(key.id), key };
        Ok(tx.keys()?.into_iter().map(to_summary).collect())
    })
}

/// Lets a key that stands by, or one that was retired, sign in the place of the one that does.
pub(crate) fn activate_key(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<Option<Rotation>, Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, kid)?;
        match key.state {
            KeyState::Active => return Ok(None),
            KeyState::Revoked => return Err(Error::KeyRevoked),
            KeyState::Standby | KeyState::Retired => {}
        }
        let rotation = retire_and_activate(tx, audit.now, &key, overlap)?;
        record_change(tx, audit, caller, &key.spec.kid)?;
        Ok(Some(rotation))
    })
}

/// Lets the next key sign: the oldest that stands by, else a new one. Without an algorithm it is
/// that of the key that signs now.
pub(crate) fn rotate_key(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    // Made before the lock is held; not needed if one stands by.
    let new = generate_successor(store, purpose, algorithm)?;
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = find_or_add_successor(tx, audit.now, purpose, algorithm, new.as_ref())?;
        let rotation = retire_and_activate(tx, audit.now, &key, overlap)?;
        record_change(tx, audit, caller, &key.spec.kid)?;
        Ok(rotation)
    })
}

/// Lets a key verify for a while and sign no more. The app key that signs is not retired but
/// replaced: see [`rotate`].
pub(crate) fn retire_key(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<Timestamp, Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, kid)?;
        if key.state == KeyState::Revoked {
            return Err(Error::KeyRevoked);
        }
        if is_required_for_signing(&key) {
            return Err(Error::LastKey("let another one sign first: jeton keys rotate"));
        }
        let verify_until = compute_verify_until(tx, overlap, audit.now)?;
        tx.retire_key(key.id, verify_until, audit.now)?;
        record_change(tx, audit, caller, &key.spec.kid)?;
        Ok(verify_until)
    })
}

/// The key that the caller may revoke.
pub(crate) fn load_key_for_revocation(
    store: &mut Store,
    caller: &Caller,
    kid: &str,
    replace: bool,
) -> Result<Key, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    store.read(|tx| {
        let key = require_key(tx, kid)?;
        ensure_replaceable(&key, replace)?;
        Ok(key)
    })
}

/// What went with a key that was revoked.
#[derive(Debug, Clone)]
pub(crate) struct KeyRevocation {
    /// The recorded tokens that it had signed and that were not revoked.
    pub(crate) tokens: usize,
    /// The open sessions that it had signed.
    pub(crate) sessions: usize,
    /// The key that signs in its place.
    pub(crate) successor: Option<Untrusted>,
}

/// Takes a key back for ever: nothing that it signed is accepted any more. `None` if it was.
pub(crate) fn revoke_key(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    key: &Key,
    replace: bool,
) -> Result<Option<KeyRevocation>, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)?;
    let purpose = key.spec.purpose;
    let new =
        if is_required_for_signing(key) { generate_successor(store, purpose, None)? } else { None };
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = require_key(tx, key.spec.kid.as_str())?;
        ensure_replaceable(&key, replace)?;
        if key.state == KeyState::Revoked {
            return Ok(None);
        }
        let (tokens, sessions) = tx.revoke_key(key.id, audit.now)?;
        let successor = if is_required_for_signing(&key) {
            let successor = find_or_add_successor(tx, audit.now, purpose, None, new.as_ref())?;
            tx.activate_key(successor.id, audit.now)?;
            Some(successor.spec.kid)
        } else {
            None
        };
        record_change(tx, audit, caller, &key.spec.kid)?;
        Ok(Some(KeyRevocation { tokens, sessions, successor }))
    })
}

/// Whether nothing could be signed without it. A test key is made when one is needed.
fn is_required_for_signing(key: &Key) -> bool {
    key.state == KeyState::Active && key.spec.purpose == Purpose::App
}

fn ensure_replaceable(key: &Key, replace: bool) -> Result<(), Error> {
    if is_required_for_signing(key) && !replace {
        return Err(Error::LastKey("`--replace` lets another one sign at once"));
    }
    Ok(())
}

pub(super) fn require_key(tx: &Reader<'_>, kid: &str) -> Result<Key, Error> {
    // What is no id of a key may be a token or a secret in the wrong place.
    tx.find_key(kid)?.ok_or(Error::NotFound { resource: ResourceKind::Key, name: None })
}

/// The key that signs where one of that purpose and algorithm would.
pub(super) fn find_active_key(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Algorithm,
) -> Result<Option<Key>, store::Error> {
    let mut keys = tx.keys_with_state(purpose, KeyState::Active)?;
    keys.retain(|key| purpose == Purpose::App || key.spec.algorithm == algorithm);
    Ok(keys.pop())
}

/// The oldest key that stands by, of that algorithm if it matters.
fn find_oldest_standby(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
) -> Result<Option<Key>, store::Error> {
    let keys = tx.keys_with_state(purpose, KeyState::Standby)?;
    let fits = |key: &Key| algorithm.is_none_or(|wanted| wanted == key.spec.algorithm);
    Ok(keys.into_iter().find(fits))
}

/// A new key in case that none stands by: of that algorithm, else of the one that signs now.
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
        return Err(Error::Usage(format!("keys for {names} sign: `--alg` says which is meant")));
    }
    let active_algorithm = active_keys.last().map(|key| key.spec.algorithm);
    let algorithm = algorithm.or(active_algorithm).unwrap_or(Algorithm::ES256);
    if standby_key.is_some() {
        return Ok(None);
    }
    Ok(Some(crypto::generate_key(algorithm, purpose, RsaBits::default())?))
}

/// The oldest key that stands by, else the new one, which is added.
fn find_or_add_successor(
    tx: &Writer<'_>,
    now: Timestamp,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    new: Option<&KeySpec>,
) -> Result<Key, Error> {
    if let Some(key) = find_oldest_standby(tx, purpose, algorithm)? {
        return Ok(key);
    }
    let new = new.ok_or(Error::KeyContention)?;
    tx.add_key(new, KeyState::Standby, now)?;
    require_key(tx, new.kid.as_str())
}

/// Lets `key` sign, and the one that did verify for a while.
pub(super) fn retire_and_activate(
    tx: &Writer<'_>,
    now: Timestamp,
    key: &Key,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    let retired = match find_active_key(tx, key.spec.purpose, key.spec.algorithm)? {
        Some(old) => {
            let verify_until = compute_verify_until(tx, overlap, now)?;
            tx.retire_key(old.id, verify_until, now)?;
            let outliving_tokens = tx.count_live_tokens_of_key(old.id, verify_until)?;
            Some(RetiredKey { kid: old.spec.kid, verify_until, outliving_tokens })
        }
        None => None,
    };
    tx.activate_key(key.id, now)?;
    Ok(Rotation { active: key.spec.kid.clone(), algorithm: key.spec.algorithm, retired })
}

fn compute_verify_until(
    tx: &Reader<'_>,
    overlap: Option<Lifetime>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let overlap =
        overlap.map_or_else(|| tx.load_settings().map(|policy| policy.verify_overlap), Ok)?;
    expiry_after(now, overlap)
}

pub(super) fn record_change(
    tx: &Writer<'_>,
    audit: &AuditContext,
    caller: &Caller,
    kid: &Untrusted,
) -> Result<(), store::Error> {
    audit.record(tx, Some(caller.user.id), format!("key {}", kid.as_str()), 1)
}
