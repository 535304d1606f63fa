//! A store in a PostgreSQL database: opening and transactions.

use super::client::Client;
use super::config::ConnectionConfig;
use super::connect::ANSWER_TIME;
use super::schema::{self, ServerState};
use super::transaction::{CREATION_LOCK_KEY, await_writers, begin_read, begin_write, lock_key};
use super::{ServerAddress, ServerError};
use crate::model::{StoreId, Timestamp};
use crate::store::connection::Connection;
use crate::store::lock::Retryable;
use crate::store::transaction::{Reader, SnapshotStart, WriteLock, Writer};
use crate::store::{Error, InitialRows};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An open store in a PostgreSQL database.
pub(in crate::store) struct PostgresDatabase {
    pub(super) config: Arc<ConnectionConfig>,
    pub(super) client: Client,
    state: ServerState,
    /// Set while the transaction of a dry run is open.
    is_in_dry_run: bool,
    /// Set if a commit is complete, but it is not certain that a standby has confirmed the commit.
    pub(super) has_unconfirmed_commit: bool,
}

impl PostgresDatabase {
    /// Opens the store in the schema of `config`, or in the search path if `config` has no schema.
    /// Returns [`ServerError::NoStore`] if no store exists there.
    pub(in crate::store) fn open(
        address: &ServerAddress,
        config: ConnectionConfig,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let config = Arc::new(config);
        let deadline = Instant::now() + timeout;
        loop {
            let client = Client::connect(&config, deadline)?;
            match load_or_diagnose_state(&client, &config, address, deadline) {
                // The store was busy, or the connection was lost, for example because of a
                // failover.
                Err(error) if error.is_retryable() && Instant::now() < deadline => {}
                result => return Ok(Self::new(config, client, result?)),
            }
        }
    }

    /// Opens the store, and creates a missing store first. Also returns whether this call created
    /// the store.
    pub(in crate::store) fn open_or_create(
        address: &ServerAddress,
        config: ConnectionConfig,
        timeout: Duration,
        initial_rows: &InitialRows,
    ) -> Result<(Self, bool), Error> {
        let deadline = Instant::now() + timeout;
        let config = Arc::new(config);
        let client = Client::connect(&config, deadline)?;
        let (is_created, is_confirmed) =
            match load_or_diagnose_state(&client, &config, address, deadline) {
                Err(Error::Server(ServerError::NoStore(_))) => {
                    create_store(&client, &config, address, deadline, initial_rows)?
                }
                Err(error) => return Err(error),
                Ok(_) => (false, true),
            };
        let state = load_or_diagnose_state(&client, &config, address, deadline)?;
        let database = Self::new(config, client, state);
        Ok((Self { has_unconfirmed_commit: !is_confirmed, ..database }, is_created))
    }

    /// Opens the same store with another connection.
    pub(in crate::store) fn open_reader(&self, timeout: Duration) -> Result<Self, Error> {
        let client = Client::connect(&self.config, Instant::now() + timeout)?;
        Ok(Self::new(Arc::clone(&self.config), client, self.state.clone()))
    }

    pub(super) fn new(config: Arc<ConnectionConfig>, client: Client, state: ServerState) -> Self {
        Self { config, client, state, is_in_dry_run: false, has_unconfirmed_commit: false }
    }

    /// Returns whether a commit is complete, but it is not certain that a standby for which the
    /// server waits has confirmed the commit.
    pub(in crate::store) fn has_unconfirmed_commit(&self) -> bool {
        self.has_unconfirmed_commit
    }

    pub(in crate::store) fn store_id(&self) -> StoreId {
        self.state.store_id
    }

    /// Returns the time of the server when the store was opened.
    pub(in crate::store) fn server_time(&self) -> Timestamp {
        self.state.server_time
    }

    /// Returns whether, when the store was opened, the server was a standby, or transactions were
    /// read-only by default.
    pub(in crate::store) fn is_read_only(&self) -> bool {
        self.state.is_read_only
    }

    /// Runs `work` on an unchanging snapshot. While the transaction of a dry run is open, runs
    /// `work` in that transaction.
    pub(in crate::store) fn read<T, E: From<Error>>(
        &mut self,
        timeout: Duration,
        start: SnapshotStart,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.is_in_dry_run {
            return work(&Reader::new(Connection::Postgres(&self.client)));
        }
        let deadline = Instant::now() + timeout;
        self.reconnect_if_closed(deadline)?;
        if start == SnapshotStart::AfterWriters && !self.state.is_read_only {
            await_writers(&self.client, self.lock_key(), deadline);
        }
        begin_read(&self.client, &self.config, deadline);
        let result = work(&Reader::new(Connection::Postgres(&self.client)));
        self.client.end_without_answer("COMMIT");
        result
    }

    /// Runs `work` in a write transaction, which is committed if `work` returns `Ok`.
    pub(in crate::store) fn write<T, E: From<Error>>(
        &mut self,
        lock: WriteLock,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.state.is_read_only {
            return Err(Error::ReadOnly.into());
        }
        self.reconnect_if_closed(deadline)?;
        begin_write(&self.client, &self.config, lock, self.lock_key(), deadline);
        let writer = Writer::new(Connection::Postgres(&self.client));
        match work(&writer) {
            Ok(value) => {
                let summary = writer.into_summary();
                self.commit(deadline, summary)?;
                Ok(value)
            }
            Err(error) => {
                self.client.end_without_answer("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Runs `work` in the transaction of the dry run, which the first call begins and no call
    /// commits. If `work` fails, only the changes of this call are undone.
    pub(in crate::store) fn write_without_commit<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.is_in_dry_run {
            self.reconnect_if_closed(deadline)?;
            let lock = WriteLock::Exclusive;
            begin_write(&self.client, &self.config, lock, self.lock_key(), deadline);
            // Sends the beginning of the transaction now. If the write lock is not acquired, this
            // method fails before `is_in_dry_run` is set. This savepoint itself is not used.
            if let Err(error) = self.client.execute_batch("SAVEPOINT dry_run") {
                self.client.end_without_answer("ROLLBACK");
                return Err(error.into());
            }
            self.is_in_dry_run = true;
        }
        self.client.queue("SAVEPOINT dry_run", Vec::new());
        let result = work(&Writer::new(Connection::Postgres(&self.client)));
        if result.is_err() {
            self.client.queue("ROLLBACK TO SAVEPOINT dry_run", Vec::new());
        }
        self.client.queue("RELEASE SAVEPOINT dry_run", Vec::new());
        result
    }

    /// Executes SQL for unit tests, to reach states that no command produces.
    #[cfg(test)]
    pub(in crate::store) fn execute_sql(&self, sql: &str) {
        let schema = super::transaction::set_schema_sql(&self.config);
        self.client.execute_batch(&format!("BEGIN; {schema} {sql}; COMMIT")).unwrap();
    }

    fn lock_key(&self) -> i64 {
        lock_key(self.state.store_id)
    }

    fn reconnect_if_closed(&self, deadline: Instant) -> Result<(), Error> {
        if !self.client.is_alive() {
            self.client.reconnect(deadline)?;
        }
        Ok(())
    }
}

/// Loads the state in a transaction. If the state is missing, returns the cause as an error.
fn load_or_diagnose_state(
    client: &Client,
    config: &ConnectionConfig,
    address: &ServerAddress,
    deadline: Instant,
) -> Result<ServerState, Error> {
    let connection = Connection::Postgres(client);
    let load = || {
        begin_read(client, config, deadline);
        let state = schema::load_state(connection);
        client.end_without_answer("COMMIT");
        state
    };
    let state = load();
    if let Err(Error::Damaged(_)) = state {
        begin_read(client, config, deadline);
        let diagnosis = schema::diagnose(connection, address);
        client.end_without_answer("COMMIT");
        diagnosis?;
        // Another process may have created the store in the meantime.
        return load();
    }
    state
}

/// Creates the store. The first returned value is `true` if this process created the store, and
/// `false` if another process was faster. The second returned value is the result of
/// [`Client::commit`].
fn create_store(
    client: &Client,
    config: &ConnectionConfig,
    address: &ServerAddress,
    deadline: Instant,
    initial_rows: &InitialRows,
) -> Result<(bool, bool), Error> {
    begin_write(client, config, WriteLock::Exclusive, CREATION_LOCK_KEY, deadline);
    let connection = Connection::Postgres(client);
    let result = schema::initialize_store(
        client,
        connection,
        address,
        config.schema.as_deref(),
        initial_rows,
    );
    match result {
        Ok(summary) => {
            let is_created = summary.is_some();
            let is_confirmed = match client.commit(deadline.max(Instant::now() + ANSWER_TIME)) {
                Err(Error::Server(ServerError::ConnectionLost(_))) => {
                    Err(summary.unwrap_or_default().into_error("connection lost"))
                }
                other => other,
            }?;
            Ok((is_created, is_confirmed))
        }
        Err(error) => {
            client.end_without_answer("ROLLBACK");
            Err(error)
        }
    }
}
