//! What must hold for whatever is read as JSON, as rows, as a hash or as a setting.

use crate::crypto::foreign_hash;
use crate::model::{
    ExtraClaims, Policy, Row, RowError, Rows, Setting, SpreadsheetRows, csv_header, escaped,
    strict_object, to_csv,
};
use serde_json::{Map, Value};

/// The strict reader of JSON, rows of files, hashes, the words `name=JSON` and `setting=value`: no
/// member twice, and otherwise just what a lenient reader takes; a row comes back from CSV as it
/// was; a setting that is taken is one visible line.
pub fn lines(bytes: &[u8]) {
    let lenient = serde_json::from_slice::<Map<String, Value>>(bytes).ok();
    let strict = strict_object(bytes).ok();
    let once =
        lenient.filter(|map| colons(bytes) == map.values().map(members).sum::<usize>() + map.len());
    assert_eq!(strict, once);
    let wrong = Rows::of_claims(bytes).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
    let wrong = wrong.err().map(|error| match error {
        RowError::Bad(bad) => bad.line,
        RowError::Input(error) => panic!("memory can be read: {error}"),
    });
    let there = bytes.split(|byte| *byte == b'\n').count();
    assert!(wrong.is_none_or(|line| (1..=there).contains(&usize::try_from(line).unwrap_or(0))));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    comes_back(text);
    if let Ok(hash) = foreign_hash(text.to_owned()) {
        assert_eq!(hash.expose(), text, "it is kept as it is");
    }
    if let Ok(claims) = ExtraClaims::parse(&[], &[format!("a={text}")]) {
        assert_eq!(claims.0.get("a"), serde_json::from_str(text).ok().as_ref());
    }
    let Some((name, value)) = text.split_once('=') else { return };
    let Ok(setting) = Setting::parse(name) else { return };
    let Ok(kept) = setting.checked(value) else { return };
    assert_eq!(escaped(&kept), kept, "a setting is one visible line");
    let [mut given, mut stored] = [Policy::default(), Policy::default()];
    given.apply(setting, value).expect("it was checked");
    stored.apply(setting, &kept).expect("it was checked");
    assert_eq!(given, stored);
}

/// A cell that is written is read again.
fn comes_back(text: &str) {
    let row = Map::from_iter([("a".to_owned(), Value::from(0)), ("b".to_owned(), text.into())]);
    let file = csv_header(&row) + &to_csv(std::slice::from_ref(&row));
    let is_same = |Row { claims, .. }: Row| {
        let read = claims.get("b").and_then(Value::as_str);
        assert_eq!(read.unwrap_or_default(), escaped(text));
    };
    let rows = SpreadsheetRows::begin(file.as_bytes(), "").expect("it was written here");
    rows.map(|row| row.expect("it was written here")).for_each(is_same);
}

/// The members of all objects in there.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The colons outside of strings: as many as members are written.
fn colons(json: &[u8]) -> usize {
    let (mut count, mut inside, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b':' if !inside => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_as_written() {
        assert_eq!(colons(br#"{"a:":"\":","b":{"c":[":"]}}"#), 3);
        assert_eq!(members(&serde_json::json!({"a": [{"b": 1}], "c": {}})), 3);
    }
}
