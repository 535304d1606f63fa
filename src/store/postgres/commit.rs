//! Commits, and the outcome of a commit without an answer.

use super::connect::ANSWER_TIME;
use super::database::PostgresDatabase;
use super::retry::RETRY_INTERVAL;
use super::transaction::begin_read;
use crate::store::Error;
use crate::store::connection::Connection;
use crate::store::lock::Retryable;
use crate::store::transaction::{Reader, WriteSummary};
use crate::store::values::values;
use std::time::Instant;

impl PostgresDatabase {
    /// Commits the transaction. After a retryable error, such as a lost connection before the
    /// answer to the COMMIT, asks the server for the outcome on a new connection. If the
    /// transaction was not committed, returns the error of the failed attempt, so that the caller
    /// can run the transaction again. If the outcome stays unknown, the error names the rows of
    /// `summary`.
    pub(super) fn commit(&mut self, deadline: Instant, summary: WriteSummary) -> Result<(), Error> {
        // After a lost connection, the outcome can be found only by the id of the transaction. The
        // server sends the id in the answer to the queued statements.
        if !self.client.has_transaction_id() {
            self.client.send_queue()?;
        }
        let result = self.client.commit(deadline.max(Instant::now() + ANSWER_TIME));
        let transaction_id = self.client.take_transaction_id();
        let (error, transaction_id) = match (result, transaction_id) {
            (Err(error), Some(id)) if error.is_retryable() => (error, id),
            (result, _) => {
                self.has_unconfirmed_commit |= !result?;
                return Ok(());
            }
        };
        let deadline = deadline.max(Instant::now() + ANSWER_TIME);
        match self.query_outcome(transaction_id, &summary, deadline) {
            Some(true) => Ok(()),
            Some(false) => Err(error),
            None => Err(summary.into_error("connection lost")),
        }
    }

    /// Returns whether the transaction was committed, or `None` if the outcome stays unknown, for
    /// example because the server does not answer until the deadline.
    fn query_outcome(
        &mut self,
        transaction_id: u64,
        summary: &WriteSummary,
        deadline: Instant,
    ) -> Option<bool> {
        loop {
            if self.client.reconnect(deadline).is_ok() {
                match self.query_status(transaction_id) {
                    // After a failover, the id can belong to another transaction: a promoted
                    // standby reuses the ids of transactions that the standby has not received.
                    Ok((Some(status), waits_for_standby)) if status == "committed" => {
                        match self.has_rows_of(summary, deadline) {
                            Err(error) if error.is_retryable() => {}
                            has_rows => {
                                self.has_unconfirmed_commit |= waits_for_standby;
                                return has_rows.ok();
                            }
                        }
                    }
                    Ok((Some(status), _)) if status == "aborted" => return Some(false),
                    // The server is a promoted standby that never received the transaction.
                    Ok((None, _)) | Err(Error::Failed(_)) => return Some(false),
                    // The transaction is in progress, or the connection is lost again.
                    Ok((Some(_), _)) | Err(_) => {}
                }
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(RETRY_INTERVAL);
        }
    }

    /// Returns the status of a transaction, and whether the server waits at each commit until
    /// standbys have confirmed the commit. For such a server, the confirmation of an earlier commit
    /// stays unknown, because no query reports this confirmation.
    fn query_status(&self, transaction_id: u64) -> Result<(Option<String>, bool), Error> {
        let id = transaction_id.to_string();
        Connection::Postgres(&self.client).query_row(
            "SELECT pg_xact_status(CAST(?1 AS xid8)),
                 current_setting('synchronous_standby_names') <> ''
                     AND current_setting('synchronous_commit') <> 'local'",
            values![id.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Returns whether the store contains the rows of the transaction that `summary` describes (see
    /// [`WriteSummary::is_stored`]).
    fn has_rows_of(&self, summary: &WriteSummary, deadline: Instant) -> Result<bool, Error> {
        begin_read(&self.client, &self.config, deadline);
        let has_rows = summary.is_stored(&Reader::new(Connection::Postgres(&self.client)));
        self.client.end_without_answer("COMMIT");
        has_rows
    }
}
