//! Removal of byte order marks, quotes, assignments and escapes around a key, and decoding of
//! UTF-16 and base64.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Minimum length in bytes of text that can contain a key.
const MIN_TEXT_LENGTH: usize = 32;

/// Maximum length in bytes of `NAME=` in an assignment `NAME=VALUE`.
const MAX_ASSIGNMENT_PREFIX_LENGTH: usize = 64;

/// Maximum number of nested wrappings that are removed.
const MAX_WRAPPINGS: usize = 4;

/// Returns the text without a byte order mark. Converts the text to UTF-8 if it has the byte order
/// mark of UTF-16.
pub(super) fn to_utf8(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let decode_units = |units: Vec<u16>| String::from_utf16_lossy(&units).into_bytes();
    Zeroizing::new(match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest.to_vec(),
        [0xFF, 0xFE, rest @ ..] => {
            decode_units(rest.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
        }
        [0xFE, 0xFF, rest @ ..] => {
            decode_units(rest.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit)).collect())
        }
        bytes => bytes.to_vec(),
    })
}

/// Removes surrounding whitespace and at most [`MAX_WRAPPINGS`] nested wrappings: quotes (also of a
/// JSON string or of Python bytes), `export`, `NAME=`, and the prefix of a data URL. A JSON string
/// is unescaped. JSON that was escaped as a JSON string is also unescaped without the quotes.
pub(super) fn remove_wrappings(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut inner = Zeroizing::new(text.trim_ascii().to_vec());
    for _ in 0..MAX_WRAPPINGS {
        match remove_wrapping(&inner) {
            Some(unwrapped) => inner = unwrapped,
            None => break,
        }
    }
    inner
}

/// Removes the outermost wrapping and the whitespace around its content. Returns `None` if the text
/// has no wrapping.
fn remove_wrapping(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let trim = |bytes: &[u8]| Some(Zeroizing::new(bytes.trim_ascii().to_vec()));
    // JSON that was escaped as a JSON string, but has lost the quotes of this string.
    if [&b"{\\"[..], b"[\\", b"[{\\"].iter().any(|start| text.starts_with(start)) {
        return parse_json_string(&[b"\"", text, b"\""].concat());
    }
    match text {
        [b'"', inner @ .., b'"'] => parse_json_string(text).or_else(|| trim(inner)),
        [b'\'', inner @ .., b'\'']
        | [b'`', inner @ .., b'`']
        | [b'b', b'\'', inner @ .., b'\'']
        | [b'b', b'"', inner @ .., b'"'] => trim(inner),
        _ => {
            if let Some(rest) = text.strip_prefix(b"export ") {
                return trim(rest);
            }
            let rest = strip_assignment(text).or_else(|| strip_data_url(text))?;
            trim(rest)
        }
    }
}

fn parse_json_string(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let inner = serde_json::from_slice::<String>(text).ok()?;
    Some(Zeroizing::new(inner.trim_ascii().as_bytes().to_vec()))
}

/// Returns the value of `NAME=VALUE`, if the value is long enough for a key.
fn strip_assignment(text: &[u8]) -> Option<&[u8]> {
    let separator =
        text.iter().take(MAX_ASSIGNMENT_PREFIX_LENGTH).position(|byte| *byte == b'=')?;
    let (name, value) = (text.get(..separator)?.trim_ascii(), text.get(separator + 1..)?);
    let is_name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let starts_like_name =
        name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let is_assignment =
        starts_like_name && name.iter().all(is_name_byte) && value.len() >= MIN_TEXT_LENGTH;
    is_assignment.then_some(value)
}

/// Returns the text after the comma of a data URL (RFC 2397).
fn strip_data_url(text: &[u8]) -> Option<&[u8]> {
    let comma = text.strip_prefix(b"data:")?.iter().position(|byte| *byte == b',')?;
    text.get("data:".len() + comma + 1..)
}

/// Replaces each escape `\n` or `\r` by a line break, also if the escape has several backslashes.
/// Removes all other backslashes.
pub(super) fn unescape_line_breaks(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut unescaped = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            unescaped.push(*first);
            continue;
        }
        while let [b'\\', tail @ ..] = rest {
            rest = tail;
        }
        if let [b'n' | b'r', tail @ ..] = rest {
            rest = tail;
            unescaped.push(b'\n');
        }
    }
    unescaped
}

/// Decodes text that is base64 in either alphabet, with or without padding. Whitespace, backslashes
/// and escaped line breaks are ignored. Returns `None` for any other text, and for text that is too
/// short for a key.
pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() < MIN_TEXT_LENGTH {
        return None;
    }
    let mut chars = unescape_line_breaks(text);
    chars.retain(|byte| !byte.is_ascii_whitespace());
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(&*chars).ok())
        .map(Zeroizing::new)
}
