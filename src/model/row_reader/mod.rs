//! Reader of rows from files of any length: CSV with a header, JSON Lines, or a JSON list in one
//! line, `{"items":[{…},{…}]}`.

mod blocks;
mod csv;
mod json_list;
mod line_reader;
mod row;

pub(crate) use blocks::{BlockParser, RowBlock};
pub(crate) use row::{InvalidLine, InvalidLines, Row, RowError};

use super::parse_strict_object;
use csv::{CsvReader, NO_CONTENT_REASON};
use line_reader::LineReader;
use row::invalid_line;
use std::io::BufRead;

/// Iterator over the rows of a file.
///
/// A file that starts with `{` is JSON Lines; a file that starts with `[` is an error; any other
/// file is CSV with a header. If `accepts_json_list` is true, a line that exceeds the maximum
/// length of a row can also be a JSON list.
///
/// The separator of CSV cells is a comma, a semicolon or a tab, and is detected at the start of the
/// file. Empty CSV cells are omitted, and rows with only empty cells are skipped. The CSV columns
/// `exp`, `nbf` and `iat` contain times. A file without rows is an error.
///
/// The iterator continues after an invalid row. It ends after an error that makes the start of the
/// next row unknown, such as an unclosed quote, and after a failure to read the input.
#[derive(Debug)]
pub(crate) struct RowReader<R> {
    reader: LineReader<R>,
    format: InputFormat,
    /// For JSON Lines: true if the current line was read, but not parsed yet.
    is_line_pending: bool,
    /// True if the end of the text is an error, because no row or error was returned yet. Always
    /// false for a block, which may have no rows.
    requires_row: bool,
    /// True if a line that exceeds the maximum length of a row may be a JSON list. A shorter list
    /// is always read as one row with the field `items`.
    pub(super) accepts_json_list: bool,
}

/// Format of the input, or the final state of the reader.
#[derive(Debug, Clone)]
enum InputFormat {
    Csv(Box<CsvReader>),
    JsonLines,
    /// JSON list in one line.
    JsonList {
        /// True until the first item of the list is read.
        is_first: bool,
    },
    /// All rows were read.
    Finished,
    /// An error prevents reading the rest of the file.
    Failed,
}

impl InputFormat {
    /// Returns the error for a file without rows, or only with rows of empty CSV cells.
    fn no_rows_error(&self) -> RowError {
        let no_values = "found no values after the header, expected rows";
        invalid_line(1, if matches!(self, Self::Csv(_)) { no_values } else { NO_CONTENT_REASON })
    }
}

impl<R: BufRead> RowReader<R> {
    /// Starts reading rows of claims: CSV column names keep their case, and a JSON list that
    /// exceeds the maximum length of a row is an error.
    pub(crate) fn new(input: R) -> Result<Self, RowError> {
        Self::with_options(input, false, |name| name.trim().to_owned())
    }

    /// Starts reading rows. `map_column` converts each column name of CSV.
    pub(super) fn with_options(
        input: R,
        accepts_json_list: bool,
        map_column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        let mut rows = Self {
            reader: LineReader::new(input),
            format: InputFormat::JsonLines,
            is_line_pending: true,
            requires_row: true,
            accepts_json_list,
        };
        if !rows.next_nonblank_line()? {
            rows.is_line_pending = false;
        } else if !rows.is_json_list()
            && !rows.reader.remaining().trim_ascii_start().starts_with(b"{")
        {
            rows.format = InputFormat::Csv(Box::new(CsvReader::new(&mut rows.reader, map_column)?));
        }
        Ok(rows)
    }

    /// Returns the column names of CSV; empty for JSON, and after the iterator has ended.
    pub(crate) fn columns(&self) -> &[String] {
        if let InputFormat::Csv(csv) = &self.format { csv.columns() } else { &[] }
    }

    pub(super) fn is_csv(&self) -> bool {
        matches!(self.format, InputFormat::Csv(_))
    }

    /// Returns whether an error prevents reading the rest of the file.
    pub(crate) fn has_unreadable_rest(&self) -> bool {
        matches!(self.format, InputFormat::Failed)
    }

    fn is_json_list(&self) -> bool {
        matches!(self.format, InputFormat::JsonList { .. })
    }

    /// Reads the next line that is not blank; returns false at the end of the file. A line that
    /// exceeds the maximum length is accepted only as the start of a JSON list, if
    /// `accepts_json_list` is true.
    fn next_nonblank_line(&mut self) -> Result<bool, RowError> {
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

    /// Reads the next row. After an inner error, which describes an invalid row, the next row can
    /// be read. After an outer error, no row can be read.
    fn read_row(&mut self) -> Result<Option<Result<Row, InvalidLine>>, RowError> {
        let is_line_pending = std::mem::take(&mut self.is_line_pending);
        match &mut self.format {
            InputFormat::Finished | InputFormat::Failed => Ok(None),
            InputFormat::Csv(csv) => csv.next_row(&mut self.reader),
            InputFormat::JsonList { is_first } => {
                let is_first = std::mem::take(is_first);
                Ok(json_list::next_row(&mut self.reader, is_first)?.map(Ok))
            }
            InputFormat::JsonLines => {
                if !is_line_pending && !self.next_nonblank_line()? {
                    return Ok(None);
                }
                if self.is_json_list() {
                    return self.read_row();
                }
                let line = self.reader.line();
                Ok(Some(match parse_strict_object(self.reader.remaining()) {
                    Ok(fields) => Ok(Row { line, fields }),
                    Err(error) => Err(InvalidLine { line, reason: error.describe_without_line() }),
                }))
            }
        }
    }
}

impl<R: BufRead> Iterator for RowReader<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self.read_row() {
            Ok(None) if self.requires_row => Err(self.format.no_rows_error()),
            other => other,
        };
        self.requires_row = false;
        match &result {
            Ok(Some(_)) => {}
            Ok(None) if self.has_unreadable_rest() => {}
            Ok(None) => self.format = InputFormat::Finished,
            Err(_) => self.format = InputFormat::Failed,
        }
        result.transpose().map(|row| row.and_then(|row| row.map_err(RowError::from)))
    }
}

#[cfg(test)]
mod tests;
