//! The refusals of a restore.

use super::directory::shell_path;
use super::{Failure, Kind};
use crate::model::redact_for_error;
use crate::store;
use std::path::Path;

impl Failure {
    /// The refusal of a restore while the store of an earlier one is kept.
    pub(super) fn kept_store_exists(kept_store: &Path, directory: &Path) -> Self {
        let message =
            format!("there is something at `{}`", redact_for_error(&kept_store.to_string_lossy()));
        let (kept_word, directory) = (shell_path(kept_store), shell_path(directory));
        Self::new(Kind::Conflict, "file_exists", message).with_hint(format!(
            "move it away: mkdir -m 700 {directory} && mv {kept_word}* {directory}"
        ))
    }

    /// The refusal of a file that cannot be the backup of a restore.
    pub(super) fn not_a_backup(file: &Path, reason: &str) -> Self {
        Self::usage(format!(
            "`{}` cannot be restored: {reason}",
            redact_for_error(&file.to_string_lossy())
        ))
    }

    /// The refusal of a store that was to be restored, because of its first fault.
    pub(super) fn unusable_backup(file: &Path, fault: store::Error) -> Self {
        if matches!(fault, store::Error::NotAStore(_)) {
            return store::Error::NotAStore(file.to_owned()).into();
        }
        let failure = Self::from(fault);
        let display_path = redact_for_error(&file.to_string_lossy());
        let message = format!("`{display_path}` cannot be restored: {}", failure.message);
        let check_hint =
            || format!("see all of its faults: jeton --store {} store check", shell_path(file));
        Self { message, hint: failure.hint.or_else(|| Some(check_hint())), ..failure }
    }
}
