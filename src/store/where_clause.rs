//! A condition of several parts, each with the value that is bound to it.

use rusqlite::ToSql;
use rusqlite::types::Value;

/// What rows must fulfil: every part of it. What was not asked for does not stand in it, so that
/// an index can answer what was.
#[derive(Debug)]
pub(super) struct WhereClause {
    sql: String,
    values: Vec<(&'static str, Value)>,
}

impl WhereClause {
    /// Everything fulfils it.
    pub(super) fn new() -> Self {
        Self { sql: "TRUE".to_owned(), values: Vec::new() }
    }

    /// One part more, and the value of the name in it.
    pub(super) fn and(&mut self, sql: &str, name: &'static str, value: impl Into<Value>) {
        self.and_sql(sql);
        self.values.push((name, value.into()));
    }

    /// One part more, without a value.
    pub(super) fn and_sql(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Its values by their names.
    pub(super) fn values(&self) -> Vec<(&str, &dyn ToSql)> {
        let values = self.values.iter();
        values.map(|(name, value)| -> (&str, &dyn ToSql) { (name, value) }).collect()
    }
}
