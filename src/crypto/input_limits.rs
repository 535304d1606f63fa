//! Limits for the size of key material. The limits bound the memory that decoding needs.

use super::error::invalid_key;
use crate::model::InvalidValue;

/// Maximum size in bytes of content other than JSON.
const MAX_NON_JSON_BYTES: usize = 256 * 1024;

/// Maximum number of separators (commas, colons, opening brackets and braces) in any content. The
/// limit bounds the memory for the values of content that is JSON.
const MAX_SEPARATORS: usize = 250_000;

/// Refuses content whose decoding needs too much memory: content with too many JSON values, and
/// large content in formats other than JSON. Content in these other formats is limited because its
/// decoding needs several times as much memory as the content.
pub(super) fn ensure_size(bytes: &[u8]) -> Result<(), InvalidValue> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let is_json = text.starts_with(b"{") || text.starts_with(b"[");
    if bytes.len() > MAX_NON_JSON_BYTES && !is_json {
        return Err(invalid_key(format!("too large: more than {MAX_NON_JSON_BYTES} bytes")));
    }
    if has_too_many_separators(bytes) {
        return Err(invalid_key(format!(
            "too large: more than {MAX_SEPARATORS} commas, colons and opening brackets"
        )));
    }
    Ok(())
}

/// Returns whether a text has more than [`MAX_SEPARATORS`] separators. If the text is JSON, it may
/// then have too many values.
pub(super) fn has_too_many_separators(text: &[u8]) -> bool {
    text.iter()
        .filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{'))
        .nth(MAX_SEPARATORS)
        .is_some()
}
