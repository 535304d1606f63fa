//! Rows as CSV that a spreadsheet may open: no cell runs there, and each comes back as it was.

use super::{Row, RowError, Rows, escaped};
use serde_json::{Map, Value};
use std::io::BufRead;

/// The rows as CSV, without the line of their names; no line for no rows. What is nothing is an
/// empty cell.
pub(crate) fn to_csv(lines: &[Map<String, Value>]) -> String {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(&escaped(text)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    csv(lines.iter().map(|line| line.values().map(cell).collect()))
}

/// The line of the names of such rows.
pub(crate) fn csv_header(line: &Map<String, Value>) -> String {
    csv([line.keys().cloned().collect()].into_iter())
}

fn csv(records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        // Writing to memory does not fail, and all records are as long.
        let _ = writer.write_record(record);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The rows of a file that a spreadsheet may have written, as [`Rows`] reads them, with the columns
/// in lower case and the guards of CSV taken away.
#[derive(Debug)]
pub(crate) struct SpreadsheetRows<R> {
    rows: Rows<R>,
    unguarded: &'static str,
}

impl<R: BufRead> SpreadsheetRows<R> {
    /// Begins to read. The column `unguarded` is never written here and is read as it is.
    pub(crate) fn begin(input: R, unguarded: &'static str) -> Result<Self, RowError> {
        Ok(Self { rows: Rows::begin(input, true, str::to_ascii_lowercase)?, unguarded })
    }

    /// The names of the columns; there are none in JSON Lines.
    pub(crate) fn columns(&self) -> &[String] {
        self.rows.columns()
    }
}

impl<R: BufRead> Iterator for SpreadsheetRows<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_csv = self.rows.is_csv();
        let mut row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let guarded = |(name, _): &(&String, &mut Value)| is_csv && *name != self.unguarded;
        for (_, value) in row.claims.iter_mut().filter(guarded) {
            if let Value::String(text) = value
                && is_guarded(text)
            {
                text.remove(0);
            }
        }
        Some(Ok(row))
    }
}

/// What a spreadsheet takes for a formula when a cell begins with it.
const RUNS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

const GUARD: char = '\'';

fn guarded(text: &str) -> String {
    if text.starts_with(RUNS) || is_guarded(text) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// Whether the first sign is there for the spreadsheet: before nothing else it stands for itself.
fn is_guarded(text: &str) -> bool {
    text.strip_prefix(GUARD).is_some_and(|rest| rest.starts_with(RUNS) || rest.starts_with(GUARD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(name: &str, text: &str) -> Map<String, Value> {
        Map::from_iter([("id".to_owned(), Value::from(1)), (name.to_owned(), Value::from(text))])
    }

    fn rows_of_spreadsheet(bytes: &[u8], unguarded: &'static str) -> Result<Vec<Row>, RowError> {
        SpreadsheetRows::begin(bytes, unguarded)?.collect()
    }

    fn file(line: &Map<String, Value>) -> String {
        csv_header(line) + &to_csv(std::slice::from_ref(line))
    }

    #[test]
    fn no_cell_runs() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=1", "''=1"),
            ("''", "'''"),
            ("'tis", "'tis"),
            ("'", "'"),
            ("a=1", "a=1"),
            ("=a,\"b", "\"'=a,\"\"b\""),
        ] {
            assert_eq!(file(&line("name", text)), format!("id,name\n1,{cell}\n"));
        }
    }

    #[test]
    fn a_column_that_is_never_written_is_read_as_it_is() {
        let bytes = b"name,password\n'=a,'=a\n";
        let rows = rows_of_spreadsheet(bytes, "password").unwrap();
        assert_eq!(
            Value::from(rows[0].claims.clone()).to_string(),
            r#"{"name":"=a","password":"'=a"}"#
        );
        let bytes = br#"{"name":"'=a"}"#;
        let rows = rows_of_spreadsheet(bytes, "password").unwrap();
        assert_eq!(rows[0].claims["name"], "'=a", "JSON has no guards");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(text in "['=+@\",a -]{1,6}|[^\\p{C}\\p{Z}]{1,9}") {
            let bytes = file(&line("name", &text));
            let rows = rows_of_spreadsheet(bytes.as_bytes(), "password").unwrap();
            prop_assert_eq!(&rows[0].claims["name"], &Value::from(text.as_str()));
            let cell = bytes.split_once("\n1,").unwrap().1;
            prop_assert!(!cell.strip_prefix('"').unwrap_or(cell).starts_with(RUNS), "{}", cell);
        }
    }
}
