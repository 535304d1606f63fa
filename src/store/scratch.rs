//! Temporary storage for the input or output rows of one command, which may not fit into memory.

use super::Error;
use crate::model::{Row, parse_strict_object};
use rusqlite::{Connection, OptionalExtension};

/// Number of bytes of JSON text after which a read returns no further rows. Parsed rows occupy many
/// times as much memory as their JSON text.
const READ_LIMIT_BYTES: usize = 128 * 1024;

/// A temporary database for the rows of one command. Rows that exceed its cache of 4 MiB are stored
/// in a file of mode 0600 in `TMPDIR` (by default in `/var/tmp`). SQLite unlinks the file
/// immediately after opening it, so that no file remains after any exit of the process.
#[derive(Debug)]
pub(crate) struct ScratchDatabase {
    connection: Connection,
}

impl ScratchDatabase {
    pub(crate) fn new() -> Result<Self, Error> {
        let connection = Connection::open("")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF;
             PRAGMA cache_size = -4096;
             CREATE TABLE rows (number INTEGER PRIMARY KEY, line INTEGER NOT NULL, fields BLOB NOT NULL);
             CREATE TABLE names (name TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
             BEGIN",
        )?;
        Ok(Self { connection })
    }

    /// Adds a row with the next number. The first number is 1.
    pub(crate) fn push(&self, row: &Row) -> Result<(), Error> {
        let mut insert =
            self.connection.prepare_cached("INSERT INTO rows (line, fields) VALUES (?1, ?2)")?;
        insert.execute((to_stored_line(row.line), serialize_fields(row)?))?;
        Ok(())
    }

    /// Replaces the fields of the row with this number.
    pub(crate) fn replace(&self, number: i64, row: &Row) -> Result<(), Error> {
        let mut update =
            self.connection.prepare_cached("UPDATE rows SET fields = ?2 WHERE number = ?1")?;
        update.execute((number, serialize_fields(row)?))?;
        Ok(())
    }

    /// Returns the next rows after the row `number`, each with its number: at most `max_rows` rows,
    /// and fewer if the rows are long. Returns no rows if `number` is the last row.
    pub(crate) fn rows_after(
        &self,
        number: i64,
        max_rows: usize,
    ) -> Result<Vec<(i64, Row)>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT number, line, fields FROM rows WHERE number > ?1 ORDER BY number",
        )?;
        let mut stored_rows = select.query([number])?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < max_rows
            && bytes < READ_LIMIT_BYTES
            && let Some(row) = stored_rows.next()?
        {
            let stored_fields =
                row.get_ref(2)?.as_blob().map_err(|error| to_store_error(&error))?;
            bytes += stored_fields.len();
            let parsed_fields = parse_strict_object(stored_fields)
                .map_err(|error| Error::Failed(error.to_string()))?;
            let line = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            rows.push((row.get(0)?, Row { line, fields: parsed_fields }));
        }
        Ok(rows)
    }

    /// Returns an iterator over all rows. Each item is a batch: the rows that one call of
    /// [`Self::rows_after`] returns.
    pub(crate) fn batches(
        &mut self,
        max_rows: usize,
    ) -> impl Iterator<Item = Result<Vec<(i64, Row)>, Error>> + Send {
        let mut last_number = 0;
        std::iter::from_fn(move || {
            let batch = self.rows_after(last_number, max_rows);
            if let Ok(rows) = &batch {
                last_number = rows.last()?.0;
            }
            Some(batch)
        })
    }

    /// Reserves a name that only one row may have, such as a username or a `jti`. `line` is the
    /// line of the row in the input. Returns the line of the row for which the name is already
    /// reserved, if any.
    pub(crate) fn reserve_name(&self, name: &str, line: u64) -> Result<Option<u64>, Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO names (name, line) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        if insert.execute((name, to_stored_line(line)))? == 1 {
            return Ok(None);
        }
        let mut select =
            self.connection.prepare_cached("SELECT line FROM names WHERE name = ?1")?;
        let reserved_line: Option<i64> = select.query_row([name], |row| row.get(0)).optional()?;
        Ok(reserved_line.and_then(|line| u64::try_from(line).ok()))
    }
}

fn serialize_fields(row: &Row) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&row.fields).map_err(|error| to_store_error(&error))
}

fn to_stored_line(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

fn to_store_error(error: &dyn std::error::Error) -> Error {
    Error::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_row(line: u64, text: &str) -> Row {
        Row { line, fields: parse_strict_object(text.as_bytes()).unwrap() }
    }

    #[test]
    fn stored_and_replaced_rows_round_trip() {
        let scratch = ScratchDatabase::new().unwrap();
        let texts = ["{\"z\":1,\"a\":[0.1,-0.0,1e300,18446744073709551615]}", "{}", "{\"é\":null}"];
        let rows: Vec<Row> = (2..).zip(texts).map(|(line, text)| parse_row(line, text)).collect();
        for row in &rows {
            scratch.push(row).unwrap();
        }
        let read = |after, max_rows| scratch.rows_after(after, max_rows).unwrap();
        assert_eq!(read(0, 9), (1..).zip(rows.clone()).collect::<Vec<_>>());
        assert_eq!(read(1, 1), [(2, rows[1].clone())]);
        scratch.replace(2, &parse_row(3, "{\"b\":1}")).unwrap();
        assert_eq!(read(1, 1), [(2, parse_row(3, "{\"b\":1}"))]);
        assert_eq!(read(3, 9), []);
    }

    #[test]
    fn long_rows_are_read_in_small_batches() {
        let scratch = ScratchDatabase::new().unwrap();
        let long_row = parse_row(1, &format!("{{\"a\":\"{}\"}}", "x".repeat(READ_LIMIT_BYTES / 2)));
        for _ in 0..9 {
            scratch.push(&long_row).unwrap();
        }
        assert_eq!(scratch.rows_after(0, 9).unwrap().len(), 2);
    }

    #[test]
    fn name_is_reserved_once() {
        let scratch = ScratchDatabase::new().unwrap();
        let reserve = |line| scratch.reserve_name("a", line).unwrap();
        assert_eq!((reserve(7), reserve(8), reserve(9)), (None, Some(7), Some(7)));
    }
}
