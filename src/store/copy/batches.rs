//! Rows of a table in batches. A batch is a group of consecutive rows with a limited size.

use super::super::Error;
use super::super::columns::Column;
use super::super::connection::Connection;
use super::tables::Table;

/// Maximum number of rows in a batch. Larger batches are not faster.
const MAX_BATCH_ROWS: usize = 5_000;

/// Size in bytes at which a batch ends.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Calls `visit` with batches of the rows of a table, in the order of the key. Each batch has the
/// columns `column_names`, which must be in the order of [`Table::columns`]. If
/// `only_with_late_values` is set, skips rows that have no value in the first column of
/// [`Table::late_columns`].
pub(super) fn for_each_batch(
    connection: Connection<'_>,
    table: &Table,
    column_names: &[&str],
    only_with_late_values: bool,
    mut visit: impl FnMut(&[Column]) -> Result<(), Error>,
) -> Result<(), Error> {
    let condition = match table.late_columns.first() {
        Some(column) if only_with_late_values => format!("WHERE {column} IS NOT NULL"),
        _ => String::new(),
    };
    let sql = format!(
        "SELECT {} FROM {} {condition} ORDER BY {}",
        column_names.join(", "),
        table.name,
        table.order_by_terms(connection)
    );
    let types = table.column_types(column_names);
    let mut columns: Vec<Column> = types.into_iter().map(Column::new).collect();
    let (mut row_count, mut byte_count) = (0, 0);
    connection.for_each_row(&sql, &[], |row| {
        for (position, column) in columns.iter_mut().enumerate() {
            byte_count += column.push(row, position)?;
        }
        row_count += 1;
        if row_count == MAX_BATCH_ROWS || byte_count >= BATCH_BYTES {
            visit(&columns)?;
            columns.iter_mut().for_each(Column::clear);
            (row_count, byte_count) = (0, 0);
        }
        Ok(true)
    })?;
    if row_count > 0 { visit(&columns) } else { Ok(()) }
}
