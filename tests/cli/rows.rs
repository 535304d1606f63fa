//! The rows of a store as text, for a comparison with the rows after a command.

use rusqlite::types::Value;
use rusqlite::{Connection, Row};

/// Returns every row of a store file except the rows of `excluded_table`. Each text consists of the
/// name of the table and the values of the row.
pub(crate) fn all_of_file(store: &Connection, excluded_table: &str) -> Vec<String> {
    let names_sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ?1";
    let mut names = store.prepare(names_sql).unwrap();
    let names: Vec<String> =
        names.query_map([excluded_table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut result = Vec::new();
    for name in names {
        let mut table = store.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let column_count = table.column_count();
        let values = |row: &Row<'_>| (0..column_count).map(|at| row.get(at)).collect();
        let rows: Vec<Vec<Value>> =
            table.query_map([], values).unwrap().map(Result::unwrap).collect();
        result.extend(rows.into_iter().map(|row| format!("{name} {row:?}")));
    }
    result
}

/// Returns every row of a schema on a server, in the same form as [`all_of_file`]. `query` runs SQL
/// in the schema and returns the first column of the result.
pub(crate) fn all_of_schema(
    mut query: impl FnMut(&str) -> Vec<String>,
    excluded_table: &str,
) -> Vec<String> {
    let names = query(&format!(
        "SELECT tablename FROM pg_tables
         WHERE schemaname = current_schema AND tablename <> '{excluded_table}'"
    ));
    let select = |name: &String| format!("SELECT '{name} ' || row::text FROM {name} row");
    let selects: Vec<String> = names.iter().map(select).collect();
    query(&format!("{} ORDER BY 1", selects.join(" UNION ALL ")))
}
