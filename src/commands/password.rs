//! The flags that say where a password comes from.

use crate::app::PasswordSource;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PasswordArgs {
    /// Read the password from standard input (one trailing line break is dropped)
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read the password from a file (`-`: standard input)
    ///
    /// Without either flag it is taken from `JETON_PASSWORD`, or asked for on the terminal.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// The same for the current password and the new one.
#[derive(Debug, Args)]
pub(super) struct PasswordChangeArgs {
    /// Read both from standard input: the current password on the first line, the new one on the
    /// second
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read both from a file, in the same form (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    pub(super) fn into_source(self) -> PasswordSource {
        password_source(self.password_stdin, self.password_file)
    }
}

impl PasswordChangeArgs {
    pub(super) fn into_source(self) -> PasswordSource {
        password_source(self.password_stdin, self.password_file)
    }
}

fn password_source(stdin: bool, file: Option<PathBuf>) -> PasswordSource {
    match file {
        Some(path) => PasswordSource::File(path),
        None if stdin => PasswordSource::Stdin,
        None => PasswordSource::EnvOrPrompt,
    }
}
