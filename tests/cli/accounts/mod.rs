//! Accounts: `init`, registration, passwords, and the settings of the store.

mod init;
mod passwords;
mod register;
mod settings;
