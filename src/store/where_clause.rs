//! SQL conditions with bound values.

use rusqlite::ToSql;
use rusqlite::types::Value;

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
