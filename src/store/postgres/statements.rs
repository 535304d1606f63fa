//! Queries and changes on the connection to a PostgreSQL server.
//!
//! Statements have parameters such as `?1`, as for SQLite. The server parses the text of a
//! statement for each execution. A prepared statement would belong to one connection of the server,
//! but a pooler in transaction mode can use another connection for the next transaction.

use super::client::Client;
use super::queue::{QueuedParameters, QueuedStatement, to_array_parameters, to_parameters};
use crate::store::Error;
use crate::store::columns::Column;
use crate::store::values::Value;
use futures_util::TryStreamExt;
use std::pin::pin;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

impl Client {
    /// Executes a statement and returns the number of changed rows.
    pub(in crate::store) fn execute(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<usize, Error> {
        self.execute_with(sql, &to_parameters(values))
    }

    /// Executes a statement with one array parameter per column, and returns the number of changed
    /// rows.
    pub(in crate::store) fn execute_arrays(
        &self,
        sql: &str,
        columns: &[Column],
    ) -> Result<usize, Error> {
        self.execute_with(sql, &to_array_parameters(columns))
    }

    /// Returns the rows of a query with one array parameter per column.
    pub(in crate::store) fn query_arrays(
        &self,
        sql: &str,
        columns: &[Column],
    ) -> Result<Vec<Row>, Error> {
        let sql = to_postgres(sql);
        let parameters = to_array_parameters(columns);
        self.send(&async |client| client.query_typed(&sql, &parameters).await)
    }

    /// Executes a statement and returns the number of changed rows. The first parameter is the
    /// array `ids`; the next parameters are `values`.
    pub(in crate::store) fn execute_for_ids(
        &self,
        sql: &str,
        ids: &[i64],
        values: &[Value<'_>],
    ) -> Result<usize, Error> {
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&ids, Type::INT8_ARRAY)];
        parameters.extend(to_parameters(values));
        self.execute_with(sql, &parameters)
    }

    fn execute_with(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<usize, Error> {
        let sql = to_postgres(sql);
        let changed = self.send(&async |client| client.execute_typed(&sql, parameters).await)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Returns the rows of a query. If [`Client::queue`] has queued the same query, sends the
    /// queued statements now. If the server has already returned the rows of the same query as a
    /// queued query, returns these rows without another round trip.
    pub(in crate::store) fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Error> {
        let sql = to_postgres(sql);
        if self.queued.borrow().statements.iter().any(|query| query.is_query(&sql, values)) {
            self.send_queue()?;
        }
        if let Some(rows) = self.prefetched.borrow_mut().take(&sql, values) {
            return Ok(rows);
        }
        let parameters = to_parameters(values);
        self.send(&async |client| client.query_typed(&sql, &parameters).await)
    }

    /// Queues a statement. The next statement that is not queued is sent together with all queued
    /// statements, in one round trip. If a queued statement fails, that next statement returns the
    /// error. Otherwise, the client keeps the rows of the queued queries, and [`Client::query`]
    /// returns them. The client discards the rows as soon as it sends a further statement.
    pub(in crate::store) fn queue(&self, sql: &str, values: Vec<Value<'static>>) {
        self.queue_statement(sql, QueuedParameters::Values(values));
    }

    /// Queues a statement as [`Client::queue`] does, with one array parameter per column.
    pub(in crate::store) fn queue_arrays(&self, sql: &str, columns: Vec<Column>) {
        self.queue_statement(sql, QueuedParameters::Columns(columns));
    }

    fn queue_statement(&self, sql: &str, parameters: QueuedParameters) {
        let statement = QueuedStatement { sql: to_postgres(sql), parameters };
        self.queued.borrow_mut().statements.push(statement);
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
        let rows =
            self.send(&async |client| client.query_typed_raw(&sql, parameters.clone()).await)?;
        let mut rows = pin!(rows);
        while let Some(row) = self.wait_for(rows.try_next())?
            && visit(&row)?
        {}
        Ok(())
    }

    /// Inserts `count` rows, all or none, and returns the id of the last row. `values` are the
    /// values of all rows. Returns the same errors as [`Client::insert_arrays`].
    pub(in crate::store) fn insert(
        &self,
        sql: &str,
        values: &[Value<'_>],
        count: usize,
    ) -> Result<i64, Error> {
        let ids = self.insert_rows(sql, &to_parameters(values), count)?;
        ids.last().copied().ok_or(Error::AlreadyExists)
    }

    /// Inserts `count` rows, all or none, with one array parameter per column, and returns the ids
    /// of the rows in order. Returns [`Error::AlreadyExists`] if a value that must be unique
    /// already exists; the transaction can continue after this error.
    pub(in crate::store) fn insert_arrays(
        &self,
        sql: &str,
        columns: &[Column],
        count: usize,
    ) -> Result<Vec<i64>, Error> {
        self.insert_rows(sql, &to_array_parameters(columns), count)
    }

    /// Inserts `count` rows, all or none, and returns the ids of the rows. Adds `ON CONFLICT DO
    /// NOTHING` to `sql`, because the error of a unique violation would end the transaction. If
    /// several rows are to be inserted, a savepoint undoes an insertion that omits some of the
    /// rows.
    fn insert_rows(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
        count: usize,
    ) -> Result<Vec<i64>, Error> {
        let sql = to_postgres(&format!("{sql} ON CONFLICT DO NOTHING RETURNING id"));
        if count > 1 {
            self.queue("SAVEPOINT before_insert", Vec::new());
        }
        let rows = self.send(&async |client| client.query_typed(&sql, parameters).await)?;
        let is_complete = rows.len() == count;
        if count > 1 && !is_complete {
            self.queue("ROLLBACK TO SAVEPOINT before_insert", Vec::new());
        }
        if count > 1 {
            self.queue("RELEASE SAVEPOINT before_insert", Vec::new());
        }
        if !is_complete {
            return Err(Error::AlreadyExists);
        }
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

/// Converts a statement to the syntax of PostgreSQL: parameters such as `$1`, and the function
/// `strpos` instead of `instr`.
fn to_postgres(sql: &str) -> String {
    sql.replace('?', "$").replace("instr(", "strpos(")
}
