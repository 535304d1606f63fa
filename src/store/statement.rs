//! Statements with one interface for both database engines.

use super::Error;
#[cfg(feature = "postgres")]
use super::postgres::Client;
use super::values::{Row, Value};
use rusqlite::{CachedStatement, params_from_iter};

/// A statement that can be executed several times.
pub(super) enum Statement<'c> {
    /// A prepared statement that is dropped after use.
    Sqlite(rusqlite::Statement<'c>),
    /// A prepared statement that the connection keeps for later use.
    SqliteCached(CachedStatement<'c>),
    /// A statement text, which is sent to the server for each execution.
    #[cfg(feature = "postgres")]
    Postgres(&'c Client, String),
}

impl Statement<'_> {
    /// Executes the statement and returns the number of changed rows.
    pub(super) fn execute(&mut self, values: &[Value<'_>]) -> Result<usize, Error> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(params_from_iter(values))?),
            Self::SqliteCached(statement) => Ok(statement.execute(params_from_iter(values))?),
            #[cfg(feature = "postgres")]
            Self::Postgres(client, sql) => client.execute(sql, values),
        }
    }

    /// Returns the first row of the query after its conversion by `convert`, or `None` if the
    /// result has no rows.
    pub(super) fn query_optional<T>(
        &mut self,
        values: &[Value<'_>],
        convert: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let statement: &mut rusqlite::Statement<'_> = match self {
            Self::Sqlite(statement) => statement,
            Self::SqliteCached(statement) => statement,
            #[cfg(feature = "postgres")]
            Self::Postgres(client, sql) => {
                let rows = client.query(sql, values)?;
                return rows.first().map(|row| convert(&Row::Postgres(row))).transpose();
            }
        };
        let mut rows = statement.query(params_from_iter(values))?;
        rows.next()?.map(|row| convert(&Row::Sqlite(row))).transpose()
    }

    /// Returns the first row of the query after its conversion by `convert`. Returns
    /// [`Error::Damaged`] if the result has no rows.
    pub(super) fn query_row<T>(
        &mut self,
        values: &[Value<'_>],
        convert: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.query_optional(values, convert)?
            .ok_or_else(|| Error::Damaged("a row that must exist is missing".to_owned()))
    }

    /// Calls `visit` with each row of the query, until `visit` returns `false`.
    pub(super) fn for_each_row(
        &mut self,
        values: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let statement: &mut rusqlite::Statement<'_> = match self {
            Self::Sqlite(statement) => statement,
            Self::SqliteCached(statement) => statement,
            #[cfg(feature = "postgres")]
            Self::Postgres(client, sql) => {
                return client.for_each_row(sql, values, |row| visit(&Row::Postgres(row)));
            }
        };
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()?
            && visit(&Row::Sqlite(row))?
        {}
        Ok(())
    }
}
