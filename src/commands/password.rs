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

impl PasswordArgs {
    pub(super) fn from(self) -> PasswordFrom {
        match self.password_file {
            Some(path) => PasswordFrom::File(path),
            None if self.password_stdin => PasswordFrom::Stdin,
            None => PasswordFrom::Unsaid,
        }
    }
}
