//! PostgreSQL server of a store: address, credentials, TLS and connection.

mod address;
mod config;
mod connect;
mod credential_file;
mod environment;
mod error;
mod parameters;
mod passfile;
mod service_file;
mod ssl_mode;
#[cfg(test)]
mod tests;
mod tls;

pub(crate) use address::ServerAddress;
pub(crate) use config::ConnectionConfig;
pub(crate) use connect::{ConnectFault, connect};
pub(crate) use environment::PostgresEnvironment;
pub(crate) use error::{ConnectionError, InvalidServerAddress};
