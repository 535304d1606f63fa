//! Operations on the store file that must not open the store in the usual way: check, migrate,
//! restore.

use super::App;
use crate::authority::{self, Caller};
use crate::failure::{Code, Failure, Kind};
use crate::model::Untrusted;
use crate::store::{Findings, RestoreOutcome};
use std::path::{Path, PathBuf};

impl App {
    /// Checks the store file without opening the store in the usual way.
    pub(crate) fn check_store(&mut self) -> Result<Findings, Failure> {
        let (path, now) = (self.store_path()?, self.now()?);
        Ok(authority::maintenance::check(&path, now, self.options.wait)?)
    }

    /// Migrates an older store to the current schema, after a backup. Returns the path of the
    /// backup.
    pub(crate) fn migrate_store(
        &mut self,
        backup: Option<&Path>,
    ) -> Result<Option<PathBuf>, Failure> {
        let (path, context) = (self.store_path()?, self.audit_context()?);
        Ok(authority::maintenance::migrate(&path, &context, backup, self.options.wait)?)
    }

    /// Returns the caller. `None` if no credential is given, or if the store cannot authenticate
    /// any user: the owner of the file can then act without a login.
    pub(crate) fn caller_or_file_owner(&mut self) -> Result<Option<Caller>, Failure> {
        const UNUSABLE_STORE_CODES: [Code; 5] = [
            Code::StoreNotFound,
            Code::StoreNewer,
            Code::StoreOlder,
            Code::StoreForeign,
            Code::StoreDamaged,
        ];
        match self.caller() {
            Ok(caller) => Ok(Some(caller)),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(None),
            Err(failure) if UNUSABLE_STORE_CODES.contains(&failure.code) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Refuses a file that cannot be restored, and asks for confirmation to replace an existing
    /// store.
    pub(crate) fn confirm_restore(&mut self, file: &Path) -> Result<(), Failure> {
        let (path, now) = (self.store_path()?, self.now()?);
        for warning in authority::maintenance::check_backup(file, &path, now, self.options.wait)? {
            self.print_warning(&warning);
        }
        if path.symlink_metadata().is_ok_and(|store| store.len() > 0) {
            let display_path =
                |path: &Path| Untrusted::new(path.to_string_lossy()).to_display().clone();
            self.confirm(&format!(
                "Replace `{}` with `{}`?",
                display_path(&path),
                display_path(file)
            ))?;
        }
        Ok(())
    }

    /// Replaces the content of the store with the content of `file`. Closes the store first, since
    /// this process must not have the store open.
    pub(crate) fn restore_store(
        &mut self,
        file: &Path,
        caller: Option<&Caller>,
    ) -> Result<RestoreOutcome, Failure> {
        self.release_store();
        let (path, context) = (self.store_path()?, self.audit_context()?);
        let progress = self.start_progress("restoring", 0);
        let on_progress = progress.updater();
        Ok(authority::maintenance::restore(
            &path,
            file,
            &context,
            caller,
            self.options.wait,
            on_progress,
        )?)
    }
}
