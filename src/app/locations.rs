//! Paths of the store and of the session files in failures, and hints about the option or variable
//! that sets the path.

use super::environment::{data_directory_variable, read_store_address};
use super::run_console::RunConsole;
#[cfg(feature = "postgres")]
use crate::failure::Code;
use crate::failure::{Failure, Location};
use crate::model::{quote_shell_word, redact_for_error};
use crate::paths;
#[cfg(feature = "postgres")]
use crate::store::ServerAddress;
use crate::store::StoreAddress;
use std::path::Path;

impl RunConsole {
    /// Adds the location of a failure to the message: the path of the store, the directory of the
    /// session files, or the address of the server. A failure with a path gets a hint to change the
    /// path, unless the failure already has another hint than [`Failure::OWNER_HINT`]. If the path
    /// of the store is a directory, the message and the hint are replaced by a message and a hint
    /// about the directory. Adds `--store` to the hint: see [`Self::repeat_store_flag`].
    pub(super) fn add_location(&self, failure: Failure) -> Failure {
        let failure = self.add_path_or_address(failure);
        let hint = failure.hint.as_deref().map(|hint| self.repeat_store_flag(hint));
        Failure { hint, ..failure }
    }

    fn add_path_or_address(&self, failure: Failure) -> Failure {
        #[cfg(feature = "postgres")]
        if failure.location == Some(Location::Store)
            && let Some(StoreAddress::Server(address)) = &self.options.store
        {
            return add_server(address, failure);
        }
        let (path, hint) = match failure.location {
            None => return failure,
            Some(Location::Store) => {
                (self.store_address().map(|address| address.to_path()), self.store_path_hint())
            }
            Some(Location::Sessions) => (
                paths::session_directory(self.environment.config_dir.as_deref()),
                "set `JETON_CONFIG_DIR` to another directory".to_owned(),
            ),
        };
        let Some(path) = path else { return failure };
        if failure.location == Some(Location::Store) && path.is_dir() {
            return self.directory_as_store_failure(&path, failure);
        }
        let message =
            format!("`{}`: {}", redact_for_error(&path.to_string_lossy()), failure.message);
        let hint = match failure.hint {
            Some(owner_hint) if owner_hint == Failure::OWNER_HINT => {
                format!("{owner_hint}, or {hint}")
            }
            Some(other_hint) => other_hint,
            // The hint about a symbolic link applies only to the path of the store.
            None if failure.location == Some(Location::Store) => {
                self.link_target_hint(&path).unwrap_or(hint)
            }
            None => hint,
        };
        Failure { message, hint: Some(hint), location: None, ..failure }
    }

    /// Returns the hint to use the target of `path` as the store; `None` if `path` is not a
    /// symbolic link to an existing file.
    fn link_target_hint(&self, path: &Path) -> Option<String> {
        let is_store_in_flag = self.options.store.is_some() && !self.is_store_in_variable();
        let target = path.canonicalize().ok().filter(|_| path.is_symlink())?;
        let target = quote_shell_word(&redact_for_error(&target.to_string_lossy()));
        Some(if is_store_in_flag {
            format!("use the target of the link: --store {target}")
        } else {
            format!("use the target of the link: JETON_STORE={target}")
        })
    }

    /// Returns the given address of the store, or else the default; `None` if no address is given
    /// and `HOME` is not set.
    pub(super) fn store_address(&self) -> Option<StoreAddress> {
        let default = || paths::default_store_path().map(StoreAddress::File);
        self.options.store.clone().or_else(default)
    }

    /// Adds `--store` to the commands of a hint that use the store, if `--store` or the arguments
    /// select the store of this run and `JETON_STORE` does not contain the same address.
    pub(super) fn repeat_store_flag(&self, hint: &str) -> String {
        let address = match self.options.store.as_ref().filter(|_| !self.is_store_in_variable()) {
            None => return hint.to_owned(),
            Some(StoreAddress::File(path)) => redact_for_error(&path.to_string_lossy()),
            // An address from the command line has no password.
            #[cfg(feature = "postgres")]
            Some(StoreAddress::Server(address)) => address.text_without_password().to_owned(),
        };
        let prefix = if address.starts_with('-') { "./" } else { "" };
        let flag_value = quote_shell_word(&format!("{prefix}{address}"));
        add_store_flag(hint, &format!("--store {flag_value}"))
    }

    fn directory_as_store_failure(&self, path: &Path, failure: Failure) -> Failure {
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

    /// Returns whether `JETON_STORE` contains the address of the store of this run.
    fn is_store_in_variable(&self) -> bool {
        read_store_address().is_some_and(|address| address.ok() == self.options.store)
    }

    fn store_path_hint(&self) -> String {
        if self.options.store.is_none() {
            let variable = data_directory_variable();
            return format!(
                "set `{variable}` to a directory that you own, or `JETON_STORE` to a file"
            );
        }
        if self.is_store_in_variable() {
            "set `JETON_STORE` to another file".to_owned()
        } else {
            "use another file with `--store`".to_owned()
        }
    }
}

/// Adds the address of a server to the message of a failure. If the server is read-only, replaces
/// the hint.
#[cfg(feature = "postgres")]
fn add_server(address: &ServerAddress, failure: Failure) -> Failure {
    let message = format!("`{}`: {}", address.to_display(), failure.message);
    let hint = if failure.code == Code::StoreReadOnly {
        Some("use the address of a primary server that permits changes".to_owned())
    } else {
        failure.hint
    };
    Failure { message, hint, location: None, ..failure }
}

/// Commands that use the store, at least with some of their subcommands or options. `status` is
/// omitted, because no hint contains this command.
const STORE_COMMANDS: [&str; 17] = [
    "apply", "audit", "init", "keys", "login", "logout", "passwd", "recover", "refresh",
    "register", "run", "sessions", "settings", "store", "token", "users", "whoami",
];

/// Adds `flag`, which is `--store` with its value, to each of [`STORE_COMMANDS`] in `hint`.
/// `store copy` gets no flag, because its arguments name the stores. Text in quotes is unchanged.
fn add_store_flag(hint: &str, flag: &str) -> String {
    let mut text = String::new();
    let mut copied_end = 0;
    for (start, program) in hint.match_indices("jeton ") {
        let (before, arguments) = (&hint[..start], &hint[start + program.len()..]);
        let is_word = before.is_empty() || before.ends_with([' ', '`']);
        let command_name = arguments.split([' ', '`', ',', ')']).next().unwrap_or_default();
        let uses_store =
            STORE_COMMANDS.contains(&command_name) && !arguments.starts_with("store copy");
        if is_word && uses_store && !is_in_quotes(before) {
            text.push_str(&hint[copied_end..start + program.len()]);
            text.push_str(flag);
            text.push(' ');
            copied_end = start + program.len();
        }
    }
    text + &hint[copied_end..]
}

/// Returns whether a shell word that follows `text` is inside quotes.
fn is_in_quotes(text: &str) -> bool {
    let mut open_quote = None;
    for c in text.chars().filter(|c| ['\'', '"'].contains(c)) {
        match open_quote {
            None => open_quote = Some(c),
            Some(quote) if quote == c => open_quote = None,
            Some(_) => {}
        }
    }
    open_quote.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_flag_is_added_only_to_unquoted_commands_that_need_the_flag() {
        for (hint, expected) in [
            ("create a store: jeton init", "create a store: jeton --store 'a b' init"),
            (
                "log in with `jeton login`, or use `--exist-ok` to accept the existing store",
                "log in with `jeton --store 'a b' login`, or use `--exist-ok` to accept the existing store",
            ),
            (
                "activate the key with: jeton keys activate -- '-x jeton init'",
                "activate the key with: jeton --store 'a b' keys activate -- '-x jeton init'",
            ),
            (
                "log in to end all sessions: jeton login && jeton logout --all",
                "log in to end all sessions: jeton --store 'a b' login && \
                 jeton --store 'a b' logout --all",
            ),
            (
                "copy the backup: jeton store copy FILE ADDRESS",
                "copy the backup: jeton store copy FILE ADDRESS",
            ),
            ("install a newer jeton", "install a newer jeton"),
            ("run jeton as the owner of the file", "run jeton as the owner of the file"),
            ("faults: jeton --store b store check", "faults: jeton --store b store check"),
        ] {
            assert_eq!(add_store_flag(hint, "--store 'a b'"), expected);
            let flag = "--store \"it's\"";
            let expected = expected.replace("--store 'a b'", flag);
            assert_eq!(add_store_flag(hint, flag), expected);
        }
    }
}
