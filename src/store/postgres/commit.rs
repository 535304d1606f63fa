//! Commits, and the outcome of a commit without an answer.

use super::client::{ANSWER_TIME, Client};
use super::database::PostgresDatabase;
use super::retry::RETRY_INTERVAL;
use super::transaction::begin_read;
use crate::store::Error;
use crate::store::connection::Connection;
use crate::store::transaction::{Reader, WriteSummary};
use crate::store::values::values;
use std::time::Instant;

impl PostgresDatabase {
    /// Commits. If the connection is lost before the answer, asks the server for the outcome on a new
    /// connection. Returns [`Error::Busy`] if nothing was stored, so that the transaction runs again.
    pub(super) fn commit(&mut self, deadline: Instant, summary: WriteSummary) -> Result<(), Error> {
        // Only the id of the transaction tells whether a lost commit was executed.
        if !self.client.has_transaction_id() {
            self.client.send_queue()?;
        }
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
            if let Ok(client) = Client::connect(&self.config, deadline) {
                self.client = client;
                match self.query_status(transaction_id) {
                    // After a failover, the id can belong to another transaction: a promoted standby
                    // assigns the ids again that it has not received.
                    Ok(Some(status)) if status == "committed" => match self.has_rows_of(summary) {
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

    fn has_rows_of(&self, summary: &WriteSummary) -> Result<bool, Error> {
        begin_read(&self.client, &self.config);
        let has_rows = summary.is_stored(&Reader::new(Connection::Postgres(&self.client)));
        self.client.end_without_answer("COMMIT");
        has_rows
    }
}
