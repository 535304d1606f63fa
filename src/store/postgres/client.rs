//! Statements on the connection to a PostgreSQL server.
//!
//! Statements are unnamed: a prepared statement would belong to one connection of the server, which a
//! pooler in transaction mode can replace between two transactions.

use super::arrays::array_type;
use super::text::encode;
use crate::store::Error;
use crate::store::columns::Column;
use crate::store::values::Value;
use futures_util::TryStreamExt;
use futures_util::future::{join, poll_immediate};
use std::cell::{Cell, RefCell};
use std::error;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::{timeout, timeout_at};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{NoTls, Row, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection to a server.
pub(in crate::store) struct Client {
    runtime: Runtime,
    connection: tokio_postgres::Client,
    /// TLS set-up for requests to cancel, if the connection has TLS.
    tls: Option<MakeRustlsConnect>,
    /// Statements that are sent with the next statement, in one round trip.
    deferred: RefCell<String>,
    /// Time limit of the deferred statements, one of which waits for a lock.
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
    pub(super) fn new(
        runtime: Runtime,
        (connection, tls): (tokio_postgres::Client, Option<MakeRustlsConnect>),
    ) -> Self {
        Self {
            runtime,
            connection,
            tls,
            deferred: RefCell::default(),
            deadline: Cell::default(),
            transaction_id: Cell::default(),
        }
    }

    /// Executes a statement and returns the number of changed rows.
    pub(in crate::store) fn execute(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<usize, Error> {
        let sql = to_postgres(sql);
        let changed = self.send(self.connection.execute_typed(&sql, &to_parameters(values)))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Executes a statement with one array parameter per column, which has all values of the
    /// column.
    pub(in crate::store) fn execute_arrays(
        &self,
        sql: &str,
        columns: &[Column],
    ) -> Result<(), Error> {
        let sql = to_postgres(sql);
        let parameters = columns.iter().map(|column| {
            let parameter: &(dyn ToSql + Sync) = column;
            (parameter, array_type(column))
        });
        let parameters: Vec<_> = parameters.collect();
        self.send(self.connection.execute_typed(&sql, &parameters)).map(|_| ())
    }

    /// Returns the rows of a query.
    pub(in crate::store) fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Error> {
        let sql = to_postgres(sql);
        self.send(self.connection.query_typed(&sql, &to_parameters(values)))
    }

    /// Calls `visit` with each row of a query, until `visit` returns `false`.
    pub(in crate::store) fn for_each_row(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut visit: impl FnMut(&Row) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let sql = to_postgres(sql);
        let parameters = to_parameters(values);
        let rows = self.send(self.connection.query_typed_raw(&sql, parameters))?;
        let mut rows = pin!(rows);
        while let Some(row) = self.runtime.block_on(rows.try_next())?
            && visit(&row)?
        {}
        Ok(())
    }

    /// Inserts `count` rows, all or none, and returns the id of the last row. Returns
    /// [`Error::AlreadyExists`] if a value that must be unique exists. `ON CONFLICT` avoids the
    /// unique violation, which would end the transaction.
    pub(in crate::store) fn insert(
        &self,
        sql: &str,
        values: &[Value<'_>],
        count: usize,
    ) -> Result<i64, Error> {
        let sql = format!("{sql} ON CONFLICT DO NOTHING RETURNING id");
        if count > 1 {
            self.defer("SAVEPOINT before_insert");
        }
        let rows = self.query(&sql, values)?;
        let is_complete = rows.len() == count;
        if count > 1 && !is_complete {
            self.defer("ROLLBACK TO SAVEPOINT before_insert");
        }
        if count > 1 {
            self.defer("RELEASE SAVEPOINT before_insert");
        }
        match rows.last() {
            Some(row) if is_complete => Ok(row.try_get(0)?),
            _ => Err(Error::AlreadyExists),
        }
    }

    /// Executes statements without parameters.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        self.defer(sql);
        self.send(std::future::ready(Ok(())))
    }

    /// Keeps a statement, which is sent together with the next statement.
    pub(super) fn defer(&self, sql: &str) {
        let mut deferred = self.deferred.borrow_mut();
        deferred.push_str(sql);
        deferred.push(';');
    }

    /// Limits the time of the deferred statements and of the statement that is sent with them.
    /// After the deadline, the result is [`Error::Busy`].
    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
    }

    /// Ends the transaction with `sql`, `COMMIT` or `ROLLBACK`, without waiting for the answer. Discards
    /// deferred statements. If the deferred statements include the beginning of the transaction, the
    /// server does not know the transaction, and nothing is sent.
    pub(super) fn end_without_answer(&self, sql: &str) {
        if self.deferred.take().starts_with("BEGIN") {
            return;
        }
        self.runtime.block_on(async {
            let mut answer = pin!(self.connection.batch_execute(sql));
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
        self.defer("COMMIT");
        let sql = self.deferred.take();
        self.runtime.block_on(async {
            let mut commit = pin!(self.connection.batch_execute(&sql));
            if let Ok(answer) = timeout_at(deadline.into(), commit.as_mut()).await {
                return Ok(answer.map(|()| true)?);
            }
            let token = self.connection.cancel_token();
            let cancel = async {
                match &self.tls {
                    Some(tls) => token.cancel_query(tls.clone()).await,
                    None => token.cancel_query(NoTls).await,
                }
            };
            match timeout(ANSWER_TIME, join(cancel, commit)).await {
                Ok((_, answer)) => Ok(answer.map(|()| false)?),
                Err(_) => Err(Error::Busy),
            }
        })
    }

    /// Returns the id of the current write transaction, and clears the id.
    pub(super) fn take_transaction_id(&self) -> Option<u64> {
        self.transaction_id.take()
    }

    /// Returns whether the connection is open, as far as this machine knows.
    pub(super) fn is_alive(&self) -> bool {
        self.run_connection_task();
        !self.connection.is_closed()
    }

    /// Sends the deferred statements and a statement in one message, and returns the result of the
    /// statement.
    fn send<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let deferred = self.deferred.take();
        let result = self.runtime.block_on(async {
            if deferred.is_empty() {
                return Ok((Vec::new(), statement.await?));
            }
            let both = join(self.connection.simple_query(&deferred), statement);
            let (messages, value) = match self.deadline.take() {
                None => both.await,
                Some(deadline) => {
                    timeout_at(deadline.into(), both).await.map_err(|_| Error::Busy)?
                }
            };
            Ok::<_, Error>((messages?, value?))
        });
        let (messages, value) = result?;
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message
                && let Ok(Some(id)) = row.try_get(TRANSACTION_ID_COLUMN)
            {
                self.transaction_id.set(id.parse().ok());
            }
        }
        Ok(value)
    }
}

/// Converts a statement to the parameters and function names of PostgreSQL.
fn to_postgres(sql: &str) -> String {
    sql.replace('?', "$").replace("instr(", "strpos(")
}

fn to_parameters<'v>(values: &'v [Value<'v>]) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    let to_parameter =
        |value: &'v Value<'v>| -> (&'v (dyn ToSql + Sync), Type) { (value, column_type(value)) };
    values.iter().map(to_parameter).collect()
}

fn column_type(value: &Value<'_>) -> Type {
    match value {
        Value::Integer(_) => Type::INT8,
        Value::Bool(_) => Type::BOOL,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
        Value::Uuid(_) => Type::UUID,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn error::Error + Sync + Send>> {
        match self {
            Self::Integer(number) => number.to_sql(ty, out),
            Self::Bool(flag) => flag.to_sql(ty, out),
            Self::Text(text) => text.as_deref().map(encode).as_deref().to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Uuid(id) => id.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
