//! Errors and hints for directories in which other users can replace files.

use super::{Code, Failure};
use crate::directory::InsecureDirectory;
use crate::model::escape;
use crate::store::DirectoryRemedy;
use std::path::Path;

impl Failure {
    /// Returns the error for a directory in which other users can replace files. The hint is
    /// correct for output files and session files. For stores and backups, use
    /// [`Self::insecure_store_directory`].
    pub(crate) fn insecure_directory(insecure: &InsecureDirectory) -> Self {
        let failure = Self::new(Code::InsecurePermissions, insecure_message(insecure));
        failure.with_hint(if insecure.can_be_restricted {
            restrict_hint(&insecure.path)
        } else {
            "use a directory that only you can write to".to_owned()
        })
    }

    /// Returns the error for a store or backup in a directory in which other users can replace
    /// files. The hint is the instruction for `remedy`.
    pub(super) fn insecure_store_directory(
        insecure: &InsecureDirectory,
        remedy: &DirectoryRemedy,
    ) -> Self {
        let failure = Self::insecure_directory(insecure);
        match remedy {
            DirectoryRemedy::RestrictDirectory(path) => failure.with_hint(restrict_hint(path)),
            DirectoryRemedy::UsePath(store) => failure.with_hint(format!(
                "use a separate directory: --store {}",
                quote_shell_path(store)
            )),
            DirectoryRemedy::MoveStore { store, directory } => {
                let new_path = directory.join(store.file_name().unwrap_or_default());
                failure.with_hint(format!(
                    "move the store to a separate directory: mkdir -p -m 700 {0} && mv {1}* {0} \
                     (then use the store with `--store {2}`)",
                    quote_shell_path(directory),
                    quote_shell_path(store),
                    quote_shell_path(&new_path),
                ))
            }
            DirectoryRemedy::CreateDirectory(directory) => failure.with_hint(format!(
                "create a separate directory: mkdir -p -m 700 {}",
                quote_shell_path(directory)
            )),
            DirectoryRemedy::ChooseDirectory => failure,
        }
    }
}

/// Returns the message: the directory, and the reason why other users can replace files in it.
fn insecure_message(insecure: &InsecureDirectory) -> String {
    let display_path = |path: &Path| escape(&path.to_string_lossy());
    let path = display_path(&insecure.path);
    let problem = if insecure.has_untrusted_owner {
        "belongs to another user".to_owned()
    } else {
        format!("is writable by other users (mode {:04o})", insecure.mode)
    };
    match &insecure.files_directory {
        None => format!("directory `{path}` {problem}"),
        Some(directory) => {
            format!("`{}` can be replaced: `{path}` {problem}", display_path(directory))
        }
    }
}

/// Returns the hint that removes the write permission of other users from the directory.
fn restrict_hint(path: &Path) -> String {
    format!("remove the write permission: chmod go-w {}", quote_shell_path(path))
}

/// Returns the path as one word of a shell command, quoted if necessary. Control characters are
/// escaped.
pub(super) fn quote_shell_path(path: &Path) -> String {
    let text = escape(&path.to_string_lossy());
    let is_plain = |c: char| c.is_alphanumeric() || "/._@+-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
