//! Input rows that differ only in their texts.

use serde_json::{Map, Value};

/// Maximum length of a text of an input row in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 1024;

/// Maximum number of different rows: rows of JSON Lines can have different members.
pub(super) const MAX_EXAMPLES: usize = 8;

/// Returns whether a row differs from an example only in its texts.
pub(super) fn is_like(fields: &Map<String, Value>, example: &Map<String, Value>) -> bool {
    fields.len() == example.len()
        && fields.iter().zip(example).all(|((name, value), (example_name, example))| {
            let is_text = value.is_string() && example.is_string() && is_plain(value);
            name == example_name && (is_text || value == example)
        })
}

/// Returns whether a value of an input row is not a text, or a short text that JSON and JSON in a
/// text contain unchanged. An empty text is different: as a parameter it is an empty list.
pub(super) fn is_plain(value: &Value) -> bool {
    let is_unchanged = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
    value.as_str().is_none_or(|text| {
        (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(is_unchanged)
    })
}
