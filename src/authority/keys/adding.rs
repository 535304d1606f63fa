//! New keys in a store: made here, or brought along.

use super::super::accounts::admin_or_founder;
use super::super::principal::write_for;
use super::super::{Act, Caller, Error};
use super::life::{ADMINS_ONLY, active, existing, replace};
use crate::crypto::{self, KeyForm, PublicKeys, Rejected};
use crate::model::{Algorithm, Foreign, Key, KeyState, NewKey, Purpose, Role, RsaBits};
use crate::store::{Reader, Store, Writer};

/// Keys that are to be in the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adding<'k> {
    /// The keys.
    pub(crate) keys: &'k [NewKey],
    /// The one of them that the store was made with, just now: it counts as new.
    pub(crate) first: Option<&'k Foreign>,
    /// Whether each signs at once, in the place of the one that does.
    pub(crate) activate: bool,
}

/// A key that was asked for, and whether it is new.
#[derive(Debug, Clone)]
pub(crate) struct Added {
    /// The key.
    pub(crate) key: Key,
    /// Whether it was not there before.
    pub(crate) changed: bool,
}

/// Makes a key that is not in the store yet; `bits` counts for RSA.
pub(crate) fn draft(
    algorithm: Algorithm,
    purpose: Purpose,
    bits: RsaBits,
) -> Result<NewKey, Error> {
    Ok(crypto::generate(algorithm, purpose, bits)?)
}

/// Refuses whoever may not add keys.
pub(crate) fn may_add(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)
}

/// Adds keys, all or none. Each stands by until it is activated, unless there is none that signs in
/// its place. One that is there already, for the same, is left as it is. Only admins add keys, and
/// whoever owns the file as long as the store has no users: `caller` is `None` then.
pub(crate) fn add(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    wish: Adding<'_>,
) -> Result<Vec<Added>, Error> {
    write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
        admin_or_founder(tx, user, ADMINS_ONLY)?;
        refuse_public_secrets(tx, wish.keys)?;
        let add = |key: &NewKey| {
            let mut added = add_one(tx, act, key)?;
            added.changed |= wish.first == Some(&added.key.spec.kid);
            if wish.activate && added.key.state != KeyState::Active {
                replace(tx, act.now, &added.key, None)?;
                added = Added { key: existing(tx, added.key.spec.kid.as_str())?, changed: true };
            }
            Ok::<_, Error>(added)
        };
        let added = wish.keys.iter().map(add).collect::<Result<Vec<_>, _>>()?;
        let user = caller.map(|caller| caller.user.id);
        let target = match wish.keys {
            [one] => format!("key {}", one.kid.as_str()),
            several => format!("{} keys", several.len()),
        };
        act.done(tx, user, target, added.iter().filter(|added| added.changed).count())?;
        Ok(added)
    })
}

/// Refuses a shared secret that equals a public key of the store, and a key pair whose public key
/// is a shared secret there. Those of one call were compared when they were read.
fn refuse_public_secrets(tx: &Reader<'_>, new: &[NewKey]) -> Result<(), Error> {
    let stored: Vec<NewKey> = tx.keys()?.into_iter().map(|key| key.spec).collect();
    let clash = |secrets: &[NewKey], pairs: &[NewKey]| {
        let public: PublicKeys = pairs.iter().filter_map(|key| key.public.as_ref()).collect();
        secrets.iter().any(|key| crypto::is_public(key, &public))
    };
    if clash(new, &stored) || clash(&stored, new) {
        return Err(Rejected::Disguised(KeyForm::PUBLIC).into());
    }
    Ok(())
}

fn add_one(tx: &Writer<'_>, act: &Act, new: &NewKey) -> Result<Added, Error> {
    if let Some(key) = same_key(tx, new)? {
        return match key {
            key if key.state == KeyState::Revoked => Err(Error::KeyRevoked),
            key if (key.spec.purpose, key.spec.algorithm) == (new.purpose, new.algorithm) => {
                Ok(Added { key, changed: false })
            }
            key => Err(Error::KeyExists(key.spec.purpose, key.spec.algorithm)),
        };
    }
    let is_first = active(tx, new.purpose, new.algorithm)?.is_none();
    let state = if is_first { KeyState::Active } else { KeyState::Standby };
    tx.add_key(new, state, act.now)?;
    Ok(Added { key: existing(tx, new.kid.as_str())?, changed: true })
}

/// The key of the same id, of the same material, or one that signs alike, whatever its state.
fn same_key(tx: &Writer<'_>, new: &NewKey) -> Result<Option<Key>, Error> {
    if let Some(key) = tx.find_same_key(new)? {
        return Ok(Some(key));
    }
    for key in tx.keys()? {
        if crypto::sign_alike(&key.spec, new)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}
