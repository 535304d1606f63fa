//! Rows from files of any length: CSV with a header, or JSON Lines.

mod csv;
mod json_list;
mod line_reader;
mod row;

pub(crate) use row::{InvalidLine, InvalidLines, Row, RowError};

use super::parse_strict_object;
use csv::{CsvReader, NO_CONTENT};
use line_reader::LineReader;
use row::invalid_line;
use std::io::BufRead;

/// Iterator over the rows of a file.
///
/// A file that starts with `{` is JSON Lines, any other file CSV with a header. In CSV, cells are
/// separated by commas, semicolons or tabs, as in the header; empty cells are omitted, rows with only
/// empty cells are skipped, and `exp`, `nbf` and `iat` are times. A file without rows is an error.
/// The iterator continues after an invalid row, and ends after an error of which the end is unknown,
/// such as an unclosed quote.
#[derive(Debug)]
pub(crate) struct RowReader<R> {
    reader: LineReader<R>,
    format: InputFormat,
    /// True if the current chunk has not been parsed yet.
    is_line_pending: bool,
    is_empty: bool,
    /// Accepts a JSON list in one line, in addition to JSON Lines.
    pub(super) accepts_json_list: bool,
}

#[derive(Debug)]
enum InputFormat {
    Csv(Box<CsvReader>),
    JsonLines,
    /// JSON list in one line.
    JsonList {
        is_first: bool,
    },
    Finished,
}

impl<R: BufRead> RowReader<R> {
    /// Starts reading rows of claims: CSV column names keep their case.
    pub(crate) fn new(input: R) -> Result<Self, RowError> {
        Self::with_options(input, false, |name| name.trim().to_owned())
    }

    /// Starts reading rows; `map_column` converts the column names of CSV.
    pub(super) fn with_options(
        input: R,
        accepts_json_list: bool,
        map_column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        let mut rows = Self {
            reader: LineReader::new(input),
            format: InputFormat::JsonLines,
            is_line_pending: true,
            is_empty: true,
            accepts_json_list,
        };
        if !rows.next_json_line()? {
            rows.is_line_pending = false;
        } else if !rows.is_json_list()
            && !rows.reader.remaining().trim_ascii_start().starts_with(b"{")
        {
            rows.format = InputFormat::Csv(Box::new(CsvReader::new(&mut rows.reader, map_column)?));
        }
        Ok(rows)
    }

    /// Returns the column names of CSV; empty for JSON Lines.
    pub(crate) fn columns(&self) -> &[String] {
        if let InputFormat::Csv(csv) = &self.format { csv.columns() } else { &[] }
    }

    pub(super) fn is_csv(&self) -> bool {
        matches!(self.format, InputFormat::Csv(_))
    }

    fn is_json_list(&self) -> bool {
        matches!(self.format, InputFormat::JsonList { .. })
    }

    /// Starts the next line of JSON; returns false at the end. A line that exceeds the maximum
    /// length may be a JSON list.
    fn next_json_line(&mut self) -> Result<bool, RowError> {
        match self.reader.next_line(|byte| byte.is_ascii_whitespace()) {
            Err(RowError::InvalidLine(_))
                if self.accepts_json_list && json_list::consume_prefix(&mut self.reader) =>
            {
                self.format = InputFormat::JsonList { is_first: true };
                Ok(true)
            }
            other => other,
        }
    }

    /// Reads the next row. The inner error is an invalid row that other rows may follow.
    fn read_row(&mut self) -> Result<Option<Result<Row, InvalidLine>>, RowError> {
        let is_line_pending = std::mem::take(&mut self.is_line_pending);
        match &mut self.format {
            InputFormat::Finished => Ok(None),
            InputFormat::Csv(csv) => csv.next_row(&mut self.reader),
            InputFormat::JsonList { is_first } => {
                let is_first = std::mem::take(is_first);
                Ok(json_list::next_row(&mut self.reader, is_first)?.map(Ok))
            }
            InputFormat::JsonLines => {
                if !is_line_pending && !self.next_json_line()? {
                    return Ok(None);
                }
                if self.is_json_list() {
                    return self.read_row();
                }
                let line = self.reader.line();
                Ok(Some(match parse_strict_object(self.reader.remaining()) {
                    Ok(fields) => Ok(Row { line, fields }),
                    Err(error) => Err(InvalidLine { line, reason: error.describe_in_line() }),
                }))
            }
        }
    }
}

impl<R: BufRead> Iterator for RowReader<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self.read_row() {
            Ok(None) if self.is_empty && self.is_csv() => {
                Err(invalid_line(1, "found only a header, expected rows"))
            }
            Ok(None) if self.is_empty => Err(invalid_line(1, NO_CONTENT)),
            other => other,
        };
        self.is_empty = false;
        if !matches!(result, Ok(Some(_))) {
            self.format = InputFormat::Finished;
        }
        result.transpose().map(|row| row.and_then(|row| row.map_err(RowError::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read_rows(text: &[u8]) -> Result<Vec<Row>, RowError> {
        RowReader::new(text)?.collect()
    }

    fn render_rows(text: &str) -> String {
        let rows = read_rows(text.as_bytes()).unwrap();
        let rendered =
            rows.into_iter().map(|row| format!("{} {}", row.line, Value::from(row.fields)));
        rendered.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn csv_and_json_lines_are_read() {
        assert_eq!(
            render_rows("sub,x\na,1\n\n\"b,\nc\",\nd,2\n"),
            "2 {\"sub\":\"a\",\"x\":\"1\"}\n4 {\"sub\":\"b,\\nc\"}\n6 {\"sub\":\"d\",\"x\":\"2\"}"
        );
        assert_eq!(render_rows("{\"n\":1}\n\n {\"a\":[]}\r\n"), "1 {\"n\":1}\n3 {\"a\":[]}");
        assert_eq!(render_rows("\u{feff}{\"n\":1}\n"), "1 {\"n\":1}");
        assert_eq!(render_rows("exp,iat\n2,1970-01-01\n"), "2 {\"exp\":2,\"iat\":0}");
        assert_eq!(render_rows("\u{feff}a\nb\n"), "2 {\"a\":\"b\"}");
        assert_eq!(render_rows("a,A\n,\n\n,1\n,\n"), "4 {\"A\":\"1\"}", "empty rows are skipped");
        assert_eq!(render_rows("a\n\"b\"\"c\"\n"), "2 {\"a\":\"b\\\"c\"}");
    }

    #[test]
    fn invalid_line_is_reported_with_number() {
        for (text, expected) in [
            ("a,b\n1,2\n3\n", "line 3: found 1 cell, expected 2"),
            ("a,b,c\n1,2\n", "line 2: found 2 cells, expected 3"),
            ("a,b\n1,\"2\n3,4\n5,6\n", "line 2: unclosed quote"),
            ("a,b\n1,2\n\"3\n4,5\n6,7\n", "line 3: unclosed quote"),
            ("a;b\n1,2\n", "line 2: found 1 cell, expected 2"),
            ("a,b;c\n1;2\n", "line 2: found 1 cell, expected 2"),
            (" a , a\n1,2\n", "line 1: duplicate column name in column 2"),
            ("\u{feff}", "line 1: found no content, expected rows"),
            ("sep=;\n", "line 1: found no content, expected rows"),
            (" [{\"a\":1}]\n", "line 1: JSON array found, expected JSON Lines or CSV"),
            ("sub\n", "line 1: found only a header, expected rows"),
            (
                "sub,exp\na,\nb,soon\n",
                "line 3: exp: expected RFC 3339 (`2030-01-31T12:00:00Z`) or Unix seconds",
            ),
            ("\n", "line 1: found no content, expected rows"),
            ("", "line 1: found no content, expected rows"),
            ("a,a\n", "line 1: duplicate column name in column 2"),
            ("a,b\n,\n", "line 1: found only a header, expected rows"),
            ("a,\n", "line 1: found only a header, expected rows"),
            (",a\n1,2\n", "line 1: empty column name"),
            (",,\n1,2,3\n", "line 1: empty column name"),
            ("a,,\n1,2,\n", "line 2: text found in column 2, which has no name"),
            ("a,,\n1,,,\n", "line 2: found 4 cells, expected 1"),
            ("{}\n{\"a\":1,\"a\":1}\n", "line 2: ambiguous: column 13: duplicate member name `a`"),
            ("{}\n[]\n", "line 2: not a JSON object"),
            ("a\nb\n\"c,\nd\n", "line 3: unclosed quote"),
            ("a\nb\n\"c,\nd\n\"e\"\n", "line 3: unclosed quote"),
            ("\"a\nb\n", "line 1: unclosed quote"),
        ] {
            let error = read_rows(text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
        assert_eq!(read_rows(b"a\nb\n\xff\n").unwrap_err().to_string(), "line 3: not UTF-8");
        let error = read_rows(b"\xff\xfea\0\n\0").unwrap_err().to_string();
        assert_eq!(error, "line 1: UTF-16 text found, expected UTF-8");
    }

    #[test]
    fn cells_are_separated_by_comma_semicolon_or_tab() {
        for text in [
            "sub,x\na,1\n",
            "sub;x\na;1\n",
            "sub\tx\na\t1\n",
            " sub ; x\r\na;1\r\n",
            "\u{feff}\u{a0}sub\t\"x \"\na\t1\n",
            "sep=;\nsub;x\na;1\n",
            "\u{feff}SEP=\t\r\nsub\tx\r\na\t1\r\n",
            "\"sub\";\"x\"\n\"a\";\"1\"\n",
            "sub,x,\na,1,\n",
            "sub;x;;\r\na;1;;\r\n",
            "sub,x, \na,1\n",
        ] {
            let rows = read_rows(text.as_bytes()).unwrap();
            let fields = Value::from(rows[0].fields.clone()).to_string();
            assert_eq!(fields, r#"{"sub":"a","x":"1"}"#, "{text}");
        }
        assert_eq!(render_rows("a;b,c;d\n1;2;3\n"), "2 {\"a\":\"1\",\"b,c\":\"2\",\"d\":\"3\"}");
        assert_eq!(render_rows("a,\"b;c;d\"\n1,2\n"), "2 {\"a\":\"1\",\"b;c;d\":\"2\"}");
        assert_eq!(render_rows("a;b\n1,5;2\n"), "2 {\"a\":\"1,5\",\"b\":\"2\"}");
    }

    #[test]
    fn rows_after_an_invalid_row_are_read() {
        let read_lines = |text: &[u8]| -> Vec<String> {
            let rows = RowReader::new(text).unwrap();
            rows.map(|row| row.map_or_else(|error| error.to_string(), |row| row.line.to_string()))
                .collect()
        };
        assert_eq!(
            read_lines(b"a,b\n1\n2,\xff\n3,4\n5,6,7\n8,9"),
            [
                "line 2: found 1 cell, expected 2",
                "line 3: not UTF-8",
                "4",
                "line 5: found 3 cells, expected 2",
                "6"
            ]
        );
        assert_eq!(
            read_lines(b"{}\n{\"a\":}\n[]\n{\"b\":1}"),
            [
                "1",
                "line 2: not well-formed JSON: column 6: expected a value",
                "line 3: not a JSON object",
                "4"
            ]
        );
        assert_eq!(read_lines(b"a\n\"b\nc\n"), ["line 2: unclosed quote"]);
    }

    #[test]
    fn invalid_lines_are_limited() {
        let line = |line| InvalidLine { line, reason: "wrong".to_owned() };
        let mut lines = InvalidLines::default();
        assert_eq!(lines.clone().into_result(), Ok(()));
        lines.push(line(2)).unwrap();
        lines.push(line(3)).unwrap();
        let message = lines.clone().into_result().unwrap_err().to_string();
        assert_eq!(message, "2 invalid lines:\n  line 2: wrong\n  line 3: wrong");
        let error = (4..).find_map(|number| lines.push(line(number)).err()).unwrap();
        assert_eq!(error.lines.len(), 20);
        assert!(error.to_string().starts_with("the first 20 invalid lines:\n  line 2"));
    }
}
