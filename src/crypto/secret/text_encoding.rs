//! Decoding of text that may be a key in base64 or hex, and removal of byte order marks.

use crate::model::{has_utf16_bom, normalize_encoding};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Minimum length, in characters, of text that can contain a key.
pub(super) const MIN_TEXT_LENGTH: usize = 32;

/// Encoding of bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextEncoding {
    /// Base64 that `base64 -d` accepts.
    Base64,
    /// Any other base64, for example in the URL-safe alphabet, without padding, or within other
    /// text.
    LooseBase64,
    /// Hexadecimal digits.
    Hex,
}

/// Returns all decodings of a text that may be a key. The results are, if they can be decoded:
/// - the whole text as hex,
/// - each part of at least [`MIN_TEXT_LENGTH`] characters, as base64 in either alphabet,
/// - the base64 that starts at each of the [possible key starts][possible_key_starts].
///
/// Whitespace, quotes, backslashes, zero bytes and escaped line breaks are skipped. All other
/// characters outside the base64 alphabets separate the parts.
pub(super) fn decode_candidates(text: &[u8]) -> Vec<(TextEncoding, Zeroizing<Vec<u8>>)> {
    let compact_text = strip_formatting(text);
    let is_strict = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(byte);
    let base64_kind = if text.iter().all(is_strict) && compact_text.len().is_multiple_of(4) {
        TextEncoding::Base64
    } else {
        TextEncoding::LooseBase64
    };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let base64 = compact_text
        .split(|byte| !is_base64(byte))
        .filter(|part| part.len() >= MIN_TEXT_LENGTH)
        .filter_map(|part| Some((base64_kind, decode_base64(part)?)));
    let from_key_starts = possible_key_starts(text).into_iter().filter_map(|rest| {
        let chars = strip_formatting(rest);
        let end = chars.iter().position(|byte| !is_base64(byte)).unwrap_or(chars.len());
        chars.get(..end).and_then(decode_base64)
    });
    let from_key_starts = from_key_starts.map(|bytes| (TextEncoding::LooseBase64, bytes));
    let hex = decode_hex(&compact_text).map(|bytes| (TextEncoding::Hex, bytes));
    hex.into_iter().chain(base64).chain(from_key_starts).collect()
}

/// Finds at most four words that start like a key in base64, except at the start of the text.
/// Returns, for each word, the text from the start of the word to the end. The text before the word
/// must not be decoded with the word: base64 is decoded in groups of four characters, and a group
/// could contain characters of both.
fn possible_key_starts(text: &[u8]) -> Vec<&[u8]> {
    const MAX_STARTS: usize = 4;
    // First characters of DER (`M`), PEM (`LS0t`) and JSON (`ey`, `W3`) in base64.
    const STARTS: [&[u8]; 4] = [b"M", b"LS0t", b"ey", b"W3"];
    let ends_before_word = |before: &[u8]| {
        before.last().is_some_and(|byte| byte.is_ascii_whitespace() || b"-:=,;'\"".contains(byte))
            || before.ends_with(b"\\n")
            || before.ends_with(b"\\r")
    };
    let starts = (1..text.len()).filter_map(|at| text.split_at_checked(at));
    let starts = starts.filter(|(before, rest)| {
        let has_plain_start = || {
            rest.get(..8).is_some_and(|start| start.iter().all(|byte| byte.is_ascii_alphanumeric()))
        };
        STARTS.iter().any(|start| rest.starts_with(start))
            && ends_before_word(before)
            && has_plain_start()
    });
    starts.map(|(_, rest)| rest).take(MAX_STARTS).collect()
}

/// Returns the text without whitespace, quotes, backslashes, zero bytes and escaped line breaks, in
/// the standard base64 alphabet.
fn strip_formatting(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut chars = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'\\' => {
                rest = tail.strip_prefix(b"n").or(tail.strip_prefix(b"r")).unwrap_or(tail);
            }
            b'"' | b'\'' | 0 => {}
            b'-' => chars.push(b'+'),
            b'_' => chars.push(b'/'),
            byte if byte.is_ascii_whitespace() => {}
            byte => chars.push(*byte),
        }
    }
    chars
}

/// Decodes base64 in the standard alphabet, without padding. Ignores the unused bits of the last
/// character, and a single character after the last group of four.
fn decode_base64(part: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    // A single character after the last group of four encodes less than a byte.
    let complete = if part.len() % 4 == 1 { part.split_last()?.1 } else { part };
    GeneralPurpose::new(&STANDARD, config).decode(complete).ok().map(Zeroizing::new)
}

/// Decodes hexadecimal digits. Bytes may be separated by `:` or `,`. Bytes may have the prefix
/// `0x`, or `x`, which remains of `\x` without the backslash. Returns `None` for other characters,
/// an odd number of digits, or fewer than [`MIN_TEXT_LENGTH`] digits.
fn decode_hex(chars: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(chars.len()));
    let mut rest = chars;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'0', [b'x' | b'X', more @ ..]) => rest = more,
            (b':' | b',' | b'x', _) => {}
            _ => digits
                .push(char::from(*first).to_digit(16).and_then(|digit| u8::try_from(digit).ok())?),
        }
    }
    let (pairs, odd) = digits.as_chunks::<2>();
    let is_whole = odd.is_empty() && digits.len() >= MIN_TEXT_LENGTH;
    is_whole.then(|| Zeroizing::new(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
}

/// Returns the text as UTF-8 without a byte order mark. Returns bytes that are not text unchanged.
/// UTF-16 with characters outside ASCII counts as bytes that are not text.
pub(super) fn without_byte_order_mark(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(normalize_encoding(bytes).into_owned());
    // A random secret may start with the bytes of a UTF-16 byte order mark. After decoding from
    // UTF-16, random bytes are hardly ever ASCII.
    let is_text =
        if has_utf16_bom(bytes) { text.is_ascii() } else { std::str::from_utf8(&text).is_ok() };
    if is_text { text } else { Zeroizing::new(bytes.to_vec()) }
}

#[cfg(test)]
mod tests {
    use super::super::{SecretEncoding, decode_secret};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn byte_order_mark_is_removed_from_text_and_base64_only() {
        let text = "0123456789abcdef0123456789abcdef";
        let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{text}\r\n").encode_utf16().flat_map(to_bytes).collect()
        };
        let marked = format!("\u{feff}{text}\n").into_bytes();
        for bytes in [marked.clone(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
            let secret = decode_secret(&bytes, SecretEncoding::Text).unwrap();
            assert_eq!(secret.as_slice(), text.as_bytes());
        }
        // Base64 is decoded after a byte order mark, and with line breaks.
        let base64 = STANDARD.encode(text);
        let (first_line, second_line) = base64.split_at(4);
        for base64 in [format!("\u{feff}{base64}"), format!("{first_line}\r\n{second_line}\n")] {
            let secret = decode_secret(base64.as_bytes(), SecretEncoding::Base64).unwrap();
            assert_eq!(secret.as_slice(), text.as_bytes());
        }
        let raw = decode_secret(&marked, SecretEncoding::Raw).unwrap();
        assert_eq!(raw.as_slice(), marked);
        // If the bytes are not text, the first bytes are kept, even if they equal a byte order
        // mark.
        for start in [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"] {
            let bytes = [start, &[0xd8; 32]].concat();
            let secret = decode_secret(&bytes, SecretEncoding::Text).unwrap();
            assert_eq!(secret.as_slice(), bytes);
        }
    }
}
