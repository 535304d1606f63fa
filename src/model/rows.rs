//! Rows of claims from files: CSV with a header, or a JSON object a line.

use super::strict_object;
use serde_json::{Map, Value};

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
/// every other one CSV: its first line names the claims, and an empty cell is no claim.
pub(crate) fn rows(bytes: &[u8]) -> Result<Vec<Row>, BadLine> {
    if is_csv(bytes) { of_csv(bytes) } else { of_json(bytes) }
}

/// Whether that is how [`rows`] reads it.
pub(super) fn is_csv(bytes: &[u8]) -> bool {
    !bytes.trim_ascii_start().starts_with(b"{")
}

fn of_json(bytes: &[u8]) -> Result<Vec<Row>, BadLine> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let bad = |why: String| BadLine { line, why: format!("it is {why}") };
        rows.push(Row { line, claims: strict_object(text).map_err(bad)? });
    }
    Ok(rows)
}

/// The claims that the first line of a CSV file names; none for JSON Lines.
pub(crate) fn columns(bytes: &[u8]) -> Result<Vec<String>, BadLine> {
    if is_csv(bytes) { header(&mut csv::Reader::from_reader(bytes), bytes) } else { Ok(Vec::new()) }
}

fn header(reader: &mut csv::Reader<&[u8]>, bytes: &[u8]) -> Result<Vec<String>, BadLine> {
    let names = reader.headers().map_err(|error| bad_csv(bytes, &error))?;
    let names: Vec<String> = names.iter().map(str::to_owned).collect();
    if let Some(at) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        return Err(BadLine { line: 1, why: format!("column {} is there twice", at + 1) });
    }
    if names.iter().any(|name| name.is_empty()) {
        return Err(BadLine { line: 1, why: "a column has no name".to_owned() });
    }
    Ok(names)
}

fn of_csv(bytes: &[u8]) -> Result<Vec<Row>, BadLine> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = header(&mut reader, bytes)?;
    let mut rows = Vec::new();
    let mut begins = vec![(0, 1)];
    for record in reader.records() {
        let record = record.map_err(|error| bad_csv(bytes, &error))?;
        let line = line(bytes, record.position());
        begins.push((begin(record.position()), line));
        let cells = names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let claims = cells.map(|(name, cell)| (name.clone(), Value::from(cell)));
        rows.push(Row { line, claims: claims.collect() });
    }
    match open_quote(bytes, &begins) {
        Some(line) => Err(BadLine { line, why: "a quote is not closed".to_owned() }),
        None => Ok(rows),
    }
}

/// The line of the first record with an odd number of quotes (RFC 4180, section 2): the reader takes
/// one that is not closed to go on, to the end of the file if need be. Records are told by the byte
/// and the line they begin with.
fn open_quote(bytes: &[u8], begins: &[(usize, u64)]) -> Option<u64> {
    let ends = begins.iter().skip(1).map(|(begin, _)| *begin).chain([bytes.len()]);
    let is_open = |from, to| {
        let record = bytes.get(from..to).unwrap_or_default();
        record.iter().filter(|byte| **byte == b'"').fold(false, |is_open, _| !is_open)
    };
    let mut records = begins.iter().zip(ends);
    records.find(|((begin, _), end)| is_open(*begin, *end)).map(|((_, line), _)| *line)
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
        format!("it has {len} cells, not {expected_len}")
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
        assert_eq!(shown("a\n\"b\"\"c\"\n"), "2 {\"a\":\"b\\\"c\"}");
        assert_eq!(shown("sub\n"), "");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn the_wrong_line_is_named() {
        for (text, wanted) in [
            ("a,b\n1,2\n3\n", "line 3: it has 1 cells, not 2"),
            ("a,a\n", "line 1: column 2 is there twice"),
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
