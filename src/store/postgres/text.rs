//! Escaping of U+0000, which PostgreSQL cannot store in a text. In the database, U+10FFFF is an
//! escape character: U+0000 is stored as U+10FFFF followed by `0`. U+10FFFF is stored as U+10FFFF
//! twice.

use std::borrow::Cow;

/// The escape character, U+10FFFF.
const ESCAPE: char = char::MAX;

/// Returns the stored form of a text, in which U+0000 is escaped.
pub(super) fn escape_nul(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, ESCAPE]),
            c => stored.push(c),
        }
    }
    Cow::Owned(stored)
}

/// Returns the original text of a stored form that [`escape_nul`] returned.
pub(in crate::store) fn unescape_nul(stored: &str) -> String {
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            ESCAPE => match chars.next() {
                Some('0') => '\0',
                _ => ESCAPE,
            },
            c => c,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_has_no_nul_and_round_trips() {
        for text in ["", "a", "\0", "a\0b\0", "\u{10ffff}", "\u{10ffff}0", "\0\u{10ffff}\u{10ffff}"]
        {
            let stored = escape_nul(text);
            assert!(!stored.contains('\0'));
            assert_eq!(unescape_nul(&stored), text);
        }
    }
}
