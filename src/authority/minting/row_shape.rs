//! Input rows that differ only in their string values.

use serde_json::{Map, Value};

/// Maximum length of a plain string value of an input row in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 1024;

/// Maximum number of example rows. An example represents all rows that differ from the example only
/// in plain string values. Rows of JSON Lines with different members need different examples.
pub(super) const MAX_EXAMPLES: usize = 8;

/// Returns whether a row differs from an example at most in plain string values (see [`is_plain`]).
/// The members and their order must be the same.
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

/// Returns whether a value of an input row is plain. A string is plain if it is short, not empty,
/// and contains no character that JSON escapes. Such a string remains unchanged even in JSON that
/// is part of another JSON string. An empty string is not plain, because it means an empty list for
/// a preset parameter with a list as default. All values that are not strings are plain.
pub(super) fn is_plain(value: &Value) -> bool {
    let is_unchanged = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
    value.as_str().is_none_or(|text| {
        (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(is_unchanged)
    })
}
