//! Reader of a JSON list in one line: `{"items":[{…},{…}]}`. Only a line that exceeds the maximum
//! length of a row is read as a list.

use super::line_reader::{LineReader, MAX_ROW_BYTES};
use super::row::{Row, RowError, invalid_line};
use crate::model::json::read_strict_object;
use std::io::{BufRead, ErrorKind, Read};

/// Start of a list. No other form, for example with spaces, is recognized.
const LIST_PREFIX: &[u8] = b"{\"items\":[";

const NOT_A_LIST: &str = "not a list of JSON objects";

/// Consumes the start of a list, and returns true. Returns false if the current chunk of `reader`
/// (the text in its buffer) does not start with [`LIST_PREFIX`].
pub(super) fn consume_prefix<R: BufRead>(reader: &mut LineReader<R>) -> bool {
    let is_list = reader.remaining().starts_with(LIST_PREFIX);
    if is_list {
        reader.consume(LIST_PREFIX.len());
    }
    is_list
}

/// Reads the next object of the list. Returns `None` at the end of the list, `]}`, which only
/// whitespace may follow. `is_first` is true for the first object, which no comma precedes.
pub(super) fn next_row<R: BufRead>(
    reader: &mut LineReader<R>,
    is_first: bool,
) -> Result<Option<Row>, RowError> {
    let line = reader.line();
    let not_a_list = || invalid_line(line, NOT_A_LIST);
    let mut byte = next_visible_byte(reader)?;
    if byte == Some(b',') && !is_first {
        byte = next_visible_byte(reader)?;
    } else if byte == Some(b']') {
        let is_complete =
            next_visible_byte(reader)? == Some(b'}') && next_visible_byte(reader)?.is_none();
        return if is_complete { Ok(None) } else { Err(not_a_list()) };
    } else if !is_first {
        return Err(not_a_list());
    }
    if byte != Some(b'{') {
        return Err(not_a_list());
    }
    let max_bytes = u64::try_from(MAX_ROW_BYTES).unwrap_or(u64::MAX);
    let mut object = b"{".as_slice().chain(reader).take(max_bytes);
    let fields = read_strict_object(&mut object);
    let is_too_long = object.limit() == 0;
    let fields = fields.map_err(|error| match error {
        _ if is_too_long => {
            invalid_line(line, &format!("an item is longer than {} KiB", MAX_ROW_BYTES / 1024))
        }
        Ok(error) => error.into(),
        Err(error) => invalid_line(line, &format!("an item is {}", error.summary())),
    })?;
    Ok(Some(Row { line, fields }))
}

/// Returns the next byte that is not whitespace, or `None` at the end of the text. A sequence of
/// [`MAX_ROW_BYTES`] whitespace bytes is an error.
fn next_visible_byte<R: BufRead>(reader: &mut LineReader<R>) -> Result<Option<u8>, RowError> {
    let mut byte = [0];
    for _ in 0..MAX_ROW_BYTES {
        match reader.read_exact(&mut byte) {
            Ok(()) if byte[0].is_ascii_whitespace() => {}
            Ok(()) => return Ok(Some(byte[0])),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    let reason = format!("found {} KiB of whitespace", MAX_ROW_BYTES / 1024);
    Err(invalid_line(reader.line(), &reason))
}
