//! Limits for the size of key material, which bound the memory for its decoding.

use super::error::invalid_key;
use crate::model::InvalidValue;

/// Maximum size of content other than JSON in bytes.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Maximum number of commas, colons and opening brackets in a document, which bounds the memory for
/// its values.
const MAX_SEPARATORS: usize = 250_000;

/// Refuses content whose decoding needs too much memory: JSON with too many values, and large content
/// other than JSON, which needs several times its length.
pub(super) fn ensure_size(bytes: &[u8]) -> Result<(), InvalidValue> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let is_json = text.starts_with(b"{") || text.starts_with(b"[");
    if bytes.len() > MAX_TEXT_BYTES && !is_json {
        return Err(invalid_key(format!("too large: more than {MAX_TEXT_BYTES} bytes")));
    }
    if has_many_values(bytes) {
        return Err(invalid_key("the JSON has too many values"));
    }
    Ok(())
}

/// Returns whether a JSON document can have more values than the memory allows.
pub(super) fn has_many_values(text: &[u8]) -> bool {
    text.iter()
        .filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{'))
        .nth(MAX_SEPARATORS)
        .is_some()
}
