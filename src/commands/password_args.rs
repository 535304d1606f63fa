//! Options for the source of a password.

use crate::app::PasswordSource;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PasswordArgs {
    /// Read the password from standard input (a trailing line break is removed)
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read the password from a file (`-` for standard input) [default: `JETON_PASSWORD`, or a prompt]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Options for the source of the current and the new password.
#[derive(Debug, Args)]
pub(super) struct PasswordChangeArgs {
    /// Read both passwords from standard input: the current password on the first line, the new
    /// password on the second line
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read both passwords from a file in the same format (`-` for standard input) [default: prompts]
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
