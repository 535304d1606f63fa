//! The connection to a PostgreSQL server: messages, ends of transactions, and time limits.

use super::config::ConnectionConfig;
use super::connect::ServerConnection;
use super::queue::{PrefetchedRows, Queue};
use super::retry::connect_until;
use crate::store::Error;
use futures_util::future::{join, join_all, join3, poll_immediate};
use std::cell::{Cell, RefCell};
use std::future::ready;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{timeout, timeout_at};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A connection to a server.
pub(in crate::store) struct Client {
    pub(super) runtime: Runtime,
    pub(super) connection: ServerConnection,
    /// Statements that are sent before the next statement, in the same round trip.
    pub(super) queued: RefCell<Queue>,
    pub(super) prefetched: RefCell<PrefetchedRows>,
    /// Time limit of the queued statements, one of which waits for a lock.
    deadline: Cell<Option<Instant>>,
    /// Id of the current write transaction, once the server has assigned one.
    transaction_id: Cell<Option<u64>>,
}

/// Time for an answer of the server after the deadline, at which the server itself ends a wait for
/// a lock. Without an answer in this time, the connection counts as lost.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Name of the column with the id of the transaction.
pub(super) const TRANSACTION_ID_COLUMN: &str = "transaction_id";

impl Client {
    /// Connects. Tries again until the deadline after faults that may be transient.
    pub(super) fn connect(config: &ConnectionConfig, deadline: Instant) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Failed(error.to_string()))?;
        match connect_until(&runtime, config, deadline) {
            Ok(connection) => Ok(Self {
                runtime,
                connection,
                queued: RefCell::default(),
                prefetched: RefCell::default(),
                deadline: Cell::default(),
                transaction_id: Cell::default(),
            }),
            Err(error) => {
                // Does not wait for the look-up of a host name.
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Executes statements without parameters.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        self.defer(sql);
        self.send_queue()
    }

    /// Sends the queued statements.
    pub(super) fn send_queue(&self) -> Result<(), Error> {
        self.send(ready(Ok(())))
    }

    /// Queues statements without parameters, which are sent with the next statement, before all statements
    /// of [`Client::queue`].
    pub(super) fn defer(&self, sql: &str) {
        self.queued.borrow_mut().push_batch(sql);
    }

    /// Limits the time of the queued statements and of the statement that is sent with them.
    /// After the deadline, the result is [`Error::Busy`].
    pub(super) fn set_deadline(&self, deadline: Instant) {
        self.deadline.set(Some(deadline));
    }

    /// Ends the transaction with `sql`, `COMMIT` or `ROLLBACK`, without waiting for the answer. Discards
    /// queued statements. If the queued statements include the beginning of the transaction, the
    /// server does not know the transaction, and nothing is sent.
    pub(super) fn end_without_answer(&self, sql: &str) {
        self.prefetched.borrow_mut().clear();
        self.deadline.set(None);
        self.transaction_id.set(None);
        if self.queued.take().batch.starts_with("BEGIN") {
            return;
        }
        self.runtime.block_on(async {
            let mut answer = pin!(self.connection.client.batch_execute(sql));
            // The first poll passes the message to the connection task.
            let _ = poll_immediate(answer.as_mut()).await;
        });
        self.run_connection_task();
    }

    /// Lets the connection task, which runs only within other calls, write and read without waiting.
    fn run_connection_task(&self) {
        self.runtime.block_on(async {
            // The runtime looks for events in the first pause, and runs the task in the next.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Commits, and returns whether the standbys that the server waits for have confirmed the commit.
    /// At the deadline, a request to cancel ends this wait: the server then answers that the commit is
    /// complete without the standbys.
    pub(super) fn commit(&self, deadline: Instant) -> Result<bool, Error> {
        self.runtime.block_on(async {
            let mut commit =
                pin!(self.send_queue_and(self.connection.client.batch_execute("COMMIT")));
            if let Ok(answer) = timeout_at(deadline.into(), commit.as_mut()).await {
                return answer.map(|()| true);
            }
            let token = self.connection.client.cancel_token();
            let cancel = async {
                match &self.connection.server.tls {
                    Some(tls) => token.cancel_query(tls.clone()).await,
                    None => token.cancel_query(NoTls).await,
                }
            };
            match timeout(ANSWER_TIME, join(cancel, commit)).await {
                Ok((_, answer)) => answer.map(|()| false),
                Err(_) => Err(Error::Busy),
            }
        })
    }

    /// Returns whether the server has sent the id of the current write transaction.
    pub(super) fn has_transaction_id(&self) -> bool {
        self.transaction_id.get().is_some()
    }

    /// Returns the id of the current write transaction, and clears the id.
    pub(super) fn take_transaction_id(&self) -> Option<u64> {
        self.transaction_id.take()
    }

    /// Returns whether the connection is open, as far as this machine knows.
    pub(super) fn is_alive(&self) -> bool {
        self.run_connection_task();
        !self.connection.client.is_closed()
    }

    /// Sends the queued statements and a statement in one round trip, and returns the result of the
    /// statement.
    pub(super) fn send<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let deadline = self.deadline.take();
        self.runtime.block_on(async {
            match deadline {
                None => self.send_queue_and(statement).await,
                Some(deadline) => timeout_at(deadline.into(), self.send_queue_and(statement))
                    .await
                    .map_err(|_| Error::Busy)?,
            }
        })
    }

    /// Sends the queued statements and a statement. Returns the first error: in a transaction, each later
    /// statement fails only because of this error.
    async fn send_queue_and<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        self.prefetched.borrow_mut().clear();
        let Queue { batch, statements } = self.queued.take();
        if batch.is_empty() && statements.is_empty() {
            return Ok(statement.await?);
        }
        let batch = async {
            if batch.is_empty() {
                Ok(Vec::new())
            } else {
                self.connection.client.simple_query(&batch).await
            }
        };
        // `join_all` and `join3` poll their futures in order, and the first poll of a future passes the
        // message to the connection task.
        let answers = join_all(statements.iter().map(|statement| async {
            self.connection.client.query_typed(&statement.sql, &statement.to_parameters()).await
        }));
        let (messages, answers, value) = join3(batch, answers, statement).await;
        self.keep_transaction_id(&messages?);
        for (statement, rows) in statements.into_iter().zip(answers) {
            self.prefetched.borrow_mut().push(statement, rows?);
        }
        Ok(value?)
    }

    fn keep_transaction_id(&self, messages: &[SimpleQueryMessage]) {
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message
                && let Ok(Some(id)) = row.try_get(TRANSACTION_ID_COLUMN)
            {
                self.transaction_id.set(id.parse().ok());
            }
        }
    }
}
