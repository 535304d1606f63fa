//! Statements on the connection of a store, with one interface for both database engines. The
//! modules of the tables use this interface, except for statements that only one engine has.

use super::Error;
use super::columns::Column;
#[cfg(feature = "postgres")]
use super::postgres::Client;
use super::statement::Statement;
use super::values::{Row, Value};
use rusqlite::params_from_iter;
use std::iter;

/// A connection to the database of a store.
///
/// Parameters of statements are `?1`, `?2` and so on.
#[derive(Clone, Copy)]
pub(super) enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(&'c Client),
}

impl<'c> Connection<'c> {
    /// Returns whether the database is on a server.
    pub(super) fn is_server(self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// Prepares a statement for repeated use. For SQLite, the connection keeps the prepared
    /// statement for later calls.
    pub(super) fn prepare(self, sql: &str) -> Result<Statement<'c>, Error> {
        match self {
            Self::Sqlite(connection) => {
                Ok(Statement::SqliteCached(connection.prepare_cached(sql)?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => Ok(Statement::Postgres(client, sql.to_owned())),
        }
    }

    /// Prepares a statement that a command usually executes once. SQLite needs fewer instructions
    /// if the statement is not kept.
    fn prepare_once(self, sql: &str) -> Result<Statement<'c>, Error> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare(sql)?)),
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => Ok(Statement::Postgres(client, sql.to_owned())),
        }
    }

    /// Executes a statement and returns the number of changed rows.
    pub(super) fn execute(self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        self.prepare_once(sql)?.execute(values)
    }

    /// Executes a change whose result is not needed. To a server, the change is sent with the next
    /// statement or with COMMIT. If the change fails, that statement or COMMIT returns the error.
    pub(super) fn execute_later(self, sql: &str, values: &[Value<'static>]) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.execute(sql, values).map(|_| ()),
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => {
                client.queue(sql, values.to_vec());
                Ok(())
            }
        }
    }

    /// Inserts a row as [`Connection::insert`] does, without returning the id. To a server, the row
    /// is sent later, as [`Connection::execute_later`] does; an error then ends the transaction.
    pub(super) fn insert_later(
        self,
        table: &str,
        sql: &str,
        values: &[Value<'static>],
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.insert(table, sql, values).map(|_| ()),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => self.execute_later(sql, values),
        }
    }

    /// Queues a query for a server. The next statement also sends the queued query, in the same
    /// round trip, and the client keeps the rows of the query. If a query with the same SQL and
    /// values is then executed, it returns these rows without a round trip. If another statement is
    /// sent first, the client discards the rows. Does nothing for SQLite.
    pub(super) fn prefetch(self, query: impl FnOnce() -> (String, Vec<Value<'static>>)) {
        #[cfg(feature = "postgres")]
        if let Self::Postgres(client) = self {
            let (sql, values) = query();
            client.queue(&sql, values);
        }
        #[cfg(not(feature = "postgres"))]
        let _ = query;
    }

    /// Executes a statement for all rows of `columns`: for SQLite once per row, with the values of
    /// the row; for PostgreSQL only once, with one array of values per column.
    pub(super) fn execute_for_rows(self, sql: &str, columns: &[Column]) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                for row in 0..columns.first().map_or(0, Column::len) {
                    let values = columns.iter().filter_map(|column| column.value(row));
                    statement.execute(params_from_iter(values))?;
                }
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => client.execute_arrays(sql, columns).map(|_| ()),
        }
    }

    /// Executes a statement for all `ids`, and returns the number of changed rows. The parameter
    /// `?1` is the id, and the statement must compare it with `=`. The other parameters are
    /// `values`. PostgreSQL executes the statement once, with an array of the ids.
    pub(super) fn execute_for_ids(
        self,
        sql: &str,
        ids: &[i64],
        values: &[Value<'_>],
    ) -> Result<usize, Error> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut changed = 0;
                for id in ids {
                    let id = Value::from(*id);
                    changed +=
                        statement.execute(params_from_iter(iter::once(&id).chain(values)))?;
                }
                Ok(changed)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => {
                client.execute_for_ids(&sql.replace("?1", "ANY(?1)"), ids, values)
            }
        }
    }

    /// Inserts a row into `table` with the statement `sql`, and returns the id of the row. Returns
    /// [`Error::AlreadyExists`] if a value that must be unique already exists; the transaction can
    /// continue after this error. If the ids of a SQLite table are exhausted, the error
    /// names `table`.
    pub(super) fn insert(self, table: &str, sql: &str, values: &[Value<'_>]) -> Result<i64, Error> {
        self.insert_with(Self::prepare_once, table, sql, values, 1)
    }

    /// Inserts `count` rows into `table` with one statement, all or none, and returns the id of the
    /// last row. Returns the same errors as [`Connection::insert`].
    pub(super) fn insert_rows(
        self,
        table: &str,
        sql: &str,
        values: &[Value<'_>],
        count: usize,
    ) -> Result<i64, Error> {
        self.insert_with(Self::prepare, table, sql, values, count)
    }

    /// Inserts `count` rows with the statement `sql`. For SQLite, `prepare` prepares the statement.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "SQLite itself inserts all rows or none")
    )]
    fn insert_with(
        self,
        prepare: fn(Self, &str) -> Result<Statement<'c>, Error>,
        table: &str,
        sql: &str,
        values: &[Value<'_>],
        count: usize,
    ) -> Result<i64, Error> {
        match self {
            Self::Sqlite(connection) => match prepare(self, sql)?.execute(values) {
                Ok(_) => Ok(connection.last_insert_rowid()),
                // SQLite reports exhausted ids as a full disk.
                Err(error @ Error::DiskFull(_)) => {
                    Err(self.id_exhaustion_fault(table)?.map_or(error, Error::Damaged))
                }
                Err(error) => Err(error),
            },
            #[cfg(feature = "postgres")]
            Self::Postgres(client) => client.insert(sql, values, count),
        }
    }

    /// Returns the first row of a query, converted, or `None` if the result has no rows.
    pub(super) fn query_optional<T>(
        self,
        sql: &str,
        values: &[Value<'_>],
        convert: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.prepare_once(sql)?.query_optional(values, convert)
    }

    /// Returns the first row of a query, converted. Returns [`Error::Damaged`] if the result has no
    /// rows.
    pub(super) fn query_row<T>(
        self,
        sql: &str,
        values: &[Value<'_>],
        convert: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.prepare_once(sql)?.query_row(values, convert)
    }

    /// Returns all rows of a query, converted.
    pub(super) fn query_all<T>(
        self,
        sql: &str,
        values: &[Value<'_>],
        mut convert: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        self.for_each_row(sql, values, |row| {
            rows.push(convert(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// Calls `visit` with each row of a query, until `visit` returns `false`. Does not keep the
    /// rows in memory.
    pub(super) fn for_each_row(
        self,
        sql: &str,
        values: &[Value<'_>],
        visit: impl FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.prepare_once(sql)?.for_each_row(values, visit)
    }

    /// Returns the result of a query for a single number.
    pub(super) fn query_number(self, sql: &str) -> Result<i64, Error> {
        self.query_row(sql, &[], |row| row.get(0))
    }

    /// Lets SQLite keep more pages in memory, for a transaction that changes rows on many pages:
    /// with a small cache, SQLite would write the same page repeatedly. Does nothing for a server.
    pub(super) fn enlarge_cache(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => {
                Ok(connection.pragma_update(None, "cache_size", -16_384)?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Returns a description of the fault if the ids of `table` are exhausted.
    pub(super) fn id_exhaustion_fault(self, table: &str) -> Result<Option<String>, Error> {
        let sql = match self {
            Self::Sqlite(_) => format!(
                "SELECT EXISTS (SELECT 1 FROM {table} WHERE id = {0})
                     OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '{table}' AND seq >= {0})",
                i64::MAX
            ),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE id = {})", i64::MAX)
            }
        };
        let is_exhausted: bool = self.query_row(&sql, &[], |row| row.get(0))?;
        Ok(is_exhausted.then(|| format!("ids of table `{table}` exhausted")))
    }
}
