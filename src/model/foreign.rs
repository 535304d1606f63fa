//! Text that did not come from our own source, and the one escaper between it and anybody's eyes.

use serde::Serialize;
use std::fmt::Write;

/// A string from the store, a token, argv, the environment or a file.
///
/// It has no `Display`: [`Foreign::shown`] is its one way into a sentence for people. JSON output
/// carries the value itself; the terminal escapes it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Foreign(String);

impl Foreign {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The raw text, for comparing and storing; never for printing.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with everything a terminal would act on spelled out.
    pub(crate) fn shown(&self) -> String {
        escaped(&self.0)
    }
}

/// Characters that a terminal executes or that a reader cannot see: C0, DEL, C1, bidirectional
/// controls, zero-width characters, line separators, tags.
pub(crate) fn is_hostile(c: char) -> bool {
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

/// `text` with every hostile character, line breaks among them, written as `\n` or `\u{1b}`.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_hostile(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// A word of the command line as an error may repeat it: escaped, and not at all if it is so long,
/// and no path, that it may be a token or a key in the wrong place.
pub(crate) fn repeatable(word: &str) -> String {
    const LONGEST: usize = 60;
    let is_path = word.starts_with(['/', '.', '~']);
    if word.chars().count() > LONGEST && (!is_path || word.contains('\n')) {
        return "(a long value)".to_owned();
    }
    escaped(word)
}

/// Serialized JSON in which hostile characters became `\uXXXX`: the same value, harmless bytes.
///
/// Outside its strings JSON is ASCII without controls other than white space, so that replacing
/// characters of the whole text touches strings only. Line breaks of pretty printing stay.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_spelled_out() {
        assert_eq!(escaped("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
        assert_eq!(escaped("José 日本 🙂"), "José 日本 🙂");
    }

    #[test]
    fn what_may_be_a_key_is_not_repeated() {
        let path = format!("/tmp/{}", "directory/".repeat(9));
        assert_eq!(repeatable(&path), path);
        let base64 = "c2VjcmV0/".repeat(9);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        for secret in [base64, pem.clone(), format!("/{pem}")] {
            assert_eq!(repeatable(&secret), "(a long value)");
        }
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"name": "x\u{9b}31m\u{200b}\u{e0041}\u{1b}"});
        let text = escaped_json(&value.to_string());
        assert!(!text.chars().any(is_hostile));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
