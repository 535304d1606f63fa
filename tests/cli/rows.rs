//! The content of a store, to compare with the content after a command.

use rusqlite::types::Value;
use rusqlite::{Connection, Row};

/// Returns every row of every table except one: the name of the table and the values of the row.
pub(crate) fn all_rows(store: &Connection, excluded_table: &str) -> Vec<(String, Vec<Value>)> {
    let names_sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ?1";
    let mut statement = store.prepare(names_sql).unwrap();
    let names = statement.query_map([excluded_table], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    let mut result = Vec::new();
    for name in names {
        let mut statement = store.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let width = statement.column_count();
        let values = |row: &Row<'_>| (0..width).map(|at| row.get(at)).collect();
        let rows = statement.query_map([], values).unwrap();
        let rows: Vec<Vec<Value>> = rows.map(Result::unwrap).collect();
        result.extend(rows.into_iter().map(|row| (name.clone(), row)));
    }
    result
}
