//! Errors of a restore.

use super::directory::quote_shell_path;
use super::{Failure, Kind};
use crate::model::redact_for_error;
use crate::store;
use std::path::Path;

impl Failure {
    /// Returns the error for an existing `.before-restore` file of an earlier restore.
    pub(super) fn previous_store_exists(previous_store: &Path, directory: &Path) -> Self {
        let message =
            format!("`{}` already exists", redact_for_error(&previous_store.to_string_lossy()));
        let (quoted_store, directory) =
            (quote_shell_path(previous_store), quote_shell_path(directory));
        Self::new(Kind::Conflict, "file_exists", message).with_hint(format!(
            "move the file: mkdir -m 700 {directory} && mv {quoted_store}* {directory}"
        ))
    }

    /// Returns the error for a file that is not a backup.
    pub(super) fn not_a_backup(file: &Path, reason: &str) -> Self {
        Self::usage(format!(
            "`{}` cannot be restored: {reason}",
            redact_for_error(&file.to_string_lossy())
        ))
    }

    /// Returns the error for a damaged backup; `fault` is the first fault.
    pub(super) fn unusable_backup(file: &Path, fault: store::Error) -> Self {
        if matches!(fault, store::Error::NotAStore(_)) {
            return store::Error::NotAStore(file.to_owned()).into();
        }
        let failure = Self::from(fault);
        let display_path = redact_for_error(&file.to_string_lossy());
        let message = format!("`{display_path}` cannot be restored: {}", failure.message);
        let check_hint =
            || format!("list all faults: jeton --store {} store check", quote_shell_path(file));
        Self { message, hint: failure.hint.or_else(|| Some(check_hint())), ..failure }
    }
}
