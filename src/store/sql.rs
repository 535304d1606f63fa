//! Parts of SQL statements that several tables use: conditions, row ids, times.

use super::Error;
use crate::model::{
    AuditEventId, GrantRowId, KeyRowId, SessionRowId, Timestamp, TokenId, TokenPairRowId, UserId,
};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

/// An SQL condition of parts joined by `AND`. Filters that are not set add no part, so that SQLite
/// can use an index for the other filters.
#[derive(Debug)]
pub(super) struct WhereClause {
    sql: String,
    values: Vec<(&'static str, Value)>,
}

impl WhereClause {
    /// Creates a condition that every row fulfils.
    pub(super) fn new() -> Self {
        Self { sql: "TRUE".to_owned(), values: Vec::new() }
    }

    /// Adds a part that uses the parameter `name`.
    pub(super) fn and(&mut self, sql: &str, name: &'static str, value: impl Into<Value>) {
        self.and_sql(sql);
        self.bind(name, value);
    }

    /// Sets another parameter of the part added last.
    pub(super) fn bind(&mut self, name: &'static str, value: impl Into<Value>) {
        self.values.push((name, value.into()));
    }

    /// Adds a part without a parameter.
    pub(super) fn and_sql(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the values with their parameter names.
    pub(super) fn values(&self) -> Vec<(&str, &dyn ToSql)> {
        let values = self.values.iter();
        values.map(|(name, value)| -> (&str, &dyn ToSql) { (name, value) }).collect()
    }
}

/// Returns the limit plus one row, which shows whether there is a next page.
pub(super) fn limit_plus_one(limit: i64) -> i64 {
    if limit < 0 { limit } else { limit + 1 }
}

/// Converts a stored time.
pub(super) fn required_time(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_unix(seconds).ok_or_else(|| Error::Damaged(format!("invalid time {seconds}")))
}

/// Converts a stored time that may be NULL.
pub(super) fn optional_time(seconds: Option<i64>) -> Result<Option<Timestamp>, Error> {
    seconds.map(required_time).transpose()
}

macro_rules! impl_sql {
    ($($name:ident),+) => {
        $(impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        })+
    };
}

impl_sql!(AuditEventId, GrantRowId, KeyRowId, TokenPairRowId, SessionRowId, TokenId, UserId);
