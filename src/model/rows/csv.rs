//! Rows of CSV below a line of names.

use super::text::{Text, has_open_quote};
use super::{Row, RowError, bad};
use crate::model::{Invalid, Timestamp};
use csv_core::{ReadRecordResult, Reader};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::io::BufRead;

/// A reader of CSV with the names of its columns.
#[derive(Debug)]
pub(super) struct Csv {
    names: Vec<String>,
    parser: Reader,
    /// The cells of the current record, one behind another.
    cells: Vec<u8>,
    /// The end of each cell.
    ends: Vec<usize>,
}

impl Csv {
    /// Reads the names, which begin with the current piece of the text.
    pub(super) fn begin<R: BufRead>(
        text: &mut Text<R>,
        column: fn(&str) -> String,
    ) -> Result<Self, RowError> {
        if text.rest().trim_ascii_start().starts_with(b"[") {
            let why = "it begins a list of JSON: an object a line is needed, or CSV";
            return Err(bad(1, why));
        }
        let mut csv =
            Self { names: Vec::new(), parser: Reader::new(), cells: Vec::new(), ends: Vec::new() };
        text.close_quotes()?;
        let count = csv.record(text)?;
        let names = csv.cells(count, text.line())?;
        let names: Vec<String> = names.map(column).collect();
        check(&names).map_err(|why| bad(1, &why))?;
        Ok(Self { names, ..csv })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the next row with a cell that is not empty.
    pub(super) fn next<R: BufRead>(&mut self, text: &mut Text<R>) -> Result<Option<Row>, RowError> {
        loop {
            // A record ends with the first byte of CR LF.
            if text.rest().iter().copied().all(is_break) {
                if !text.next_line(is_break)? {
                    return Ok(None);
                }
                text.close_quotes()?;
            }
            let line = text.line();
            let count = self.record(text)?;
            let wanted = self.names.len();
            if count != wanted {
                let cells = if count == 1 { "cell" } else { "cells" };
                return Err(bad(line, &format!("it has {count} {cells}, not {wanted}")));
            }
            let cells = self.names.iter().zip(self.cells(count, line)?);
            let cells = cells.filter(|(_, cell)| !cell.is_empty());
            let claims = cells.map(|(name, cell)| Ok((name.clone(), value(name, cell)?)));
            let claims = claims.collect::<Result<Map<_, _>, Invalid>>();
            let claims = claims.map_err(|invalid| bad(line, &invalid.to_string()))?;
            if !claims.is_empty() {
                return Ok(Some(Row { line, claims }));
            }
        }
    }

    /// Parses a record of the piece; returns the number of its cells.
    fn record<R: BufRead>(&mut self, text: &mut Text<R>) -> Result<usize, RowError> {
        let input = text.rest();
        // No cell is longer than its text, and each has a byte at least: its separator.
        self.cells.resize(self.cells.len().max(input.len()), 0);
        self.ends.resize(self.ends.len().max(input.len() + 1), 0);
        let (result, read, _, count) =
            self.parser.read_record(input, &mut self.cells, &mut self.ends);
        let record = input.get(..read).unwrap_or_default();
        if result != ReadRecordResult::Record || has_open_quote(record) {
            return Err(text.open_quote());
        }
        text.take(read);
        Ok(count)
    }

    fn cells(&self, count: usize, line: u64) -> Result<impl Iterator<Item = &str>, RowError> {
        let ends = self.ends.get(..count).unwrap_or_default();
        let all = self.cells.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        let all = std::str::from_utf8(all).map_err(|_| bad(line, "it is not UTF-8"))?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        Ok(starts.zip(ends).map(|(start, end)| all.get(start..*end).unwrap_or_default()))
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Refuses names that leave open which cell is meant. They are not repeated: without a line of
/// names it may be a password that stands there.
fn check(names: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if let Some((column, _)) = (1..).zip(names).find(|(_, name)| !seen.insert(*name)) {
        return Err(format!("column {column} is called like another one"));
    }
    if names.iter().any(String::is_empty) {
        return Err("a column has no name".to_owned());
    }
    if names.len() == 1 && names.iter().any(|name| name.contains([';', '\t'])) {
        return Err("the cells are not separated by commas".to_owned());
    }
    Ok(())
}

/// The value of a cell: text, and where a claim is a `NumericDate` (RFC 7519, section 4.1) a time.
fn value(name: &str, cell: &str) -> Result<Value, Invalid> {
    let Some(what) = ["exp", "nbf", "iat"].into_iter().find(|time| *time == name) else {
        return Ok(cell.into());
    };
    let time = Timestamp::parse(cell).map_err(|invalid| Invalid { what, ..invalid })?;
    Ok(time.unix().into())
}
