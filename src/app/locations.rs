//! Paths of the store and of the session files in failures, with the option or variable that
//! changes each path.

use super::environment::{data_directory_variable, read_variable};
use super::run_console::RunConsole;
use crate::failure::{Failure, Location};
use crate::model::{quote_shell_word, redact_for_error};
use crate::paths;
use std::path::{Path, PathBuf};

impl RunConsole {
    /// Adds the path to the message of a failure, and a hint to change the path.
    pub(super) fn add_location(&self, failure: Failure) -> Failure {
        let (path, hint) = match failure.location {
            None => return failure,
            Some(Location::Store) => (self.store_path(), self.store_path_hint()),
            Some(Location::Sessions) => (
                paths::session_directory(self.environment.config_dir.as_deref()),
                "set `JETON_CONFIG_DIR` to another directory".to_owned(),
            ),
        };
        let Some(path) = path else { return failure };
        if failure.location == Some(Location::Store) && path.is_dir() {
            return self.directory_as_store(&path, failure);
        }
        let message =
            format!("`{}`: {}", redact_for_error(&path.to_string_lossy()), failure.message);
        let hint = match failure.hint {
            Some(owner_hint) if owner_hint == Failure::OWNER_HINT => {
                format!("{owner_hint}, or {hint}")
            }
            Some(other_hint) => other_hint,
            None => hint,
        };
        Failure { message, hint: Some(hint), location: None, ..failure }
    }

    /// Returns the path of the store, if there is a home directory.
    pub(super) fn store_path(&self) -> Option<PathBuf> {
        self.options.store.clone().or_else(paths::default_store_path)
    }

    fn directory_as_store(&self, path: &Path, failure: Failure) -> Failure {
        let display_path = |path: &Path| redact_for_error(&path.to_string_lossy());
        let message = format!("`{}` is a directory, expected a store file", display_path(path));
        let file = quote_shell_word(&display_path(&path.join("jeton.db")));
        let hint = if self.is_store_in_variable() {
            format!("set the path of the file: JETON_STORE={file}")
        } else {
            format!("use the path of the file: --store {file}")
        };
        Failure { message, hint: Some(hint), location: None, ..failure }
    }

    fn is_store_in_variable(&self) -> bool {
        let value = read_variable("JETON_STORE");
        value.is_some_and(|value| self.options.store.as_ref().is_some_and(|path| value == *path))
    }

    fn store_path_hint(&self) -> String {
        if self.options.store.is_none() {
            let variable = data_directory_variable();
            return format!("set `{variable}` to a directory of yours, or `JETON_STORE` to a file");
        }
        if self.is_store_in_variable() {
            "set `JETON_STORE` to another file".to_owned()
        } else {
            "use another file with `--store`".to_owned()
        }
    }
}
