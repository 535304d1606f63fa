//! The administration of accounts: listed, changed, moved between stores.

mod changes;
mod export;
mod import;
mod list;
