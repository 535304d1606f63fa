//! Fuzz target for JSON, files with rows, TOML, password hashes, claims and settings.

use super::{has_number_out_of_range, parse_independently};
use crate::crypto::parse_imported_hash;
use crate::model::{
    ExtraClaims, Row, RowError, RowReader, Setting, Settings, SpreadsheetRows, TomlTable, escape,
    parse_strict_object, render_csv_header, render_csv_rows,
};
use serde_json::{Map, Value};

/// Checks the readers of JSON, of files with rows (CSV, JSON Lines), of TOML, of password hashes,
/// of claims (`name=JSON`) and of settings (`setting=value`).
///
/// The strict JSON reader accepts the same objects as a lenient reader, except objects with
/// duplicate members or with numbers that have a fraction or an exponent and exceed the range of a
/// double. Reading rows in blocks has the same result as reading them one after another. The line
/// number of an error is a line of the input. A text that is written as a CSV cell is read back as
/// the escaped text. An accepted password hash is unchanged. An accepted claim has the value that
/// an independent JSON parser returns. The stored value of an accepted setting is one visible line,
/// and has the same effect as the input.
pub fn input_formats(bytes: &[u8]) {
    let lenient = parse_independently(bytes)
        .filter(|value| !has_number_out_of_range(value))
        .and_then(|value| value.as_object().cloned());
    let strict = parse_strict_object(bytes).ok();
    let lenient_without_duplicates = lenient.filter(|map| {
        count_colons(bytes) == map.values().map(count_members).sum::<usize>() + map.len()
    });
    assert_eq!(strict, lenient_without_duplicates);
    let parsed = RowReader::new(bytes).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
    let describe = |rows: &Result<Vec<Row>, RowError>| format!("{rows:?}");
    assert_eq!(describe(&read_blocks(bytes)), describe(&parsed));
    let invalid_line = parsed.err().map(|error| match error {
        RowError::InvalidLine(invalid) => invalid.line,
        RowError::Input(error) => panic!("reading memory failed: {error}"),
    });
    let invalid_toml_line = TomlTable::parse(bytes).err().map(|error| error.line);
    let line_count = bytes.split(|byte| *byte == b'\n').count();
    for line in [invalid_line, invalid_toml_line].into_iter().flatten() {
        assert!((1..=line_count).contains(&usize::try_from(line).unwrap_or(0)));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert_csv_round_trip(text);
    if let Ok(hash) = parse_imported_hash(text.to_owned()) {
        assert_eq!(hash.expose(), text, "the hash is unchanged");
    }
    if let Ok(claims) = ExtraClaims::parse(&[], &[format!("a={text}")]) {
        assert_eq!(claims.0.get("a"), parse_independently(text.as_bytes()).as_ref());
    }
    let Some((name, value)) = text.split_once('=') else { return };
    let Ok(setting) = Setting::parse(name) else { return };
    let Ok(stored) = setting.validate(value) else { return };
    assert_eq!(escape(&stored), stored, "a setting is one visible line");
    let [mut from_input, mut from_stored] = [Settings::default(), Settings::default()];
    from_input.apply(setting, value).expect("a validated value is accepted");
    from_stored.apply(setting, &stored).expect("a stored value is accepted");
    assert_eq!(from_input, from_stored);
}

/// Asserts that a text that is written as a CSV cell is read back as the escaped text.
fn assert_csv_round_trip(text: &str) {
    let row = Map::from_iter([("a".to_owned(), Value::from(0)), ("b".to_owned(), text.into())]);
    let file = render_csv_header(row.keys().map(String::as_str))
        + &render_csv_rows(std::slice::from_ref(&row));
    let assert_same = |Row { fields: cells, .. }: Row| {
        let cell = cells.get("b").and_then(Value::as_str);
        assert_eq!(cell.unwrap_or_default(), escape(text));
    };
    let rows = SpreadsheetRows::new(file.as_bytes(), "").expect("a written CSV file is valid");
    rows.map(|row| row.expect("a written CSV row is valid")).for_each(assert_same);
}

/// Returns the number of members of all objects in `value`.
fn count_members(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(count_members).sum::<usize>(),
        Value::Array(items) => items.iter().map(count_members).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Returns the number of colons outside of strings. In valid JSON, this is the number of members of
/// all objects, including duplicate members.
fn count_colons(json: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Reads rows in blocks, as a bulk mint reads its input file. A block is a part of the file that
/// consists of complete rows, or the start of a row that is too long.
fn read_blocks(bytes: &[u8]) -> Result<Vec<Row>, RowError> {
    let (blocks, parser) = RowReader::new(bytes)?.into_blocks();
    let mut rows = Vec::new();
    for block in blocks {
        for row in parser.rows(&block?) {
            rows.push(row?);
        }
    }
    if rows.is_empty() { Err(parser.no_rows_error()) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_outside_strings_and_nested_members_are_counted() {
        assert_eq!(count_colons(br#"{"a:":"\":","b":{"c":[":"]}}"#), 3);
        assert_eq!(count_members(&serde_json::json!({"a": [{"b": 1}], "c": {}})), 3);
    }
}
