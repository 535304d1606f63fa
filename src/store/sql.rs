//! Parts of SQL statements (conditions, limits, digests), and conversions of stored times, for the
//! modules of several tables.

use super::Error;
use super::values::Value;
use crate::model::Timestamp;

/// An SQL condition that consists of parts joined by `AND`, with the values of its parameters. A
/// filter that is not set adds no part, so that the database can use an index for the other
/// filters.
#[derive(Debug)]
pub(super) struct WhereClause<'v> {
    sql: String,
    values: Vec<Value<'v>>,
}

impl<'v> WhereClause<'v> {
    /// Creates a condition that every row fulfils.
    pub(super) fn new() -> Self {
        Self { sql: "TRUE".to_owned(), values: Vec::new() }
    }

    /// Adds a part.
    pub(super) fn and(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }

    /// Adds a value and returns its parameter, such as `?1`.
    pub(super) fn bind(&mut self, value: impl Into<Value<'v>>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn values(&self) -> &[Value<'v>] {
        &self.values
    }
}

/// Returns the limit plus one: the additional row shows whether a next page exists. A negative
/// `limit` means all rows. For a negative `limit`, returns the largest integer, because PostgreSQL
/// accepts no negative `LIMIT`.
pub(super) fn limit_plus_one(limit: i64) -> i64 {
    if limit < 0 { i64::MAX } else { limit.saturating_add(1) }
}

/// Returns the SQL expression for the digest of the SQL expression `text`. Digests are indexed
/// instead of the texts, because index entries of PostgreSQL have at most 2,704 bytes.
#[cfg(feature = "postgres")]
pub(super) fn digest_sql(text: &str) -> String {
    format!("sha256(convert_to({text}, 'UTF8'))")
}

/// Returns the SQL expression for the digest of a grant. `values` are the SQL expressions of the
/// owner, kind, application, permissions, audience and claims, separated by commas. Different
/// values have different digests: only the application can contain the separator U+001F, because
/// the other texts are numbers, names and JSON.
#[cfg(feature = "postgres")]
pub(super) fn grant_digest_sql(values: &str) -> String {
    digest_sql(&format!("concat_ws(chr(31), {values})"))
}

/// Converts a stored time, in seconds since 1970. Returns [`Error::Damaged`] if the time is
/// invalid.
pub(super) fn required_time(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_unix(seconds).ok_or_else(|| Error::Damaged(format!("invalid time {seconds}")))
}

/// Converts a stored time as [`required_time`] does, and NULL to `None`.
pub(super) fn optional_time(seconds: Option<i64>) -> Result<Option<Timestamp>, Error> {
    seconds.map(required_time).transpose()
}
