//! The store itself: what is in it, what is wrong with it, copies of it, and what can go.

mod prune;
mod restore;

pub(crate) use prune::{PruneCounts, find_prune_gap, prune};
pub(crate) use restore::{check_backup, restore};

use super::audit_context::{DONE, UNDELIVERED};
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::directory::Writers;
use crate::model::{Role, Timestamp};
use crate::store::{self, Findings, NewEvent, Store, StoreStats};
use std::path::{Path, PathBuf};
use std::time::Duration;

const ADMINS_ONLY: &str = "only admins administer the store";

/// How much of everything is there.
pub(crate) fn load_store_stats(store: &mut Store, now: Timestamp) -> Result<StoreStats, Error> {
    Ok(store.stats(now)?)
}

/// What is wrong with the store at that path, which may be in any state.
pub(crate) fn check_store(path: &Path, now: Timestamp, wait: Duration) -> Result<Findings, Error> {
    Ok(store::check(path, &row_checks(), now, wait)?)
}

fn row_checks() -> store::CryptoChecks {
    store::CryptoChecks {
        key: |key| crypto::check_key(key).err().map(|error| error.to_string()),
        hash: |hash| crypto::check_hash(hash).err().map(|error| error.to_string()),
        costliest_hash: |class| {
            crypto::HashClass::from_stored(Some(class)).err().map(|error| error.to_string())
        },
    }
}

/// Copies the store to `target`, for an admin; returns its bytes and the users who can write its
/// directory. It is written down before anybody can
/// have the copy. `seen` hears how many pages of how many are there.
pub(crate) fn back_up(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    target: &Path,
    on_progress: impl FnMut(usize, usize) + Send + 'static,
) -> Result<(u64, Writers), Error> {
    authorize_maintenance(caller)?;
    ensure_writable(store)?;
    let pending_backup = store.backup(target, on_progress)?;
    let writers = pending_backup.writers;
    let event = caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        Ok(audit.record_outcome(tx, Some(caller.user.id), Some("store".to_owned()), DONE, 1)?)
    })?;
    match pending_backup.persist() {
        Ok(size) => Ok((size, writers)),
        Err(error) => {
            store.write(|tx| tx.set_outcome(event, UNDELIVERED))?;
            Err(error.into())
        }
    }
}

/// Refuses whoever is no admin.
pub(crate) fn authorize_maintenance(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Refuses before long work what would be refused after it: a store that can only be read.
fn ensure_writable(store: &Store) -> Result<(), Error> {
    if store.is_read_only() { Err(store::Error::ReadOnly.into()) } else { Ok(()) }
}

/// Brings the store at that path up to the present schema, and copies an older one first; where to.
/// An older store cannot say who is an admin, so this is for whoever owns the file.
pub(crate) fn migrate(
    path: &Path,
    audit: &AuditContext,
    target: Option<&Path>,
    wait: Duration,
) -> Result<Option<PathBuf>, Error> {
    let event = NewEvent {
        at: audit.now,
        user: None,
        os_uid: audit.os_uid,
        action: &audit.action,
        target: Some("store".to_owned()),
        outcome: DONE,
        count: 1,
    };
    Ok(Store::migrate(path, target, &event, wait)?)
}

#[cfg(test)]
mod tests;
