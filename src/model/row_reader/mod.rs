//! Rows of claims from files of any length: CSV with a header, or a JSON object a line.

mod csv;
mod json_list;
mod line_reader;

use super::parse_strict_object;
use csv::CsvReader;
use line_reader::LineReader;
use serde_json::{Map, Value};
use std::io::{self, BufRead};

/// Which line of a file is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct InvalidLine {
    /// From 1.
    pub(crate) line: u64,
    /// Why it was refused; nothing of the line itself.
    pub(crate) reason: String,
}

/// Why a row was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The text is wrong.
    #[error(transparent)]
    InvalidLine(#[from] InvalidLine),
    /// The input failed.
    #[error("{0}")]
    Input(#[from] io::Error),
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row {
    /// The line it begins on, from 1; 0 for what stands in no file.
    pub(crate) line: u64,
    /// What it says.
    pub(crate) fields: Map<String, Value>,
}

/// The rows of a file, read one at a time. A file that begins with a brace is JSON Lines, every
/// other one CSV: its first line names the claims, an empty cell is no claim, nothing but empty
/// cells no row, and one of `exp`, `nbf` or `iat` a time. There is at least one row; after an error
/// there are no more.
#[derive(Debug)]
pub(crate) struct RowReader<R> {
    reader: LineReader<R>,
    format: InputFormat,
    /// Whether the current piece of the text is yet to be read.
    is_line_pending: bool,
    is_empty: bool,
    /// How a file may differ that a spreadsheet wrote.
    pub(super) is_spreadsheet: bool,
}

#[derive(Debug)]
enum InputFormat {
    Csv(Box<CsvReader>),
    JsonLines,
    /// A line of JSON that is a list.
    JsonList {
        is_first: bool,
    },
    Finished,
}

impl<R: BufRead> RowReader<R> {
    /// Begins to read claims.
    pub(crate) fn new(input: R) -> Result<Self, RowError> {
        Self::with_options(input, false, str::to_owned)
    }

    /// `column` is what a column of CSV is called for its name there.
    pub(super) fn with_options(
        input: R,
        is_spreadsheet: bool,
        map_column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        let mut rows = Self {
            reader: LineReader::new(input),
            format: InputFormat::JsonLines,
            is_line_pending: true,
            is_empty: true,
            is_spreadsheet,
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

    /// The names of the columns of CSV; there are none in JSON Lines.
    pub(crate) fn columns(&self) -> &[String] {
        if let InputFormat::Csv(csv) = &self.format { csv.columns() } else { &[] }
    }

    pub(super) fn is_csv(&self) -> bool {
        matches!(self.format, InputFormat::Csv(_))
    }

    fn is_json_list(&self) -> bool {
        matches!(self.format, InputFormat::JsonList { .. })
    }

    /// Begins the next line of JSON. One that is too long may be a list; returns false at the end.
    fn next_json_line(&mut self) -> Result<bool, RowError> {
        match self.reader.next_line(|byte| byte.is_ascii_whitespace()) {
            Err(RowError::InvalidLine(_))
                if self.is_spreadsheet && json_list::consume_prefix(&mut self.reader) =>
            {
                self.format = InputFormat::JsonList { is_first: true };
                Ok(true)
            }
            other => other,
        }
    }

    fn read_row(&mut self) -> Result<Option<Row>, RowError> {
        let is_line_pending = std::mem::take(&mut self.is_line_pending);
        match &mut self.format {
            InputFormat::Finished => Ok(None),
            InputFormat::Csv(csv) => csv.next_row(&mut self.reader),
            InputFormat::JsonList { is_first } => {
                let is_first = std::mem::take(is_first);
                json_list::next_row(&mut self.reader, is_first)
            }
            InputFormat::JsonLines => {
                if !is_line_pending && !self.next_json_line()? {
                    return Ok(None);
                }
                if self.is_json_list() {
                    return self.read_row();
                }
                let line = self.reader.line();
                let fields = parse_strict_object(self.reader.remaining());
                let fields =
                    fields.map_err(|reason| invalid_line(line, &format!("it is {reason}")))?;
                Ok(Some(Row { line, fields }))
            }
        }
    }
}

impl<R: BufRead> Iterator for RowReader<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self.read_row() {
            Ok(None) if self.is_empty => Err(invalid_line(1, "there is no row")),
            other => other,
        };
        self.is_empty = false;
        if !matches!(result, Ok(Some(_))) {
            self.format = InputFormat::Finished;
        }
        result.transpose()
    }
}

fn invalid_line(line: u64, reason: &str) -> RowError {
    InvalidLine { line, reason: reason.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(render_rows("a,A\n,\n\n,1\n,\n"), "4 {\"A\":\"1\"}", "empty rows are none");
        assert_eq!(render_rows("a\n\"b\"\"c\"\n"), "2 {\"a\":\"b\\\"c\"}");
    }

    #[test]
    fn invalid_line_is_reported_with_number() {
        for (text, expected) in [
            ("a,b\n1,2\n3\n", "line 3: it has 1 cell, not 2"),
            ("a,b,c\n1,2\n", "line 2: it has 2 cells, not 3"),
            ("a,b\n1,\"2\n3,4\n5,6\n", "line 2: a quote is not closed"),
            ("a,b\n1,2\n\"3\n4,5\n6,7\n", "line 3: a quote is not closed"),
            ("a;b\n1;2\n", "line 1: the cells are not separated by commas"),
            ("a\tb\n1\t2\n", "line 1: the cells are not separated by commas"),
            (
                " [{\"a\":1}]\n",
                "line 1: it begins a list of JSON: an object a line is needed, or CSV",
            ),
            ("sub\n", "line 1: there is no row"),
            (
                "sub,exp\na,\nb,soon\n",
                "line 3: exp: neither RFC 3339 (`2030-01-31T12:00:00Z`) nor Unix seconds",
            ),
            ("\n", "line 1: there is no row"),
            ("", "line 1: there is no row"),
            ("a,a\n", "line 1: column 2 is called like another one"),
            ("a,b\n,\n", "line 1: there is no row"),
            ("a,\n", "line 1: a column has no name"),
            ("{}\n{\"a\":1,\"a\":1}\n", "line 2: it is ambiguous: a member stands there twice"),
            ("{}\n[]\n", "line 2: it is not a JSON object"),
            ("a\nb\n\"c,\nd\n", "line 3: a quote is not closed"),
            ("a\nb\n\"c,\nd\n\"e\"\n", "line 3: a quote is not closed"),
            ("\"a\nb\n", "line 1: a quote is not closed"),
        ] {
            let error = read_rows(text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
        assert_eq!(read_rows(b"a\nb\n\xff\n").unwrap_err().to_string(), "line 3: it is not UTF-8");
    }
}
