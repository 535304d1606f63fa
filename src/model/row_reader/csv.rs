//! Reader of CSV with a header.

use super::line_reader::{LineReader, has_open_quote};
use super::row::{InvalidLine, Row, RowError, invalid_line};
use crate::model::{InvalidValue, Timestamp};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::io::BufRead;

/// Possible separators of cells. Some spreadsheets define the separator in a first line such as
/// `sep=;`. Without such a line, the separator is the character that is most frequent in the
/// header, outside of quotes.
const DELIMITERS: [u8; 3] = *b",;\t";

/// CSV parser with column names.
#[derive(Debug)]
pub(super) struct CsvReader {
    /// Column names, without the unnamed columns at the end of the header.
    columns: Vec<String>,
    /// Number of unnamed columns at the end of the header. The cells of these columns must be empty
    /// or missing.
    unnamed_count: usize,
    /// Separator of cells.
    delimiter: u8,
    parser: Reader,
    /// Buffer that starts with the concatenated cells of the current record.
    cells: Vec<u8>,
    /// Buffer that starts with the end offset of each cell in `cells`.
    cell_ends: Vec<usize>,
}

/// Reason of the error for a file that is blank or contains only a line such as `sep=;`.
pub(super) const NO_CONTENT_REASON: &str = "found no content, expected rows";

impl CsvReader {
    /// Reads the header and applies `map_column` to each column name. The current chunk of `reader`
    /// (the text in its buffer) starts with the header, or with a line such as `sep=;` before the
    /// header.
    pub(super) fn new<R: BufRead>(
        reader: &mut LineReader<R>,
        map_column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        if reader.remaining().trim_ascii_start().starts_with(b"[") {
            let reason = "JSON array found, expected JSON Lines or CSV";
            return Err(invalid_line(reader.line(), reason));
        }
        let explicit_delimiter = parse_delimiter_line(reader.remaining());
        if explicit_delimiter.is_some() && !reader.next_line(is_line_break)? {
            return Err(invalid_line(1, NO_CONTENT_REASON));
        }
        reader.read_until_quotes_close()?;
        let delimiter = explicit_delimiter.unwrap_or_else(|| find_delimiter(reader.remaining()));
        let mut csv = Self {
            columns: Vec::new(),
            unnamed_count: 0,
            delimiter,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            cells: Vec::new(),
            cell_ends: Vec::new(),
        };
        let cell_count = csv.read_record(reader)?;
        let cells = csv.split_cells(cell_count);
        let cells = cells.map_err(|reason| invalid_line(reader.line(), reason))?;
        let mut columns: Vec<String> = cells.map(map_column).collect();
        // Some spreadsheets write empty columns at the end of each line.
        let named_count = columns.iter().rposition(|name| !name.is_empty()).map_or(0, |i| i + 1);
        csv.unnamed_count = columns.len() - named_count;
        columns.truncate(named_count.max(1));
        check_columns(&columns).map_err(|reason| invalid_line(reader.line(), &reason))?;
        Ok(Self { columns, ..csv })
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the next row with at least one cell that is not empty. After an inner error, which
    /// describes an invalid row, the next row can be read. After an outer error, no row can be
    /// read.
    pub(super) fn next_row<R: BufRead>(
        &mut self,
        reader: &mut LineReader<R>,
    ) -> Result<Option<Result<Row, InvalidLine>>, RowError> {
        loop {
            // The parser ends a record after the CR of CR LF, so that the LF may remain in the
            // chunk.
            if reader.remaining().iter().copied().all(is_line_break) {
                if !reader.next_line(is_line_break)? {
                    return Ok(None);
                }
                reader.read_until_quotes_close()?;
            }
            let line = reader.remaining_line();
            let cell_count = self.read_record(reader)?;
            match self.build_fields(cell_count) {
                Ok(fields) if fields.is_empty() => {}
                Ok(fields) => return Ok(Some(Ok(Row { line, fields }))),
                Err(reason) => return Ok(Some(Err(InvalidLine { line, reason }))),
            }
        }
    }

    /// Returns the cells of the current record that are not empty, by column name.
    fn build_fields(&self, cell_count: usize) -> Result<Map<String, Value>, String> {
        let expected = self.columns.len();
        if cell_count < expected || cell_count > expected + self.unnamed_count {
            let cells = if cell_count == 1 { "cell" } else { "cells" };
            return Err(format!("found {cell_count} {cells}, expected {expected}"));
        }
        let mut unnamed_cells = (1..).zip(self.split_cells(cell_count)?).skip(expected);
        if let Some((column, _)) = unnamed_cells.find(|(_, cell)| !cell.is_empty()) {
            return Err(format!("text found in column {column}, which has no name"));
        }
        let cells = self.columns.iter().zip(self.split_cells(cell_count)?);
        let cells = cells.filter(|(_, cell)| !cell.is_empty());
        let fields = cells.map(|(name, cell)| Ok((name.clone(), parse_cell(name, cell)?)));
        fields.collect::<Result<_, InvalidValue>>().map_err(|invalid| invalid.to_string())
    }

    /// Parses the next record of the current chunk; returns the number of cells.
    fn read_record<R: BufRead>(&mut self, reader: &mut LineReader<R>) -> Result<usize, RowError> {
        let input = reader.remaining();
        // The cells are not longer than the text. Each cell except the last has a separator of one
        // byte.
        self.cells.resize(self.cells.len().max(input.len()), 0);
        self.cell_ends.resize(self.cell_ends.len().max(input.len() + 1), 0);
        let (result, bytes_read, _, cell_count) =
            self.parser.read_record(input, &mut self.cells, &mut self.cell_ends);
        let record = input.get(..bytes_read).unwrap_or_default();
        if result != ReadRecordResult::Record || has_open_quote(record) {
            return Err(reader.unclosed_quote_error());
        }
        reader.consume(bytes_read);
        Ok(cell_count)
    }

    /// Returns the cells of the current record, which has `cell_count` cells.
    fn split_cells(&self, cell_count: usize) -> Result<impl Iterator<Item = &str>, &'static str> {
        let ends = self.cell_ends.get(..cell_count).unwrap_or_default();
        let content = self.cells.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        let content = std::str::from_utf8(content).map_err(|_| "not UTF-8")?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        Ok(starts.zip(ends).map(|(start, end)| content.get(start..*end).unwrap_or_default()))
    }
}

impl Clone for CsvReader {
    /// Returns a parser for other rows of the same file, without the current record.
    fn clone(&self) -> Self {
        // `csv_core::Reader` is not cloned: in version 0.1.13, a clone parses each byte as a cell.
        let mut parser = ReaderBuilder::new().delimiter(self.delimiter).build();
        // A new parser skips a byte order mark at the start of its first input, but only the header
        // may have a byte order mark. The first input is therefore an empty line.
        parser.read_record(b"\n", &mut [0], &mut [0]);
        Self {
            columns: self.columns.clone(),
            unnamed_count: self.unnamed_count,
            delimiter: self.delimiter,
            parser,
            cells: Vec::new(),
            cell_ends: Vec::new(),
        }
    }
}

/// Returns the separator in a line such as `sep=;`; `None` for any other line.
fn parse_delimiter_line(line: &[u8]) -> Option<u8> {
    let (name, rest) = line.split_at_checked("sep=".len())?;
    let [delimiter, line_break @ ..] = rest else { return None };
    let is_delimiter_line = name.eq_ignore_ascii_case(b"sep=")
        && DELIMITERS.contains(delimiter)
        && line_break.iter().copied().all(is_line_break);
    is_delimiter_line.then_some(*delimiter)
}

/// Returns the most frequent separator of a header outside of quotes; by default a comma.
fn find_delimiter(header: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in header {
        is_quoted ^= *byte == b'"';
        if !is_quoted && is_line_break(*byte) {
            break;
        }
        for (delimiter, count) in DELIMITERS.iter().zip(&mut counts) {
            *count += usize::from(!is_quoted && byte == delimiter);
        }
    }
    // For equal counts, `max_by_key` returns the last item. In reversed order, this is the
    // separator that is first in `DELIMITERS`.
    let frequencies = DELIMITERS.into_iter().zip(counts).rev();
    frequencies.max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Rejects duplicate and empty column names. The error does not contain the names: in a file
/// without a header, the cells of the first row are read as names, and may contain a password.
fn check_columns(columns: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if let Some((column, _)) = (1..).zip(columns).find(|(_, name)| !seen.insert(*name)) {
        return Err(format!("duplicate column name in column {column}"));
    }
    if columns.iter().any(String::is_empty) {
        return Err("empty column name".to_owned());
    }
    Ok(())
}

/// Converts a cell of the column `name`. A cell of `exp`, `nbf` or `iat` becomes Unix seconds
/// (`NumericDate`, RFC 7519, section 4.1); any other cell becomes text.
fn parse_cell(name: &str, cell: &str) -> Result<Value, InvalidValue> {
    let Some(value_name) = ["exp", "nbf", "iat"].into_iter().find(|claim| *claim == name) else {
        return Ok(cell.into());
    };
    let time = Timestamp::parse(cell).map_err(|invalid| InvalidValue { value_name, ..invalid })?;
    Ok(time.unix().into())
}
