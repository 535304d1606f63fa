//! CSV with a header.

use super::line_reader::{LineReader, has_open_quote};
use super::row::{Row, RowError, invalid_line};
use crate::model::{InvalidValue, Timestamp};
use csv_core::{ReadRecordResult, Reader};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::io::BufRead;

/// CSV parser with column names.
#[derive(Debug)]
pub(super) struct CsvReader {
    columns: Vec<String>,
    parser: Reader,
    /// Concatenated cells of the current record.
    cells: Vec<u8>,
    /// End offset of each cell in `cells`.
    cell_ends: Vec<usize>,
}

impl CsvReader {
    /// Reads the header, which is at the start of the current chunk.
    pub(super) fn new<R: BufRead>(
        reader: &mut LineReader<R>,
        map_column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        if reader.remaining().trim_ascii_start().starts_with(b"[") {
            let reason = "JSON array found, expected JSON Lines or CSV";
            return Err(invalid_line(1, reason));
        }
        let mut csv = Self {
            columns: Vec::new(),
            parser: Reader::new(),
            cells: Vec::new(),
            cell_ends: Vec::new(),
        };
        reader.read_until_quotes_close()?;
        let count = csv.read_record(reader)?;
        let cells = csv.split_cells(count, reader.line())?;
        let columns: Vec<String> = cells.map(map_column).collect();
        check_columns(&columns).map_err(|reason| invalid_line(1, &reason))?;
        Ok(Self { columns, ..csv })
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the next row with at least one cell that is not empty.
    pub(super) fn next_row<R: BufRead>(
        &mut self,
        reader: &mut LineReader<R>,
    ) -> Result<Option<Row>, RowError> {
        loop {
            // A record ends after the CR of CR LF, so that the LF may remain.
            if reader.remaining().iter().copied().all(is_line_break) {
                if !reader.next_line(is_line_break)? {
                    return Ok(None);
                }
                reader.read_until_quotes_close()?;
            }
            let line = reader.line();
            let count = self.read_record(reader)?;
            let expected = self.columns.len();
            if count != expected {
                let cells = if count == 1 { "cell" } else { "cells" };
                return Err(invalid_line(
                    line,
                    &format!("found {count} {cells}, expected {expected}"),
                ));
            }
            let cells = self.columns.iter().zip(self.split_cells(count, line)?);
            let cells = cells.filter(|(_, cell)| !cell.is_empty());
            let fields = cells.map(|(name, cell)| Ok((name.clone(), parse_cell(name, cell)?)));
            let fields = fields.collect::<Result<Map<_, _>, InvalidValue>>();
            let fields = fields.map_err(|invalid| invalid_line(line, &invalid.to_string()))?;
            if !fields.is_empty() {
                return Ok(Some(Row { line, fields }));
            }
        }
    }

    /// Parses one record of the current chunk; returns the number of cells.
    fn read_record<R: BufRead>(&mut self, reader: &mut LineReader<R>) -> Result<usize, RowError> {
        let input = reader.remaining();
        // The cells are not longer than the text, and each cell takes at least one byte of text.
        self.cells.resize(self.cells.len().max(input.len()), 0);
        self.cell_ends.resize(self.cell_ends.len().max(input.len() + 1), 0);
        let (result, bytes_read, _, count) =
            self.parser.read_record(input, &mut self.cells, &mut self.cell_ends);
        let record = input.get(..bytes_read).unwrap_or_default();
        if result != ReadRecordResult::Record || has_open_quote(record) {
            return Err(reader.unclosed_quote_error());
        }
        reader.consume(bytes_read);
        Ok(count)
    }

    fn split_cells(&self, count: usize, line: u64) -> Result<impl Iterator<Item = &str>, RowError> {
        let ends = self.cell_ends.get(..count).unwrap_or_default();
        let content = self.cells.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        let content = std::str::from_utf8(content).map_err(|_| invalid_line(line, "not UTF-8"))?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        Ok(starts.zip(ends).map(|(start, end)| content.get(start..*end).unwrap_or_default()))
    }
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Rejects ambiguous column names. The error does not repeat the names: in a file without a header
/// a name may be a password.
fn check_columns(columns: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if let Some((column, _)) = (1..).zip(columns).find(|(_, name)| !seen.insert(*name)) {
        return Err(format!("duplicate column name in column {column}"));
    }
    if columns.iter().any(String::is_empty) {
        return Err("empty column name".to_owned());
    }
    if columns.len() == 1 && columns.iter().any(|name| name.contains([';', '\t'])) {
        return Err("cells are not separated by commas".to_owned());
    }
    Ok(())
}

/// Converts a cell: a time for `exp`, `nbf` and `iat` (`NumericDate`, RFC 7519, section 4.1), else
/// text.
fn parse_cell(name: &str, cell: &str) -> Result<Value, InvalidValue> {
    let Some(value_name) = ["exp", "nbf", "iat"].into_iter().find(|time| *time == name) else {
        return Ok(cell.into());
    };
    let time = Timestamp::parse(cell).map_err(|invalid| InvalidValue { value_name, ..invalid })?;
    Ok(time.unix().into())
}
