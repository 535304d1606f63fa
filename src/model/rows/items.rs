//! Rows of one long line of JSON that holds a list: `{"items":[{…},{…}]}`.

use super::text::{LARGEST_ROW, Text};
use super::{Row, RowError, bad};
use crate::model::json::strict_object_from;
use std::io::{BufRead, ErrorKind, Read};

const BEGINNING: &[u8] = b"{\"items\":[";

const WRONG: &str = "it is not a list of JSON objects";

/// Takes the beginning of such a list, if the piece begins one.
pub(super) fn begin<R: BufRead>(text: &mut Text<R>) -> bool {
    let is_list = text.rest().starts_with(BEGINNING);
    if is_list {
        text.take(BEGINNING.len());
    }
    is_list
}

/// Reads the next object of the list; at its end `None`. The rest of the line must be empty then.
pub(super) fn next<R: BufRead>(
    text: &mut Text<R>,
    is_first: bool,
) -> Result<Option<Row>, RowError> {
    let line = text.line();
    let wrong = || bad(line, WRONG);
    let mut byte = token(text)?;
    if byte == Some(b',') && !is_first {
        byte = token(text)?;
    } else if byte == Some(b']') {
        let is_ended = token(text)? == Some(b'}') && token(text)?.is_none();
        return if is_ended { Ok(None) } else { Err(wrong()) };
    } else if !is_first {
        return Err(wrong());
    }
    if byte != Some(b'{') {
        return Err(wrong());
    }
    let most = u64::try_from(LARGEST_ROW).unwrap_or(u64::MAX);
    let mut object = b"{".as_slice().chain(text).take(most);
    let claims = strict_object_from(&mut object);
    let is_long = object.limit() == 0;
    let claims = claims.map_err(|error| match error {
        _ if is_long => bad(line, &format!("an item is longer than {} KiB", LARGEST_ROW / 1024)),
        Ok(error) => error.into(),
        Err(why) => bad(line, &format!("an item is {why}")),
    })?;
    Ok(Some(Row { line, claims }))
}

/// The next byte that is no white space; as much white space as a row is long is an error.
fn token<R: BufRead>(text: &mut Text<R>) -> Result<Option<u8>, RowError> {
    let mut byte = [0];
    for _ in 0..LARGEST_ROW {
        match text.read_exact(&mut byte) {
            Ok(()) if byte[0].is_ascii_whitespace() => {}
            Ok(()) => return Ok(Some(byte[0])),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
