//! The flags that say where a password comes from.

use crate::app::PasswordFrom;
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
pub(super) struct TwoPasswordsArgs {
    /// Read both from standard input: the current password on the first line, the new one on the
    /// second
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read both from a file, in the same form (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    pub(super) fn from(self) -> PasswordFrom {
        from(self.password_stdin, self.password_file)
    }
}

impl TwoPasswordsArgs {
    pub(super) fn from(self) -> PasswordFrom {
        from(self.password_stdin, self.password_file)
    }
}

fn from(stdin: bool, file: Option<PathBuf>) -> PasswordFrom {
    match file {
        Some(path) => PasswordFrom::File(path),
        None if stdin => PasswordFrom::Stdin,
        None => PasswordFrom::Unsaid,
    }
}
