//! Restore of a backup: checks of its content, and authorization.

use super::super::audit_context::OUTCOME_DONE;
use super::super::{AuditContext, Caller, Error};
use super::{ADMINS_ONLY, build_crypto_checks};
use crate::model::{EventTarget, Role, Timestamp, UserRef};
use crate::store::{self, LockedStore, RestoreOutcome};
use std::path::Path;
use std::time::Duration;

/// Refuses a file that cannot be restored to the store at `path`; returns warnings about the file.
/// A backup with an older schema, and a backup that other users can read, may be restored.
pub(crate) fn check_backup(
    file: &Path,
    path: &Path,
    now: Timestamp,
    wait: Duration,
) -> Result<Vec<String>, Error> {
    let backup_error = |fault| Error::Backup { file: file.to_owned(), fault };
    let findings = match store::check_backup(file, path, &build_crypto_checks(), now, wait) {
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

/// Replaces the content of the store at `path` by the content of `file`. A caller must be an admin.
/// The owner of the store file may restore without a caller, because a damaged store cannot
/// authenticate users.
pub(crate) fn restore(
    path: &Path,
    file: &Path,
    audit: &AuditContext,
    caller: Option<&Caller>,
    wait: Duration,
    on_progress: impl FnMut(usize, usize) + Send + 'static,
) -> Result<RestoreOutcome, Error> {
    let locked_store = LockedStore::lock(path, wait)?;
    if let Some(caller) = caller {
        locked_store.read(|tx| caller.recheck_role(tx, Role::Admin, ADMINS_ONLY))?;
    }
    let build_event = |tx: &store::Reader<'_>| {
        // The same id may belong to another user in the backup.
        let user = match caller {
            Some(caller) => tx.find_user(&UserRef::Uid(caller.user.uid))?.map(|user| user.id),
            None => None,
        };
        Ok(audit.build_event(user, EventTarget::store(), OUTCOME_DONE, 1))
    };
    Ok(locked_store.replace(file, build_event, on_progress)?)
}
