//! Accounts: made, with passwords; and what the store allows.

mod init;
mod passwords;
mod register;
mod settings;

/// What everybody is told who must give a password and cannot be asked.
const NOBODY_TO_ASK: &str = "error: a password is needed and nobody is there to ask\n\
     hint: give it with `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`\n";
