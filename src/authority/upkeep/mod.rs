//! The store itself: what is in it, what is wrong with it, copies of it, and what can go.

mod prune;
mod restore;

pub(crate) use prune::{Pruned, prune, prune_gap};
pub(crate) use restore::{check_backup, restore};

use super::act::{DONE, UNDELIVERED};
use super::{Act, Caller, Error};
use crate::crypto;
use crate::directory::Writers;
use crate::model::{Role, Timestamp};
use crate::store::{self, Census, Event, Findings, Store};
use std::path::{Path, PathBuf};
use std::time::Duration;

const ADMINS_ONLY: &str = "only admins administer the store";

/// How much of everything is there.
pub(crate) fn census(store: &mut Store, now: Timestamp) -> Result<Census, Error> {
    Ok(store.census(now)?)
}

/// What is wrong with the store at that path, which may be in any state.
pub(crate) fn check(path: &Path, now: Timestamp, wait: Duration) -> Result<Findings, Error> {
    Ok(store::check(path, &tests_of_rows(), now, wait)?)
}

fn tests_of_rows() -> store::Tests {
    store::Tests {
        key: |key| crypto::test_key(key).err().map(|error| error.to_string()),
        hash: |hash| crypto::test_hash(hash).err().map(|error| error.to_string()),
        costliest_hash: |class| {
            crypto::HashClass::costliest(Some(class)).err().map(|error| error.to_string())
        },
    }
}

/// Copies the store to `target`, for an admin; returns its bytes and the users who can write its
/// directory. It is written down before anybody can
/// have the copy. `seen` hears how many pages of how many are there.
pub(crate) fn back_up(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    target: &Path,
    seen: impl FnMut(usize, usize) + Send + 'static,
) -> Result<(u64, Writers), Error> {
    may_administer(caller)?;
    may_change(store)?;
    let draft = store.copy(target, seen)?;
    let writers = draft.writers;
    let event = caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        Ok(act.note(tx, Some(caller.user.id), Some("store".to_owned()), DONE, 1)?)
    })?;
    match draft.keep() {
        Ok(size) => Ok((size, writers)),
        Err(error) => {
            store.write(|tx| tx.came_to_nothing(event, UNDELIVERED))?;
            Err(error.into())
        }
    }
}

/// Refuses whoever is no admin.
pub(crate) fn may_administer(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)
}

/// Refuses before long work what would be refused after it: a store that can only be read.
fn may_change(store: &Store) -> Result<(), Error> {
    if store.is_read_only() { Err(store::Error::ReadOnly.into()) } else { Ok(()) }
}

/// Brings the store at that path up to the present schema, and copies an older one first; where to.
/// An older store cannot say who is an admin, so this is for whoever owns the file.
pub(crate) fn migrate(
    path: &Path,
    act: &Act,
    target: Option<&Path>,
    wait: Duration,
) -> Result<Option<PathBuf>, Error> {
    let event = Event {
        at: act.now,
        user: None,
        os_uid: act.os_uid,
        action: &act.action,
        target: Some("store".to_owned()),
        outcome: DONE,
        count: 1,
    };
    Ok(Store::migrate(path, target, &event, wait)?)
}

#[cfg(test)]
mod tests;
