//! The life of a key: standby, active, retired, revoked. A key is published before it signs and
//! verifies after another took its place, so that no verifier meets a key it does not know.

use super::super::sessions::end_after;
use super::super::{Act, Caller, Error, Thing};
use crate::crypto;
use crate::model::{
    Algorithm, Foreign, Key, KeyState, Lifetime, NewKey, Purpose, Role, RsaBits, Timestamp,
};
use crate::store::{self, Reader, Store, Writer};

pub(super) const ADMINS_ONLY: &str = "only admins manage keys";

/// A key and how many live tokens it signed.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// The key.
    pub(crate) key: Key,
    /// The recorded tokens of its that are live.
    pub(crate) live_tokens: usize,
}

/// Which key takes the place of which.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// The key that signs now.
    pub(crate) active: Foreign,
    /// Its algorithm.
    pub(crate) algorithm: Algorithm,
    /// The one that signed until now, if there was one.
    pub(crate) retired: Option<RetiredKey>,
}

/// A key that verifies for a while.
#[derive(Debug, Clone)]
pub(crate) struct RetiredKey {
    /// Its id.
    pub(crate) kid: Foreign,
    /// Until when it verifies.
    pub(crate) until: Timestamp,
    /// How many live recorded tokens that it signed end later.
    pub(crate) outlasting: usize,
}

/// All keys, the oldest first.
pub(crate) fn list(store: &mut Store, now: Timestamp) -> Result<Vec<Listed>, Error> {
    store.read(|tx| {
        let counts = tx.live_tokens_by_key(now)?;
        let live = |id| counts.iter().find(|(key, _)| *key == id).map_or(0, |(_, live)| *live);
        let listed = |key: Key| Listed { live_tokens: live(key.id), key };
        Ok(tx.keys()?.into_iter().map(listed).collect())
    })
}

/// Lets a key that stands by, or one that was retired, sign in the place of the one that does.
pub(crate) fn activate(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<Option<Rotation>, Error> {
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = existing(tx, kid)?;
        match key.state {
            KeyState::Active => return Ok(None),
            KeyState::Revoked => return Err(Error::KeyRevoked),
            KeyState::Standby | KeyState::Retired => {}
        }
        let rotation = replace(tx, act.now, &key, overlap)?;
        done(tx, act, caller, &key.spec.kid)?;
        Ok(Some(rotation))
    })
}

/// Lets the next key sign: the oldest that stands by, else a new one. Without an algorithm it is
/// that of the key that signs now.
pub(crate) fn rotate(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)?;
    // Made before the lock is held; not needed if one stands by.
    let new = draft(store, purpose, algorithm)?;
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = next(tx, act.now, purpose, algorithm, new.as_ref())?;
        let rotation = replace(tx, act.now, &key, overlap)?;
        done(tx, act, caller, &key.spec.kid)?;
        Ok(rotation)
    })
}

/// Lets a key verify for a while and sign no more. The app key that signs is not retired but
/// replaced: see [`rotate`].
pub(crate) fn retire(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    kid: &str,
    overlap: Option<Lifetime>,
) -> Result<Timestamp, Error> {
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = existing(tx, kid)?;
        if key.state == KeyState::Revoked {
            return Err(Error::KeyRevoked);
        }
        if signs_for_all(&key) {
            return Err(Error::LastKey("let another one sign first: jeton keys rotate"));
        }
        let until = verify_until(tx, overlap, act.now)?;
        tx.retire_key(key.id, until, act.now)?;
        done(tx, act, caller, &key.spec.kid)?;
        Ok(until)
    })
}

/// The key that the caller may revoke.
pub(crate) fn revocable(
    store: &mut Store,
    caller: &Caller,
    kid: &str,
    replace: bool,
) -> Result<Key, Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)?;
    store.read(|tx| {
        let key = existing(tx, kid)?;
        may_go(&key, replace)?;
        Ok(key)
    })
}

/// What went with a key that was revoked.
#[derive(Debug, Clone)]
pub(crate) struct RevokedKey {
    /// The recorded tokens that it had signed and that were not revoked.
    pub(crate) tokens: usize,
    /// The open sessions that it had signed.
    pub(crate) sessions: usize,
    /// The key that signs in its place.
    pub(crate) active: Option<Foreign>,
}

/// Takes a key back for ever: nothing that it signed is accepted any more. `None` if it was.
pub(crate) fn revoke(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    key: &Key,
    replace: bool,
) -> Result<Option<RevokedKey>, Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)?;
    let purpose = key.spec.purpose;
    let new = if signs_for_all(key) { draft(store, purpose, None)? } else { None };
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let key = existing(tx, key.spec.kid.as_str())?;
        may_go(&key, replace)?;
        if key.state == KeyState::Revoked {
            return Ok(None);
        }
        let (tokens, sessions) = tx.revoke_key(key.id, act.now)?;
        let active = if signs_for_all(&key) {
            let next = next(tx, act.now, purpose, None, new.as_ref())?;
            tx.activate_key(next.id, act.now)?;
            Some(next.spec.kid)
        } else {
            None
        };
        done(tx, act, caller, &key.spec.kid)?;
        Ok(Some(RevokedKey { tokens, sessions, active }))
    })
}

/// Whether nothing could be signed without it. A test key is made when one is needed.
fn signs_for_all(key: &Key) -> bool {
    key.state == KeyState::Active && key.spec.purpose == Purpose::App
}

fn may_go(key: &Key, replace: bool) -> Result<(), Error> {
    if signs_for_all(key) && !replace {
        return Err(Error::LastKey("`--replace` lets another one sign at once"));
    }
    Ok(())
}

pub(super) fn existing(tx: &Reader<'_>, kid: &str) -> Result<Key, Error> {
    // What is no id of a key may be a token or a secret in the wrong place.
    tx.find_key(kid)?.ok_or(Error::NotFound { thing: Thing::Key, shown: None })
}

/// The key that signs where one of that purpose and algorithm would.
pub(super) fn active(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Algorithm,
) -> Result<Option<Key>, store::Error> {
    let mut keys = tx.keys_in(purpose, KeyState::Active)?;
    keys.retain(|key| purpose == Purpose::App || key.spec.algorithm == algorithm);
    Ok(keys.pop())
}

/// The oldest key that stands by, of that algorithm if it matters.
fn standby(
    tx: &Reader<'_>,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
) -> Result<Option<Key>, store::Error> {
    let keys = tx.keys_in(purpose, KeyState::Standby)?;
    let fits = |key: &Key| algorithm.is_none_or(|wanted| wanted == key.spec.algorithm);
    Ok(keys.into_iter().find(fits))
}

/// A new key in case that none stands by: of that algorithm, else of the one that signs now.
fn draft(
    store: &mut Store,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
) -> Result<Option<NewKey>, Error> {
    let (standby, signing) = store.read(|tx| -> Result<_, store::Error> {
        Ok((standby(tx, purpose, algorithm)?, tx.keys_in(purpose, KeyState::Active)?))
    })?;
    if algorithm.is_none() && signing.len() > 1 {
        let names: Vec<&str> = signing.iter().map(|key| key.spec.algorithm.name()).collect();
        let names = names.join(", ");
        return Err(Error::Usage(format!("keys for {names} sign: `--alg` says which is meant")));
    }
    let now = signing.last().map(|key| key.spec.algorithm);
    let algorithm = algorithm.or(now).unwrap_or(Algorithm::ES256);
    if standby.is_some() {
        return Ok(None);
    }
    Ok(Some(crypto::generate(algorithm, purpose, RsaBits::default())?))
}

/// The oldest key that stands by, else the new one, which is added.
fn next(
    tx: &Writer<'_>,
    now: Timestamp,
    purpose: Purpose,
    algorithm: Option<Algorithm>,
    new: Option<&NewKey>,
) -> Result<Key, Error> {
    if let Some(key) = standby(tx, purpose, algorithm)? {
        return Ok(key);
    }
    let new = new.ok_or(Error::KeyChanges)?;
    tx.add_key(new, KeyState::Standby, now)?;
    existing(tx, new.kid.as_str())
}

/// Lets `key` sign, and the one that did verify for a while.
pub(super) fn replace(
    tx: &Writer<'_>,
    now: Timestamp,
    key: &Key,
    overlap: Option<Lifetime>,
) -> Result<Rotation, Error> {
    let retired = match active(tx, key.spec.purpose, key.spec.algorithm)? {
        Some(old) => {
            let until = verify_until(tx, overlap, now)?;
            tx.retire_key(old.id, until, now)?;
            let outlasting = tx.live_tokens_of_key(old.id, until)?;
            Some(RetiredKey { kid: old.spec.kid, until, outlasting })
        }
        None => None,
    };
    tx.activate_key(key.id, now)?;
    Ok(Rotation { active: key.spec.kid.clone(), algorithm: key.spec.algorithm, retired })
}

fn verify_until(
    tx: &Reader<'_>,
    overlap: Option<Lifetime>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let overlap = overlap.map_or_else(|| tx.policy().map(|policy| policy.verify_overlap), Ok)?;
    end_after(now, overlap)
}

pub(super) fn done(
    tx: &Writer<'_>,
    act: &Act,
    caller: &Caller,
    kid: &Foreign,
) -> Result<(), store::Error> {
    act.done(tx, Some(caller.user.id), format!("key {}", kid.as_str()), 1)
}
