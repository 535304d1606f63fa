//! CSV for spreadsheets. A spreadsheet interprets no cell as a formula. Visible text is unchanged
//! after jeton writes and reads it.

use super::{Row, RowError, RowReader, escape, escape_json};
use serde_json::{Map, Value};
use std::io::BufRead;

/// Renders rows as CSV without a header. `null` becomes an empty cell; arrays and objects are JSON.
pub(crate) fn render_csv_rows(rows: &[Map<String, Value>]) -> String {
    let to_cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => escape_formula(&escape(text)),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => escape_json(&value.to_string()).into_owned(),
    };
    render_records(rows.iter().map(|row| row.values().map(to_cell).collect()))
}

/// Renders the CSV header with these columns.
pub(crate) fn render_csv_header<'c>(columns: impl IntoIterator<Item = &'c str>) -> String {
    render_records([columns.into_iter().map(str::to_owned).collect()].into_iter())
}

fn render_records(records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        // Writing to memory does not fail, and all records have the same length.
        let _ = writer.write_record(record);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Reader of rows from a file that a spreadsheet may have written. In contrast to
/// [`RowReader::new`], the reader accepts JSON lists that exceed the maximum length of a row,
/// converts the column names of CSV to lower case, and removes [`FORMULA_ESCAPE`] from the cells of
/// CSV, except in one column. A JSON list that does not exceed the maximum length is one row with
/// the field `items`.
#[derive(Debug)]
pub(crate) struct SpreadsheetRows<R> {
    rows: RowReader<R>,
    /// Name of the CSV column with cells that are returned unchanged.
    raw_column: &'static str,
}

impl<R: BufRead> SpreadsheetRows<R> {
    /// Starts reading. The cells of the CSV column `raw_column` are returned unchanged. jeton must
    /// never write this column: an apostrophe in these cells is then never a [`FORMULA_ESCAPE`]
    /// from jeton.
    pub(crate) fn new(input: R, raw_column: &'static str) -> Result<Self, RowError> {
        Ok(Self {
            rows: RowReader::with_options(input, true, |name| name.trim().to_ascii_lowercase())?,
            raw_column,
        })
    }

    /// Returns the column names: see [`RowReader::columns`].
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
        let may_be_escaped = |(name, _): &(&String, &mut Value)| is_csv && *name != self.raw_column;
        for (_, value) in row.fields.iter_mut().filter(may_be_escaped) {
            if let Value::String(text) = value
                && has_formula_escape(text)
            {
                text.remove(0);
            }
        }
        Some(Ok(row))
    }
}

/// Characters that start a formula in a spreadsheet.
const FORMULA_PREFIXES: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Apostrophe at the start of a cell: a spreadsheet displays the rest of the cell as text, and does
/// not interpret the rest as a formula.
const FORMULA_ESCAPE: char = '\'';

/// Adds [`FORMULA_ESCAPE`] to a text that starts like a formula or like an escaped text.
fn escape_formula(text: &str) -> String {
    if text.starts_with(FORMULA_PREFIXES) || has_formula_escape(text) {
        format!("{FORMULA_ESCAPE}{text}")
    } else {
        text.to_owned()
    }
}

/// Returns whether the text starts with an apostrophe that escapes a formula or another apostrophe.
/// Any other apostrophe at the start is part of the text.
fn has_formula_escape(text: &str) -> bool {
    text.strip_prefix(FORMULA_ESCAPE)
        .is_some_and(|rest| rest.starts_with(FORMULA_PREFIXES) || rest.starts_with(FORMULA_ESCAPE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn test_row(name: &str, text: &str) -> Map<String, Value> {
        Map::from_iter([("id".to_owned(), Value::from(1)), (name.to_owned(), Value::from(text))])
    }

    fn read_rows(bytes: &[u8], raw_column: &'static str) -> Result<Vec<Row>, RowError> {
        SpreadsheetRows::new(bytes, raw_column)?.collect()
    }

    fn render_csv(row: &Map<String, Value>) -> String {
        render_csv_header(row.keys().map(String::as_str))
            + &render_csv_rows(std::slice::from_ref(row))
    }

    #[test]
    fn formula_cells_are_escaped() {
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
            assert_eq!(render_csv(&test_row("name", text)), format!("id,name\n1,{cell}\n"));
        }
    }

    #[test]
    fn nested_values_are_json() {
        let row = json!({"list": ["=1", "a\u{202e}b"], "object": {"k": 1}, "none": null});
        let cells = render_csv_rows(&[row.as_object().unwrap().clone()]);
        assert_eq!(cells, "\"[\"\"=1\"\",\"\"a\\u202eb\"\"]\",\"{\"\"k\"\":1}\",\n");
    }

    #[test]
    fn raw_column_and_json_are_read_unchanged() {
        let bytes = b"name,password\n'=a,'=a\n";
        let rows = read_rows(bytes, "password").unwrap();
        assert_eq!(
            Value::from(rows[0].fields.clone()).to_string(),
            r#"{"name":"=a","password":"'=a"}"#
        );
        let bytes = br#"{"name":"'=a"}"#;
        let rows = read_rows(bytes, "password").unwrap();
        assert_eq!(rows[0].fields["name"], "'=a", "JSON has no formula escapes");
    }

    proptest! {
        #[test]
        fn csv_cells_round_trip_and_start_no_formula(
            text in "['=+@\",a -]{1,6}|[^\\p{C}\\p{Z}]{1,9}",
        ) {
            let bytes = render_csv(&test_row("name", &text));
            let rows = read_rows(bytes.as_bytes(), "password").unwrap();
            prop_assert_eq!(&rows[0].fields["name"], &Value::from(text.as_str()));
            let cell = bytes.split_once("\n1,").unwrap().1;
            prop_assert!(!cell.strip_prefix('"').unwrap_or(cell).starts_with(FORMULA_PREFIXES), "{}", cell);
        }
    }
}
