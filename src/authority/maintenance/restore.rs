//! Restore of a backup: checks of its content, and authorization.

use super::super::audit_context::OUTCOME_DONE;
use super::super::{AuditContext, Caller, Error};
use super::{ADMINS_ONLY, build_crypto_checks};
use crate::model::{EventTarget, Role, Timestamp, UserRef};
use crate::store::{self, CopyObserver, LockedStore, RestoreOutcome};
use std::path::Path;
use std::time::Duration;

/// Refuses a file that cannot be restored to the store at `store_path`; returns warnings about the
/// file. A backup with an older schema, and a backup that other users can read, may be restored.
/// `wait` is the maximum time to wait for a lock.
pub(crate) fn check_backup(
    file: &Path,
    store_path: &Path,
    now: Timestamp,
    wait: Duration,
) -> Result<Vec<String>, Error> {
    let backup_error = |fault| Error::Backup { file: file.to_owned(), fault };
    let findings = match store::check_backup(file, store_path, &build_crypto_checks(), now, wait) {
        Err(
            error @ (store::Error::InvalidBackup(..)
            | store::Error::PreviousStoreExists { .. }
            | store::Error::Busy),
        ) => return Err(error.into()),
        other => other.map_err(backup_error)?,
    };
    let mut warnings = Vec::new();
    for fault in findings.faults {
        if let store::Error::ExposedFile(warning) = fault {
            warnings.push(warning);
        } else if !matches!(fault, store::Error::OlderSchema { .. }) {
            return Err(backup_error(fault));
        }
    }
    Ok(warnings)
}

/// Restore of a backup to a store, which is locked during the job.
pub(crate) struct RestoreJob<'j> {
    store: LockedStore,
    audit: &'j AuditContext,
    caller: Option<&'j Caller>,
}

impl<'j> RestoreJob<'j> {
    /// Locks the store at `path`; waits for the lock for at most `wait`. A caller must be an admin.
    /// `None` means the owner of the store file: without a login, or if the store cannot
    /// authenticate any user, for example a damaged store.
    pub(crate) fn lock(
        path: &Path,
        audit: &'j AuditContext,
        caller: Option<&'j Caller>,
        wait: Duration,
    ) -> Result<Self, Error> {
        let store = LockedStore::lock(path, wait)?;
        if let Some(caller) = caller {
            store.read(|tx| caller.recheck_role(tx, Role::Admin, ADMINS_ONLY))?;
        }
        Ok(Self { store, audit, caller })
    }

    /// Replaces the content of the store by the content of `file`. `on_progress` gets the number of
    /// copied bytes and the number of all bytes; an error of `on_progress` leaves the store
    /// unchanged.
    pub(crate) fn run(
        self,
        file: &Path,
        on_progress: impl CopyObserver,
    ) -> Result<RestoreOutcome, Error> {
        let Self { store, audit, caller } = self;
        let build_event = |tx: &store::Reader<'_>| {
            // `tx` reads the backup. The caller is found by uid, because in the backup the row id
            // of the caller may belong to another user.
            let user = match caller {
                Some(caller) => tx.find_user(&UserRef::Uid(caller.user.uid))?.map(|user| user.id),
                None => None,
            };
            Ok(audit.build_event(user, EventTarget::store(), OUTCOME_DONE, 1))
        };
        Ok(store.replace(file, build_event, on_progress)?)
    }
}
