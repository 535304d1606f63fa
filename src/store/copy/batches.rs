//! Rows of a table in batches.

use super::super::Error;
use super::super::columns::Column;
use super::super::connection::Connection;
use super::tables::Table;

/// Maximum number of rows in a batch. More rows are not faster.
const BATCH_ROWS: usize = 5_000;

/// Size in bytes at which a batch ends.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Calls `visit` with all rows of a table in the order of their key, in batches with the columns
/// `names`. With `is_linked`, skips the rows without values in the columns of [`Table::links`].
pub(super) fn for_each_batch(
    connection: Connection<'_>,
    table: &Table,
    names: &[&str],
    is_linked: bool,
    mut visit: impl FnMut(&[Column]) -> Result<(), Error>,
) -> Result<(), Error> {
    let condition = match table.links.first() {
        Some(link) if is_linked => format!("WHERE {link} IS NOT NULL"),
        _ => String::new(),
    };
    let sql = format!(
        "SELECT {} FROM {} {condition} ORDER BY {}",
        names.join(", "),
        table.name,
        table.order(connection)
    );
    let mut columns: Vec<Column> = table.column_types(names).into_iter().map(Column::new).collect();
    let (mut rows, mut bytes) = (0, 0);
    connection.for_each_row(&sql, &[], |row| {
        for (position, column) in columns.iter_mut().enumerate() {
            bytes += column.push(row, position)?;
        }
        rows += 1;
        if rows == BATCH_ROWS || bytes >= BATCH_BYTES {
            visit(&columns)?;
            columns.iter_mut().for_each(Column::clear);
            (rows, bytes) = (0, 0);
        }
        Ok(true)
    })?;
    if rows > 0 { visit(&columns) } else { Ok(()) }
}
