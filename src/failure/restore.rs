//! The refusals of a restore.

use super::directory::word;
use super::{Failure, Kind};
use crate::model::repeatable;
use crate::store;
use std::path::Path;

impl Failure {
    /// The refusal of a restore while the store of an earlier one is kept.
    pub(super) fn kept(kept: &Path, directory: &Path) -> Self {
        let message = format!("there is something at `{}`", repeatable(&kept.to_string_lossy()));
        let (kept, directory) = (word(kept), word(directory));
        Self::new(Kind::Conflict, "file_exists", message)
            .with_hint(format!("move it away: mkdir -m 700 {directory} && mv {kept}* {directory}"))
    }

    /// The refusal of a file that cannot be the backup of a restore.
    pub(super) fn no_backup(file: &Path, why: &str) -> Self {
        Self::usage(format!("`{}` cannot be restored: {why}", repeatable(&file.to_string_lossy())))
    }

    /// The refusal of a store that was to be restored, because of its first fault.
    pub(super) fn backup(file: &Path, fault: store::Error) -> Self {
        if matches!(fault, store::Error::Foreign(_)) {
            return store::Error::Foreign(file.to_owned()).into();
        }
        let first = Self::from(fault);
        let shown = repeatable(&file.to_string_lossy());
        let message = format!("`{shown}` cannot be restored: {}", first.message);
        let see_all = || format!("see all of its faults: jeton --store {} store check", word(file));
        Self { message, hint: first.hint.or_else(|| Some(see_all())), ..first }
    }
}
