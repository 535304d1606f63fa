//! Untrusted text, and escaping for its safe display.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::RangeInclusive;

/// Untrusted string: from the store, a token, the arguments, the environment or a file.
///
/// `Display` is not implemented, so that messages must use [`Untrusted::to_display`]. JSON output
/// contains the raw value; the console escapes the whole JSON text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Untrusted(String);

impl Untrusted {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the raw text for comparison and storage. The raw text must not be printed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text for messages: each character that is unsafe for a terminal is escaped.
    pub(crate) fn to_display(&self) -> String {
        escape(&self.0)
    }
}

/// Returns whether a terminal would interpret the character, or would not display it. Such
/// characters are the control characters (C0, DEL, C1), bidirectional controls, zero-width
/// characters, line separators, the soft hyphen, annotation characters and tag characters.
pub(crate) fn is_unsafe_for_terminal(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Returns whether a character is unsafe for a terminal, or has no visible form
/// (`Default_Ignorable_Code_Point` of the Unicode Character Database). Such characters are invalid
/// in names, because two different names could look the same.
pub(crate) fn is_invisible(c: char) -> bool {
    is_unsafe_for_terminal(c)
        || !c.is_ascii() && DEFAULT_IGNORABLE.iter().any(|range| range.contains(&c))
}

/// Characters with the property `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt` of
/// Unicode 16). A test compares this table with the larger table of `unicode-security`. The program
/// does not use the larger table: at each start of the program, its relocation would cost 90,000
/// instructions.
const DEFAULT_IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Replaces line breaks, and every other character that is unsafe for a terminal, by escape
/// sequences such as `\n` or `\u{1b}`.
pub(crate) fn escape(text: &str) -> String {
    // Fast path for printable ASCII, such as tokens.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => escaped.extend(c.escape_default()),
            c if is_unsafe_for_terminal(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text that messages contain in place of a value that may be a secret.
pub(crate) const REDACTED: &str = "(not shown)";

/// Returns a word from the input for use in an error message. The result is [`REDACTED`] if the
/// word may be a token, a key or a password in the wrong place; otherwise, the escaped word.
pub(crate) fn redact_for_error(word: &str) -> String {
    if may_be_secret(word) { REDACTED.to_owned() } else { escape(word) }
}

/// Returns whether a word may be a secret. Such a word looks like a token or PEM, contains a part
/// that looks random, or is longer than any usual name. A path without line breaks may have any
/// length.
fn may_be_secret(word: &str) -> bool {
    const MAX_CHARS: usize = 60;
    let is_path = word.starts_with(['/', '.', '~']);
    let parts = || word.split(|c: char| c == '/' || !is_base64_char(c));
    word.contains("-----BEGIN")
        || word.chars().count() > MAX_CHARS && (!is_path || word.contains('\n'))
        || word.contains("eyJ") && word.contains('.')
        || parts().any(looks_random)
}

/// Returns whether a character can belong to base64. The `-` of base64url is not included, because
/// it separates the parts of names and of UUIDs.
fn is_base64_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '=')
}

/// Returns whether a part of a word looks random: a long part with letters and at least two digits.
/// The parts of a UUID between the hyphens are too short to look random.
fn looks_random(part: &str) -> bool {
    const MIN_LENGTH: usize = 20;
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() >= MIN_LENGTH && digits >= 2 && part.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Replaces the characters of serialized JSON that are unsafe for a terminal by `\uXXXX`. The JSON
/// value does not change, because only strings contain such characters. The line breaks of
/// pretty-printed JSON are kept.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    if is_printable_ascii(json.as_bytes()) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_unsafe_for_terminal(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns whether the text consists of printable ASCII characters, which are safe for terminals.
pub(crate) fn is_printable_ascii(text: &[u8]) -> bool {
    // Without an early exit, the loop compares many bytes at once.
    text.iter().fold(true, |is_printable, byte| is_printable & matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_unsafe_for_terminals_are_escaped() {
        assert_eq!(escape("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
        assert_eq!(escape("José 日本 🙂"), "José 日本 🙂");
    }

    #[test]
    fn only_unsafe_or_ignorable_characters_are_invisible() {
        for c in '\0'..=char::MAX {
            // The skeleton of UTS 39 omits exactly the ignorable characters.
            let is_ignorable = unicode_security::skeleton(&c.to_string()).next().is_none();
            assert_eq!(is_invisible(c), is_unsafe_for_terminal(c) || is_ignorable, "{c:?}");
        }
    }

    #[test]
    fn only_possible_secret_is_redacted() {
        let path = format!("/tmp/{}", "directory/".repeat(9));
        assert_eq!(redact_for_error(&path), path);
        let base64 = "c2VjcmV0/".repeat(9);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        for secret in [
            &base64,
            &pem,
            &format!("/{pem}"),
            "-----BEGIN EC PRIVATE KEY-----",
            "eyJhbGciOiJub25lIn0.e30.",
            "Bearer eyJhbGciOiJub25lIn0.e30.",
            "q7RfT2vXk9LmPz4WbN8c",
            "/q7RfT2vXk9LmPz4WbN8c",
            "0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(redact_for_error(secret), REDACTED, "{secret}");
        }
        for name in
            ["my-app", "0190a6b2-7c11-7e2a-9f00-123456789abc", "2026-11-21T12:00:00", "a.b.c"]
        {
            assert_eq!(redact_for_error(name), name);
        }
    }

    #[test]
    fn escaped_json_parses_to_same_value() {
        let value = serde_json::json!({"name": "x\u{9b}31m\u{200b}\u{e0041}\u{1b}"});
        let json = value.to_string();
        let text = escape_json(&json);
        assert!(!text.chars().any(is_unsafe_for_terminal));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
