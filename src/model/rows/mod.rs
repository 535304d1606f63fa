//! Rows of claims from files of any length: CSV with a header, or a JSON object a line.

mod csv;
mod items;
mod text;

use super::strict_object;
use csv::Csv;
use serde_json::{Map, Value};
use std::io::{self, BufRead};
use text::Text;

/// Which line of a file is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(crate) struct BadLine {
    /// From 1.
    pub(crate) line: u64,
    /// Why it was refused; nothing of the line itself.
    pub(crate) why: String,
}

/// Why a row was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The text is wrong.
    #[error(transparent)]
    Bad(#[from] BadLine),
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
    pub(crate) claims: Map<String, Value>,
}

/// The rows of a file, read one at a time. A file that begins with a brace is JSON Lines, every
/// other one CSV: its first line names the claims, an empty cell is no claim, nothing but empty
/// cells no row, and one of `exp`, `nbf` or `iat` a time. There is at least one row; after an error
/// there are no more.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    text: Text<R>,
    form: Form,
    /// Whether the current piece of the text is yet to be read.
    is_begun: bool,
    is_empty: bool,
    /// How a file may differ that a spreadsheet wrote.
    pub(super) spreadsheet: bool,
}

#[derive(Debug)]
enum Form {
    Csv(Box<Csv>),
    Json,
    /// A line of JSON that is a list.
    Items {
        is_first: bool,
    },
    Ended,
}

impl<R: BufRead> Rows<R> {
    /// Begins to read claims.
    pub(crate) fn of_claims(input: R) -> Result<Self, RowError> {
        Self::begin(input, false, str::to_owned)
    }

    /// `column` is what a column of CSV is called for its name there.
    pub(super) fn begin(
        input: R,
        spreadsheet: bool,
        column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        let mut rows = Self {
            text: Text::new(input),
            form: Form::Json,
            is_begun: true,
            is_empty: true,
            spreadsheet,
        };
        if !rows.next_json_line()? {
            rows.is_begun = false;
        } else if !rows.is_list() && !rows.text.rest().trim_ascii_start().starts_with(b"{") {
            rows.form = Form::Csv(Box::new(Csv::begin(&mut rows.text, column)?));
        }
        Ok(rows)
    }

    /// The names of the columns of CSV; there are none in JSON Lines.
    pub(crate) fn columns(&self) -> &[String] {
        if let Form::Csv(csv) = &self.form { csv.names() } else { &[] }
    }

    pub(super) fn is_csv(&self) -> bool {
        matches!(self.form, Form::Csv(_))
    }

    fn is_list(&self) -> bool {
        matches!(self.form, Form::Items { .. })
    }

    /// Begins the next line of JSON. One that is too long may be a list; returns false at the end.
    fn next_json_line(&mut self) -> Result<bool, RowError> {
        match self.text.next_line(|byte| byte.is_ascii_whitespace()) {
            Err(RowError::Bad(_)) if self.spreadsheet && items::begin(&mut self.text) => {
                self.form = Form::Items { is_first: true };
                Ok(true)
            }
            other => other,
        }
    }

    fn read(&mut self) -> Result<Option<Row>, RowError> {
        let is_begun = std::mem::take(&mut self.is_begun);
        match &mut self.form {
            Form::Ended => Ok(None),
            Form::Csv(csv) => csv.next(&mut self.text),
            Form::Items { is_first } => {
                let is_first = std::mem::take(is_first);
                items::next(&mut self.text, is_first)
            }
            Form::Json => {
                if !is_begun && !self.next_json_line()? {
                    return Ok(None);
                }
                if self.is_list() {
                    return self.read();
                }
                let line = self.text.line();
                let claims = strict_object(self.text.rest());
                let claims = claims.map_err(|why| bad(line, &format!("it is {why}")))?;
                Ok(Some(Row { line, claims }))
            }
        }
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = match self.read() {
            Ok(None) if self.is_empty => Err(bad(1, "there is no row")),
            other => other,
        };
        self.is_empty = false;
        if !matches!(read, Ok(Some(_))) {
            self.form = Form::Ended;
        }
        read.transpose()
    }
}

fn bad(line: u64, why: &str) -> RowError {
    BadLine { line, why: why.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Row>, RowError> {
        Rows::of_claims(text)?.collect()
    }

    fn shown(text: &str) -> String {
        let rows = rows(text.as_bytes()).unwrap();
        let shown = rows.into_iter().map(|row| format!("{} {}", row.line, Value::from(row.claims)));
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(
            shown("sub,x\na,1\n\n\"b,\nc\",\nd,2\n"),
            "2 {\"sub\":\"a\",\"x\":\"1\"}\n4 {\"sub\":\"b,\\nc\"}\n6 {\"sub\":\"d\",\"x\":\"2\"}"
        );
        assert_eq!(shown("{\"n\":1}\n\n {\"a\":[]}\r\n"), "1 {\"n\":1}\n3 {\"a\":[]}");
        assert_eq!(shown("\u{feff}{\"n\":1}\n"), "1 {\"n\":1}");
        assert_eq!(shown("exp,iat\n2,1970-01-01\n"), "2 {\"exp\":2,\"iat\":0}");
        assert_eq!(shown("\u{feff}a\nb\n"), "2 {\"a\":\"b\"}");
        assert_eq!(shown("a,A\n,\n\n,1\n,\n"), "4 {\"A\":\"1\"}", "empty rows are none");
        assert_eq!(shown("a\n\"b\"\"c\"\n"), "2 {\"a\":\"b\\\"c\"}");
    }

    #[test]
    fn the_wrong_line_is_named() {
        for (text, wanted) in [
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
            let error = rows(text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, wanted);
        }
        assert_eq!(rows(b"a\nb\n\xff\n").unwrap_err().to_string(), "line 3: it is not UTF-8");
    }
}
