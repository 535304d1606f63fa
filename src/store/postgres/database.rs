//! A store in a PostgreSQL database: opening, transactions, and the outcome of a commit.

use super::client::{ANSWER_TIME, Client};
use super::config::ConnectionConfig;
use super::retry::{RETRY_INTERVAL, connect_until};
use super::schema::{self, ServerState};
use super::transaction::{CREATION_LOCK, begin_read, begin_write, lock_key};
use super::{ServerAddress, ServerError};
use crate::model::{StoreId, Timestamp};
use crate::store::connection::Connection;
use crate::store::transaction::{Reader, WriteSummary, Writer};
use crate::store::values::values;
use crate::store::{Error, InitialRows};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An open store in a PostgreSQL database.
pub(in crate::store) struct PostgresDatabase {
    config: Arc<ConnectionConfig>,
    client: Client,
    state: ServerState,
    /// Set while the transaction of a dry run is open.
    is_in_dry_run: bool,
    /// Set if a commit is complete without the confirmation of a standby.
    has_unconfirmed_commit: bool,
}

impl PostgresDatabase {
    /// Opens the store in the database. Returns [`ServerError::NoStore`] if the database has no store.
    pub(in crate::store) fn open(
        address: &ServerAddress,
        config: ConnectionConfig,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let config = Arc::new(config);
        let client = connect_until(&config, Instant::now() + timeout)?;
        let state = load_state(&client, &config, address)?;
        Ok(Self::new(config, client, state))
    }

    /// Opens the store, and creates a missing store first. Returns whether this call created the
    /// store.
    pub(in crate::store) fn open_or_create(
        address: &ServerAddress,
        config: ConnectionConfig,
        timeout: Duration,
        initial_rows: &InitialRows,
    ) -> Result<(Self, bool), Error> {
        let deadline = Instant::now() + timeout;
        let config = Arc::new(config);
        let client = connect_until(&config, deadline)?;
        let is_created = match load_state(&client, &config, address) {
            Err(Error::Server(ServerError::NoStore(_))) => {
                create_store(&client, &config, address, deadline, initial_rows)?
            }
            Err(error) => return Err(error),
            Ok(_) => false,
        };
        let state = load_state(&client, &config, address)?;
        Ok((Self::new(config, client, state), is_created))
    }

    /// Opens the same store with another connection.
    pub(in crate::store) fn open_reader(&self, timeout: Duration) -> Result<Self, Error> {
        let client = connect_until(&self.config, Instant::now() + timeout)?;
        Ok(Self::new(Arc::clone(&self.config), client, self.state.clone()))
    }

    pub(super) fn new(config: Arc<ConnectionConfig>, client: Client, state: ServerState) -> Self {
        Self { config, client, state, is_in_dry_run: false, has_unconfirmed_commit: false }
    }

    /// Returns whether a commit is complete without the confirmation of a standby that the server
    /// waits for.
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

    /// Returns whether the server is a standby, or transactions are read-only by default.
    pub(in crate::store) fn is_read_only(&self) -> bool {
        self.state.is_read_only
    }

    /// Runs `work` on an unchanging snapshot.
    pub(in crate::store) fn read<T, E: From<Error>>(
        &mut self,
        timeout: Duration,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.is_in_dry_run {
            return work(&Reader::new(Connection::Postgres(&self.client)));
        }
        self.reconnect_if_closed(Instant::now() + timeout)?;
        begin_read(&self.client, &self.config);
        let result = work(&Reader::new(Connection::Postgres(&self.client)));
        self.client.end_without_answer("COMMIT");
        result
    }

    /// Runs `work` in a write transaction, which is committed if `work` returns `Ok`.
    pub(in crate::store) fn write<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.state.is_read_only {
            return Err(Error::ReadOnly.into());
        }
        self.reconnect_if_closed(deadline)?;
        begin_write(&self.client, &self.config, lock_key(self.state.store_id), deadline);
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

    /// Runs `work` in the transaction of the dry run. If `work` fails, only its changes are undone.
    pub(in crate::store) fn write_without_commit<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.is_in_dry_run {
            self.reconnect_if_closed(deadline)?;
            begin_write(&self.client, &self.config, lock_key(self.state.store_id), deadline);
            self.client.execute_batch("SAVEPOINT dry_run")?;
            self.is_in_dry_run = true;
        }
        self.client.defer("SAVEPOINT dry_run");
        let result = work(&Writer::new(Connection::Postgres(&self.client)));
        if result.is_err() {
            self.client.defer("ROLLBACK TO SAVEPOINT dry_run");
        }
        self.client.defer("RELEASE SAVEPOINT dry_run");
        result
    }

    /// Executes SQL for unit tests, to reach states that no command produces.
    #[cfg(test)]
    pub(in crate::store) fn execute_sql(&self, sql: &str) {
        let schema = super::transaction::set_schema(&self.config);
        self.client.execute_batch(&format!("BEGIN; {schema} {sql}; COMMIT")).unwrap();
    }

    fn reconnect_if_closed(&mut self, deadline: Instant) -> Result<(), Error> {
        if !self.client.is_alive() {
            self.client = connect_until(&self.config, deadline)?;
        }
        Ok(())
    }

    /// Commits. If the connection is lost before the answer, asks the server for the outcome on a new
    /// connection. Returns [`Error::Busy`] if nothing was stored, so that the transaction runs again.
    pub(super) fn commit(&mut self, deadline: Instant, summary: WriteSummary) -> Result<(), Error> {
        let result = self.client.commit(deadline.max(Instant::now() + ANSWER_TIME));
        let transaction_id = self.client.take_transaction_id();
        let (Err(Error::Busy), Some(transaction_id)) = (&result, transaction_id) else {
            let is_confirmed = result?;
            self.has_unconfirmed_commit |= !is_confirmed;
            return Ok(());
        };
        let deadline = deadline.max(Instant::now() + ANSWER_TIME);
        match self.query_outcome(transaction_id, &summary, deadline) {
            Some(true) => Ok(()),
            Some(false) => Err(Error::Busy),
            None => Err(summary.into_error("connection lost")),
        }
    }

    /// Returns whether the transaction was committed, or `None` if the server does not answer in time.
    fn query_outcome(
        &mut self,
        transaction_id: u64,
        summary: &WriteSummary,
        deadline: Instant,
    ) -> Option<bool> {
        loop {
            if let Ok(client) = connect_until(&self.config, deadline) {
                self.client = client;
                match self.query_status(transaction_id) {
                    // After a failover, the id can belong to another transaction: a promoted standby
                    // assigns the ids again that it has not received.
                    Ok(Some(status)) if status == "committed" => match self.has_rows(summary) {
                        Err(Error::Busy) => {}
                        has_rows => return has_rows.ok(),
                    },
                    Ok(Some(status)) if status == "aborted" => return Some(false),
                    // The transaction is in progress, or the connection is lost again.
                    Ok(Some(_)) | Err(Error::Busy) => {}
                    // The server does not know the transaction: a promoted standby that never
                    // received it.
                    Ok(None) | Err(_) => return Some(false),
                }
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(RETRY_INTERVAL);
        }
    }

    fn query_status(&self, transaction_id: u64) -> Result<Option<String>, Error> {
        let id = transaction_id.to_string();
        Connection::Postgres(&self.client).query_row(
            "SELECT pg_xact_status(CAST(?1 AS xid8))",
            values![id.as_str()],
            |row| row.get(0),
        )
    }

    /// Returns whether the rows that the summary names are stored. Returns `true` if the summary names no
    /// rows.
    fn has_rows(&self, summary: &WriteSummary) -> Result<bool, Error> {
        begin_read(&self.client, &self.config);
        let has_rows = summary.is_stored(&Reader::new(Connection::Postgres(&self.client)));
        self.client.end_without_answer("COMMIT");
        has_rows
    }
}

fn load_state(
    client: &Client,
    config: &ConnectionConfig,
    address: &ServerAddress,
) -> Result<ServerState, Error> {
    let connection = Connection::Postgres(client);
    let load = || {
        begin_read(client, config);
        let state = schema::load_state(connection);
        client.end_without_answer("COMMIT");
        state
    };
    let state = load();
    if let Err(Error::Damaged(_)) = state {
        begin_read(client, config);
        let diagnosis = schema::diagnose(connection, address);
        client.end_without_answer("COMMIT");
        diagnosis?;
        // Another process has created the store in the meantime.
        return load();
    }
    state
}

/// Creates the store. Returns `false` if another process has created it.
fn create_store(
    client: &Client,
    config: &ConnectionConfig,
    address: &ServerAddress,
    deadline: Instant,
    initial_rows: &InitialRows,
) -> Result<bool, Error> {
    begin_write(client, config, CREATION_LOCK, deadline);
    let connection = Connection::Postgres(client);
    let result = schema::initialize_store(
        client,
        connection,
        address,
        config.schema.as_deref(),
        initial_rows,
    );
    match result {
        Ok(is_created) => {
            client.commit(deadline.max(Instant::now() + ANSWER_TIME))?;
            Ok(is_created)
        }
        Err(error) => {
            client.end_without_answer("ROLLBACK");
            Err(error)
        }
    }
}
