//! Redaction: replaces values that differ between runs by placeholders such as `<time>`.

use crate::sandbox::Sandbox;
use std::path::Path;

/// Replaces the home directory of the sandbox, and the values that [`redact_words`] replaces.
pub(crate) fn redact(sandbox: &Sandbox, text: &str) -> String {
    redact_words(&redact_home(sandbox.home(), text))
}

/// Replaces the home directory by `~`.
pub(crate) fn redact_home(home: &Path, text: &str) -> String {
    text.replace(&*home.to_string_lossy(), "~")
}

/// Replaces UUIDs, times, tokens, texts of 43 characters (key ids and key material), and relative
/// times that differ between runs. Does not replace numeric ids.
pub(crate) fn redact_words(text: &str) -> String {
    redact_relative_times(&map_words(text, redact_word))
}

/// Replaces relative times that follow `<time>` and differ between runs: `(now)`, and past times in
/// seconds such as `(5 s ago)` or in years such as `(57 y ago)`.
pub(crate) fn redact_relative_times(text: &str) -> String {
    let mut parts = text.split("<time> (");
    let mut redacted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (relative, rest) = part.split_once(')').unwrap_or((part, ""));
        let differs_between_runs =
            relative == "now" || relative.contains(" s ago") || relative.contains(" y ");
        redacted += "<time> (";
        if differs_between_runs {
            redacted += "<ago>)";
            redacted += rest;
        } else {
            redacted += part;
        }
    }
    redacted
}

/// Replaces each word by the result of `map`. A word consists of letters, digits, `-`, `_`, `.` and
/// `:`, the characters of ids, times and tokens.
pub(crate) fn map_words(text: &str, mut map: impl FnMut(&str) -> String) -> String {
    let mut mapped = String::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':') {
            word.push(c);
        } else {
            mapped += &map(&word);
            word.clear();
            mapped.push(c);
        }
    }
    mapped + &map(&word)
}

/// Returns the placeholder for a UUID, a time, a token, or a text of 43 characters (a key id or key
/// material). Returns any other word unchanged. Keeps the suffixes `.json` and `:`.
pub(crate) fn redact_word(word: &str) -> String {
    if let Some(name) = word.strip_suffix(".json") {
        return redact_word(name) + ".json";
    }
    if let Some(text) = word.strip_suffix(':') {
        return redact_word(text) + ":";
    }
    let has_byte = |index: usize, byte: u8| word.as_bytes().get(index) == Some(&byte);
    let placeholder = if word.len() == 36 && [8, 13, 18, 23].iter().all(|&at| has_byte(at, b'-')) {
        "<uuid>"
    } else if word.len() == 20 && has_byte(4, b'-') && has_byte(10, b'T') && has_byte(19, b'Z') {
        "<time>"
    } else if word.starts_with("eyJ") && word.split('.').count() == 3 {
        "<token>"
    } else if word.len() == 43 {
        "<key>"
    } else {
        word
    };
    placeholder.to_owned()
}
