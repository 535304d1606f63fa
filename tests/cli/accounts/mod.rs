//! Accounts: registration, passwords and settings.

mod init;
mod passwords;
mod register;
mod settings;
