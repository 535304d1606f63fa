//! Tests of server addresses, credentials and connections.

mod address;
mod config;
mod connection;
mod server;
