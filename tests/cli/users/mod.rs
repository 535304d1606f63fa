//! Administration of accounts: list, display, creation, changes, deletion, export and import.

mod changes;
mod create;
mod delete;
mod export;
mod import;
mod import_formats;
mod import_limits;
mod import_passwords;
mod import_update;
mod list;
