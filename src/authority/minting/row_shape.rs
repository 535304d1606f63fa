//! Input rows that differ only in their string values.

use serde_json::{Map, Value};

/// Maximum length of a plain string value of an input row in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 1024;

/// Maximum number of example rows: rows of JSON Lines with different members need different
/// examples.
pub(super) const MAX_EXAMPLES: usize = 8;

/// Returns whether a row has the members of an example and differs at most in plain string values.
pub(super) fn differs_only_in_texts(
    fields: &Map<String, Value>,
    example: &Map<String, Value>,
) -> bool {
    fields.len() == example.len()
        && fields.iter().zip(example).all(|((name, value), (example_name, example))| {
            let is_text = value.is_string() && example.is_string() && is_plain(value);
            name == example_name && (is_text || value == example)
        })
}

/// Returns whether a value of an input row is not a string, or is a short string without characters
/// that JSON escapes. Such a string is unchanged even in JSON that is part of another JSON string.
/// An empty string is not plain: for a parameter whose default is a list, an empty string means an
/// empty list.
pub(super) fn is_plain(value: &Value) -> bool {
    let is_unchanged = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
    value.as_str().is_none_or(|text| {
        (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(is_unchanged)
    })
}
