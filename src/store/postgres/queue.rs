//! Statements that are sent together with the next statement, in one round trip.

use super::arrays::array_type;
use super::text::escape_nul;
use crate::store::columns::Column;
use crate::store::values::Value;
use futures_util::future::{join_all, join3};
use std::{error, mem};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Row, SimpleQueryMessage};

/// The statements to send before the next statement.
#[derive(Default)]
pub(super) struct Queue {
    /// Statements without parameters, which are sent before `statements`.
    pub(super) batch: String,
    /// Statements that may have parameters, in order.
    pub(super) statements: Vec<QueuedStatement>,
    /// Set if the statements begin a read transaction, and can therefore be sent again.
    pub(super) is_repeatable: bool,
}

/// Answers to the statements of a queue, and to the next statement, which was sent with the queue.
pub(super) struct Answers<T> {
    /// Answers to the statements of [`Queue::batch`].
    pub(super) messages: Vec<SimpleQueryMessage>,
    /// Rows of each statement of [`Queue::statements`].
    pub(super) rows: Vec<Vec<Row>>,
    /// Result of the next statement.
    pub(super) value: T,
}

impl Queue {
    /// Sends the queued statements, and then `statement`. Returns the first error, because in a
    /// transaction all later statements fail only as a consequence.
    pub(super) async fn send<T>(
        &self,
        client: &Client,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<Answers<T>, Error> {
        let batch = async {
            if self.batch.is_empty() {
                Ok(Vec::new())
            } else {
                client.simple_query(&self.batch).await
            }
        };
        // `join_all` and `join3` poll their futures in order, and the first poll of a future passes
        // the message to the connection task.
        let rows = join_all(self.statements.iter().map(|statement| async {
            client.query_typed(&statement.sql, &statement.to_parameters()).await
        }));
        let (messages, rows, value) = join3(batch, rows, statement).await;
        Ok(Answers {
            messages: messages?,
            rows: rows.into_iter().collect::<Result<_, _>>()?,
            value: value?,
        })
    }

    /// Adds statements to [`Queue::batch`].
    pub(super) fn push_batch(&mut self, sql: &str) {
        self.batch.push_str(sql);
        self.batch.push(';');
    }
}

/// A statement with its parameters.
pub(super) struct QueuedStatement {
    /// The statement, with parameters such as `$1`.
    pub(super) sql: String,
    pub(super) parameters: QueuedParameters,
}

/// The parameters of a queued statement.
pub(super) enum QueuedParameters {
    /// One value for each parameter.
    Values(Vec<Value<'static>>),
    /// One column for each parameter. The parameter is an array of the values of the column.
    Columns(Vec<Column>),
}

impl QueuedStatement {
    /// Returns whether the statement has the text `sql` and the parameters `values`.
    pub(super) fn is_query(&self, sql: &str, values: &[Value<'_>]) -> bool {
        let QueuedParameters::Values(own_values) = &self.parameters else { return false };
        self.sql == sql && own_values.as_slice() == values
    }

    /// Returns the parameters with their types.
    pub(super) fn to_parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        match &self.parameters {
            QueuedParameters::Values(values) => to_parameters(values),
            QueuedParameters::Columns(columns) => to_array_parameters(columns),
        }
    }
}

/// Queued statements that were sent before a caller asked for their rows, each with its rows.
#[derive(Default)]
pub(super) struct PrefetchedRows(Vec<(QueuedStatement, Vec<Row>)>);

impl PrefetchedRows {
    pub(super) fn push(&mut self, statement: QueuedStatement, rows: Vec<Row>) {
        self.0.push((statement, rows));
    }

    /// Removes and returns the rows of a query.
    pub(super) fn take(&mut self, sql: &str, values: &[Value<'_>]) -> Option<Vec<Row>> {
        let position = self.0.iter().position(|(query, _)| query.is_query(sql, values))?;
        Some(mem::take(&mut self.0.swap_remove(position).1))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Returns the values as parameters, each with its type.
pub(super) fn to_parameters<'v>(values: &'v [Value<'_>]) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    let to_parameter =
        |value: &'v Value<'_>| -> (&'v (dyn ToSql + Sync), Type) { (value, value_type(value)) };
    values.iter().map(to_parameter).collect()
}

/// Returns the columns as array parameters, each with its type.
pub(super) fn to_array_parameters(columns: &[Column]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    fn to_parameter(column: &Column) -> (&(dyn ToSql + Sync), Type) {
        (column, array_type(column))
    }
    columns.iter().map(to_parameter).collect()
}

fn value_type(value: &Value<'_>) -> Type {
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
            Self::Text(text) => text.as_deref().map(escape_nul).as_deref().to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Uuid(id) => id.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
