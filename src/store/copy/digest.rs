//! Digests of tables. Tables with equal rows have equal digests in both database engines.

use super::super::connection::Connection;
use super::super::values::Value;
use super::super::{Error, columns::Column};
use super::batches::for_each_batch;
use super::tables::Table;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Number and digest of the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableDigest {
    /// Name of the table.
    pub(crate) table: &'static str,
    /// Number of rows.
    pub(crate) rows: usize,
    /// SHA-256 digest of all values in the columns that a copy transfers, row by row, in
    /// hexadecimal digits.
    pub(crate) sha256: String,
}

/// Computes the digest of a table, which is read in groups of rows (batches). `on_batch` receives
/// the number of rows of each batch. An error of `on_batch` ends the computation.
pub(super) fn digest_table(
    connection: Connection<'_>,
    table: &Table,
    mut on_batch: impl FnMut(usize) -> Result<(), Error>,
) -> Result<TableDigest, Error> {
    let (mut hash, mut rows) = (Sha256::new(), 0);
    for_each_batch(connection, table, &table.column_names(true), false, |columns| {
        let batch_rows = columns.first().map_or(0, Column::len);
        for row in 0..batch_rows {
            columns
                .iter()
                .filter_map(|column| column.value(row))
                .for_each(|value| add_value(&mut hash, &value));
        }
        rows += batch_rows;
        on_batch(batch_rows)
    })?;
    let mut sha256 = String::new();
    for byte in hash.finalize() {
        // Writing to a `String` cannot fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(TableDigest { table: table.name, rows, sha256 })
}

/// Adds a value to the hash: first a letter for the type, then the length, then the content. A
/// Boolean is hashed as an integer and a UUID as bytes, because SQLite stores them in these forms.
fn add_value(hash: &mut Sha256, value: &Value<'_>) {
    let mut add_bytes = |letter: u8, content: &[u8]| {
        hash.update([letter]);
        hash.update(u64::try_from(content.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(content);
    };
    match value {
        Value::Integer(Some(number)) => add_bytes(b'I', &number.to_be_bytes()),
        Value::Bool(flag) => add_bytes(b'I', &i64::from(*flag).to_be_bytes()),
        Value::Text(Some(text)) => add_bytes(b'T', text.as_bytes()),
        Value::Bytes(bytes) => add_bytes(b'B', bytes),
        Value::Uuid(Some(id)) => add_bytes(b'B', id.as_bytes()),
        Value::Integer(None) | Value::Text(None) | Value::Uuid(None) => add_bytes(b'N', &[]),
    }
}
