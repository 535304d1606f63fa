//! Maintenance of the store: statistics, check, backup, copy, restore, migration and prune.

mod copy;
mod prune;
mod restore;

pub(crate) use crate::store::{CopyStep, EngineStats, ServerStats, TableDigest};
pub(crate) use copy::copy;
pub(crate) use prune::{PruneCounts, last_event_time_if_clock_may_be_ahead, prune};
pub(crate) use restore::{RestoreJob, check_backup};

use super::audit_context::{OUTCOME_DONE, OUTCOME_UNDELIVERED};
use super::principal::write_as_optional_principal;
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::directory::Writers;
use crate::model::{EventTarget, Role, Timestamp};
use crate::store::{self, CopyObserver, Findings, ResolvedAddress, Store, StoreStats, Writer};
use std::path::{Path, PathBuf};
use std::time::Duration;

const ADMINS_ONLY: &str = "only admins can administer the store";

/// Returns statistics of the store.
pub(crate) fn load_stats(store: &mut Store, now: Timestamp) -> Result<StoreStats, Error> {
    Ok(store.stats(now)?)
}

/// Returns the faults of the store at `address`, and warnings. The store may be damaged. `wait` is
/// the maximum time to wait for a lock.
pub(crate) fn check(
    address: ResolvedAddress,
    now: Timestamp,
    wait: Duration,
) -> Result<Findings, Error> {
    Ok(store::check(address, &build_crypto_checks(), now, wait)?)
}

/// Returns the checks of stored values that need cryptography.
fn build_crypto_checks() -> store::CryptoChecks {
    store::CryptoChecks {
        check_key: |key| crypto::check_key(key).err().map(|error| error.to_string()),
        check_hash: |hash| crypto::check_hash(hash).err().map(|error| error.to_string()),
        check_costliest_hash: |class| {
            crypto::HashClass::from_stored(Some(class)).err().map(|error| error.to_string())
        },
    }
}

/// Copies the store to the file `target`. Refuses a caller who is not an admin; `caller` is `None`
/// without a login (see [`authorize`]). Returns the size of `target` in bytes and the users who can
/// write the directory of `target`. The audit event is committed before the file gets its final
/// name. `on_progress` gets the number of copied bytes and the number of all bytes. For a store in
/// PostgreSQL, both numbers are numbers of rows instead. An error of `on_progress` ends the backup,
/// and leaves no file.
pub(crate) fn back_up(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    target: &Path,
    on_progress: impl CopyObserver,
) -> Result<(u64, Writers), Error> {
    authorize(caller)?;
    ensure_writable(store)?;
    let pending_backup = store.backup(target, on_progress)?;
    let writers = pending_backup.writers;
    let caller_id = caller.map(|caller| caller.user.id);
    let event_id = write_as_maintainer(store, caller, |tx| {
        Ok(audit.record_with_id(tx, caller_id, EventTarget::store(), 1)?)
    })?;
    match pending_backup.persist() {
        Ok(size) => Ok((size, writers)),
        Err(error) => {
            // The command reports `error`. A failure to correct the audit event is ignored.
            let _ = store.write(|tx| tx.set_outcome_and_reset_count(event_id, OUTCOME_UNDELIVERED));
            Err(error.into())
        }
    }
}

/// Refuses a caller who is not an admin. Without a caller, refuses nothing: the command then acts
/// for the owner of the store file, who can copy and change the file without jeton. For a store in
/// PostgreSQL, the command acts for the database user, whose rights PostgreSQL checks.
pub(crate) fn authorize(caller: Option<&Caller>) -> Result<(), Error> {
    caller.map_or(Ok(()), |caller| caller.require_role(Role::Admin, ADMINS_ONLY))
}

/// Runs `work` in one write transaction. Refuses a caller who is not an admin (see [`authorize`]).
fn write_as_maintainer<T>(
    store: &mut Store,
    caller: Option<&Caller>,
    mut work: impl FnMut(&Writer<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    match caller {
        Some(caller) => caller.write_with_role(store, Role::Admin, ADMINS_ONLY, work),
        None => write_as_optional_principal(store, None, |tx, _| work(tx)),
    }
}

/// Refuses a read-only store. This check precedes slow work, after which the command would fail
/// when it writes to the store.
fn ensure_writable(store: &Store) -> Result<(), Error> {
    if store.is_read_only() { Err(store::Error::ReadOnly.into()) } else { Ok(()) }
}

/// Migrates the store at `path` to the current schema; a store with an older schema is backed up
/// first. Returns the path of the backup, if any. The owner of the store file may migrate without a
/// login, because no admin can be authenticated with an older schema. `wait` is the maximum time to
/// wait for a lock.
pub(crate) fn migrate(
    path: &Path,
    audit: &AuditContext,
    backup_path: Option<&Path>,
    wait: Duration,
) -> Result<Option<PathBuf>, Error> {
    let event = audit.build_event(None, EventTarget::store(), OUTCOME_DONE, 1);
    Ok(Store::migrate(path, backup_path, &event, wait)?)
}

#[cfg(test)]
mod tests;
