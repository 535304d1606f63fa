//! The connection to a PostgreSQL server: messages, ends of transactions, and time limits.

use super::ServerError;
use super::config::ConnectionConfig;
use super::connect::{ANSWER_TIME, ServerConnection, is_answering};
use super::queue::{Answers, PrefetchedRows, Queue};
use super::retry::{RETRY_INTERVAL, connect_until};
use crate::store::Error;
use futures_util::future::{Either, join, poll_immediate, select};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{timeout, timeout_at};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A connection to a server.
pub(in crate::store) struct Client {
    runtime: Runtime,
    config: Arc<ConnectionConfig>,
    connection: RefCell<Arc<ServerConnection>>,
    /// Statements that are sent before the next statement, in the same round trip.
    pub(super) queued: RefCell<Queue>,
    /// Rows of the queued statements that were sent with the last statement.
    pub(super) prefetched: RefCell<PrefetchedRows>,
    /// Deadline of the current transaction: the server waits for a lock until this time.
    deadline: Cell<Instant>,
    /// Set if the server has not answered in time.
    is_lost: Cell<bool>,
    /// Id of the current write transaction, or `None` until the server has sent the id.
    transaction_id: Cell<Option<u64>>,
}

/// Interval between the checks of a server that executes a long statement.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Name of the column with the id of the transaction.
pub(super) const TRANSACTION_ID_COLUMN: &str = "transaction_id";

impl Client {
    /// Connects to a server, as [`connect_until`] does.
    pub(super) fn connect(
        config: &Arc<ConnectionConfig>,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Failed(error.to_string()))?;
        match connect_until(&runtime, config, deadline) {
            Ok(connection) => Ok(Self {
                runtime,
                config: Arc::clone(config),
                connection: RefCell::new(Arc::new(connection)),
                queued: RefCell::default(),
                prefetched: RefCell::default(),
                deadline: Cell::new(deadline),
                is_lost: Cell::default(),
                transaction_id: Cell::default(),
            }),
            Err(error) => {
                // Otherwise, dropping the runtime would wait for the look-up of a host name.
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Replaces the connection with a new connection. The server rolls back an open transaction of
    /// the old connection.
    pub(super) fn reconnect(&self, deadline: Instant) -> Result<(), Error> {
        let connection = connect_until(&self.runtime, &self.config, deadline)?;
        self.connection.replace(Arc::new(connection));
        self.is_lost.set(false);
        Ok(())
    }

    /// Executes statements without parameters.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        self.queue_batch(sql);
        self.send_queue()
    }

    /// Sends the queued statements.
    pub(super) fn send_queue(&self) -> Result<(), Error> {
        self.send(&async |_| Ok(()))
    }

    /// Queues statements without parameters. These statements are sent together with the next
    /// statement, and before all statements of [`Client::queue`].
    pub(super) fn queue_batch(&self, sql: &str) {
        self.queued.borrow_mut().push_batch(sql);
    }

    /// Queues the beginning of a read transaction, as [`Client::queue_batch`] does. If the
    /// connection is lost before the answer and before the deadline, `sql` and all statements that
    /// were sent together with `sql` are sent again on a new connection.
    pub(super) fn queue_read_begin(&self, sql: &str) {
        self.queue_batch(sql);
        self.queued.borrow_mut().is_repeatable = true;
    }

    /// Sets the deadline of the transaction that begins next.
    pub(super) fn set_deadline(&self, deadline: Instant) {
        self.deadline.set(deadline);
    }

    /// Ends the transaction with `sql` (`COMMIT` or `ROLLBACK`), without waiting for the answer.
    /// Discards queued statements. If the queued statements include the beginning of the
    /// transaction, the server does not know the transaction, and nothing is sent.
    pub(super) fn end_without_answer(&self, sql: &str) {
        self.prefetched.borrow_mut().clear();
        self.transaction_id.set(None);
        if self.queued.take().batch.starts_with("BEGIN") {
            return;
        }
        let connection = self.current_connection();
        self.runtime.block_on(async {
            let mut answer = pin!(connection.client.batch_execute(sql));
            // The first poll passes the message to the connection task.
            let _ = poll_immediate(answer.as_mut()).await;
        });
        self.run_connection_task();
    }

    /// Lets the connection task write and read all data that is ready. The task does not wait for
    /// other data. Outside of this function, the task runs only while another call of `block_on`
    /// waits.
    fn run_connection_task(&self) {
        self.runtime.block_on(async {
            // In the first pause, the runtime checks for events. In the next pauses, the runtime
            // runs the task, which reads and then writes.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Sends the queued statements, and commits. Returns `false` if the commit is complete, but it
    /// is not certain that standbys have confirmed the commit. At the deadline, a request to cancel
    /// ends the wait of the server for its standbys.
    pub(super) fn commit(&self, deadline: Instant) -> Result<bool, Error> {
        self.prefetched.borrow_mut().clear();
        let queue = self.queued.take();
        let connection = self.current_connection();
        connection.take_unconfirmed_commit();
        self.runtime.block_on(async {
            let mut commit =
                pin!(queue.send(&connection.client, connection.client.batch_execute("COMMIT")));
            if let Ok(answer) = timeout_at(deadline.into(), commit.as_mut()).await {
                answer?;
                return Ok(!connection.take_unconfirmed_commit());
            }
            let token = connection.client.cancel_token();
            let cancel = async {
                match &connection.server.tls {
                    Some(tls) => token.cancel_query(tls.clone()).await,
                    None => token.cancel_query(NoTls).await,
                }
            };
            match timeout(ANSWER_TIME, join(cancel, commit)).await {
                Ok((_, answer)) => match answer.map_err(Error::from) {
                    // The request to cancel has ended a queued statement, before the commit.
                    Err(Error::Server(ServerError::StatementEnded(_))) => Err(Error::Busy),
                    answer => answer.map(|_| false),
                },
                Err(_) => Err(self.mark_connection_lost()),
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
        !self.is_lost.get() && !self.current_connection().client.is_closed()
    }

    /// Sends the queued statements and `statement` in one round trip, and returns the result of
    /// `statement`. Keeps the rows of the queued statements. If the queue begins a read transaction
    /// and the connection is lost before the deadline, sends all these statements again on a new
    /// connection.
    pub(super) fn send<T>(
        &self,
        statement: &impl AsyncFn(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        self.prefetched.borrow_mut().clear();
        let queue = self.queued.take();
        let Answers { messages, rows, value } = loop {
            let connection = self.current_connection();
            let answers = queue.send(&connection.client, statement(&connection.client));
            match self.wait_for(answers) {
                Err(Error::Server(ServerError::ConnectionLost(_)))
                    if queue.is_repeatable && Instant::now() < self.deadline.get() =>
                {
                    std::thread::sleep(RETRY_INTERVAL);
                    self.reconnect(self.deadline.get())?;
                }
                result => break result?,
            }
        };
        self.keep_transaction_id(&messages);
        for (statement, rows) in queue.statements.into_iter().zip(rows) {
            self.prefetched.borrow_mut().push(statement, rows);
        }
        Ok(value)
    }

    /// Waits for an answer of the server. If no answer arrives within [`ANSWER_TIME`] after the
    /// deadline of the transaction, checks repeatedly that the server answers on a new connection.
    /// A long statement can therefore continue. If the server does not answer such a check, the
    /// connection counts as lost.
    pub(super) fn wait_for<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let mut limit = self.deadline.get().max(Instant::now()) + ANSWER_TIME;
        self.runtime.block_on(async {
            let mut answer = pin!(answer);
            loop {
                if let Ok(result) = timeout_at(limit.into(), answer.as_mut()).await {
                    return Ok(result?);
                }
                let connection = self.current_connection();
                let check = pin!(is_answering(&connection.server, ANSWER_TIME));
                match select(answer.as_mut(), check).await {
                    Either::Left((result, _)) => return Ok(result?),
                    Either::Right((true, _)) => limit = Instant::now() + CHECK_INTERVAL,
                    Either::Right((false, _)) => return Err(self.mark_connection_lost()),
                }
            }
        })
    }

    /// Marks the connection as lost, because the server does not answer. Returns the error.
    fn mark_connection_lost(&self) -> Error {
        self.is_lost.set(true);
        ServerError::ConnectionLost("the server does not answer".to_owned()).into()
    }

    fn current_connection(&self) -> Arc<ServerConnection> {
        Arc::clone(&self.connection.borrow())
    }

    /// Stores the id of the write transaction, if `messages` contain the id.
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
