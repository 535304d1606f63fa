//! The store in a PostgreSQL database: address, credentials, TLS, connection and transactions.

mod address;
mod arrays;
mod check;
mod client;
mod commit;
mod config;
mod connect;
mod connection_parameters;
mod copy_target;
mod credential_file;
mod database;
mod environment;
mod error;
mod passfile;
mod queue;
mod retry;
mod schema;
mod service_file;
mod ssl_mode;
mod statement_error;
mod statements;
mod stats;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod transaction;

pub(crate) use address::ServerAddress;
pub(super) use check::find_server_risks;
pub(super) use client::Client;
pub(crate) use config::ConnectionConfig;
pub(super) use copy_target::PendingDatabase;
pub(super) use database::PostgresDatabase;
pub(crate) use environment::PostgresEnvironment;
pub(crate) use error::{ConnectionError, InvalidServerAddress, ServerError};
pub(super) use schema::latest_schema_version;
pub(super) use statement_error::is_temporary_failure;
pub(super) use stats::load_stats;
pub(super) use text::unescape_nul;
