//! Accounts: made, with passwords; and what the store allows.

mod init;
mod passwords;
mod register;
mod settings;
