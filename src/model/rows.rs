//! Rows of claims from files: CSV with a header, or a JSON object a line.

use super::{Invalid, Timestamp, strict_object};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Which line of a file is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(crate) struct BadLine {
    /// From 1.
    pub(crate) line: u64,
    /// Why it was refused; nothing of the line itself.
    pub(crate) why: String,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row {
    /// The line it begins on, from 1; 0 for what stands in no file.
    pub(crate) line: u64,
    /// What it says.
    pub(crate) claims: Map<String, Value>,
}

/// The rows of a file. One that begins with a brace is JSON Lines,
/// every other one CSV: its first line names the claims, an empty cell is no claim, nothing but empty
/// cells no row, and one of `exp`, `nbf` or `iat` a time. There is at least one row.
pub(crate) fn rows(bytes: &[u8]) -> Result<Vec<Row>, BadLine> {
    let mut rows = Vec::new();
    each_row(bytes, str::to_owned, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Hands over the rows of a file one by one, up to the first that is wrong or refused: all of them
/// at once take many times the room of the file. `called` is what a column of CSV is called for its
/// name there.
pub(super) fn each_row(
    bytes: &[u8],
    called: fn(&str) -> String,
    mut take: impl FnMut(Row) -> Result<(), BadLine>,
) -> Result<(), BadLine> {
    let mut is_empty = true;
    let take = |row| {
        is_empty = false;
        take(row)
    };
    let read = if is_csv(bytes) { of_csv(bytes, called, take) } else { of_json(bytes, take) };
    read?;
    if is_empty { Err(bad(1, "there is no row")) } else { Ok(()) }
}

fn bad(line: u64, why: &str) -> BadLine {
    BadLine { line, why: why.to_owned() }
}

/// Whether that is how [`rows`] reads it.
pub(super) fn is_csv(bytes: &[u8]) -> bool {
    !unmarked(bytes).trim_ascii_start().starts_with(b"{")
}

/// The bytes without the mark of UTF-8, which some editors put before a text.
fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

fn of_json(bytes: &[u8], mut take: impl FnMut(Row) -> Result<(), BadLine>) -> Result<(), BadLine> {
    for (line, text) in (1..).zip(unmarked(bytes).split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let bad = |why: String| BadLine { line, why: format!("it is {why}") };
        take(Row { line, claims: strict_object(text).map_err(bad)? })?;
    }
    Ok(())
}

/// What the columns of a CSV file are called; there are none in JSON Lines.
pub(super) fn columns_called(
    bytes: &[u8],
    called: fn(&str) -> String,
) -> Result<Vec<String>, BadLine> {
    if !is_csv(bytes) {
        return Ok(Vec::new());
    }
    header(&mut csv::Reader::from_reader(bytes), bytes, called)
}

fn header(
    reader: &mut csv::Reader<&[u8]>,
    bytes: &[u8],
    called: fn(&str) -> String,
) -> Result<Vec<String>, BadLine> {
    if unmarked(bytes).trim_ascii_start().starts_with(b"[") {
        return Err(bad(1, "it begins a list of JSON: an object a line is needed, or CSV"));
    }
    let names = reader.headers().map_err(|error| bad_csv(bytes, &error))?;
    let names: Vec<String> = names.iter().map(called).collect();
    let mut seen = HashSet::new();
    // Without a line of names it may be a password that stands there.
    if let Some((column, _)) = (1..).zip(&names).find(|(_, name)| !seen.insert(*name)) {
        return Err(bad(1, &format!("column {column} is called like another one")));
    }
    if names.iter().any(|name| name.is_empty()) {
        return Err(bad(1, "a column has no name"));
    }
    if names.len() == 1 && names.iter().any(|name| name.contains([';', '\t'])) {
        return Err(bad(1, "the cells are not separated by commas"));
    }
    Ok(names)
}

fn of_csv(
    bytes: &[u8],
    called: fn(&str) -> String,
    mut take: impl FnMut(Row) -> Result<(), BadLine>,
) -> Result<(), BadLine> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = header(&mut reader, bytes, called)?;
    let mut record = csv::StringRecord::new();
    is_closed(bytes, &csv::Position::new(), reader.position())?;
    loop {
        let start = reader.position().clone();
        let read = reader.read_record(&mut record);
        is_closed(bytes, &start, reader.position())?;
        if !read.map_err(|error| bad_csv(bytes, &error))? {
            return Ok(());
        }
        let line = line(bytes, Some(&start));
        let cells = names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let claims = cells.map(|(name, cell)| Ok((name.clone(), value(name, cell)?)));
        let claims = claims.collect::<Result<Map<_, _>, Invalid>>();
        let claims = claims.map_err(|invalid| bad(line, &invalid.to_string()))?;
        if !claims.is_empty() {
            take(Row { line, claims })?;
        }
    }
}

/// What a cell says: text, and where a claim is a `NumericDate` (RFC 7519, section 4.1) a time.
fn value(name: &str, cell: &str) -> Result<Value, Invalid> {
    let Some(what) = ["exp", "nbf", "iat"].into_iter().find(|time| *time == name) else {
        return Ok(cell.into());
    };
    let time = Timestamp::parse(cell).map_err(|invalid| Invalid { what, ..invalid })?;
    Ok(time.unix().into())
}

/// Refuses a record with an odd number of quotes (RFC 4180, section 2): the reader takes one that is
/// not closed to go on, to the end of the file if need be.
fn is_closed(bytes: &[u8], start: &csv::Position, end: &csv::Position) -> Result<(), BadLine> {
    let record = bytes.get(begin(Some(start))..begin(Some(end))).unwrap_or_default();
    let is_open = record.iter().filter(|byte| **byte == b'"').fold(false, |is_open, _| !is_open);
    if is_open { Err(bad(line(bytes, Some(start)), "a quote is not closed")) } else { Ok(()) }
}

fn begin(position: Option<&csv::Position>) -> usize {
    position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
}

/// The line of a record, which the reader takes to begin with the empty lines before it.
fn line(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let start = begin(position);
    let Some(position) = position else { return 1 };
    let behind = bytes.get(start..).unwrap_or_default().iter();
    let empty = behind.take_while(|byte| b"\r\n".contains(byte)).filter(|byte| **byte == b'\n');
    position.line() + u64::try_from(empty.count()).unwrap_or(0)
}

fn bad_csv(bytes: &[u8], error: &csv::Error) -> BadLine {
    let why = if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        let cells = if *len == 1 { "cell" } else { "cells" };
        format!("it has {len} {cells}, not {expected_len}")
    } else if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) {
        "it is not UTF-8".to_owned()
    } else {
        "it is not CSV".to_owned()
    };
    BadLine { line: line(bytes, error.position()), why }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (" [{\"a\":1}]\n", "line 1: it begins a list of JSON"),
            ("sub\n", "line 1: there is no row"),
            ("sub,exp\na,\nb,soon\n", "line 3: exp: neither RFC 3339"),
            ("\n", "line 1: there is no row"),
            ("", "line 1: there is no row"),
            ("a,a\n", "line 1: column 2 is called like another one"),
            ("a,b\n,\n", "line 1: there is no row"),
            ("a,\n", "line 1: a column has no name"),
            ("{}\n{\"a\":1,\"a\":1}\n", "line 2: it is JSON with a duplicate name"),
            ("{}\n[]\n", "line 2: it is not a JSON object"),
            ("a\nb\n\"c,\nd\n", "line 3: a quote is not closed"),
            ("a\nb\n\"c,\nd\n\"e\"\n", "line 3: a quote is not closed"),
            ("\"a\nb\n", "line 1: a quote is not closed"),
        ] {
            let error = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(wanted.split(" it is ").next().unwrap()), "{error}");
        }
        assert_eq!(rows(b"a\nb\n\xff\n").unwrap_err().to_string(), "line 3: it is not UTF-8");
    }
}
