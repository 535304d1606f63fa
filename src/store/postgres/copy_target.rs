//! Creation of a store as the target of a copy.

use super::client::Client;
use super::config::ConnectionConfig;
use super::database::PostgresDatabase;
use super::schema::{create_schema, load_state};
use super::transaction::{CREATION_LOCK_KEY, begin_write};
use super::{ServerAddress, ServerError};
use crate::store::Error;
use crate::store::connection::Connection;
use crate::store::transaction::{WriteLock, WriteSummary, Writer};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A new store in an open transaction. Dropping the value closes the connection, so that the server
/// discards the store.
pub(in crate::store) struct PendingDatabase {
    config: Arc<ConnectionConfig>,
    client: Client,
    timeout: Duration,
}

impl PendingDatabase {
    /// Begins the transaction, and creates the tables as [`create_schema`] does. Returns
    /// [`ServerError::StoreExists`] if the schema already has a table `store`.
    pub(in crate::store) fn create(
        address: &ServerAddress,
        config: ConnectionConfig,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let deadline = Instant::now() + timeout;
        let config = Arc::new(config);
        let client = Client::connect(&config, deadline)?;
        begin_write(&client, &config, WriteLock::Exclusive, CREATION_LOCK_KEY, deadline);
        let connection = Connection::Postgres(&client);
        if !create_schema(&client, connection, address, config.schema.as_deref())? {
            return Err(ServerError::StoreExists(address.to_display()).into());
        }
        Ok(Self { config, client, timeout })
    }

    /// Returns a writer in the transaction.
    pub(in crate::store) fn writer(&self) -> Writer<'_> {
        Writer::new(Connection::Postgres(&self.client))
    }

    /// Commits the transaction. If the outcome is unknown, the error names the rows of `summary`.
    /// Returns `true` if the commit is complete, but it is not certain that a standby has confirmed
    /// the commit.
    pub(in crate::store) fn persist(self, summary: WriteSummary) -> Result<bool, Error> {
        let Self { config, client, timeout } = self;
        let state = load_state(Connection::Postgres(&client))?;
        let mut database = PostgresDatabase::new(config, client, state);
        database.commit(Instant::now() + timeout, summary)?;
        Ok(database.has_unconfirmed_commit)
    }
}
