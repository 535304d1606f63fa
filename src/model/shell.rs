//! Quoting of words for a shell command line.

/// Returns whether `word` is not empty and has only ASCII letters, digits and `._@+-`. Such a word
/// needs no quoting in a POSIX shell.
pub(crate) fn is_plain_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b))
}

/// Returns `text` as one word of a POSIX shell, quoted if necessary.
///
/// `text` must be safe for a terminal, for example as a result of [`escape`](super::escape). Quotes
/// do not protect a terminal from control characters.
pub(crate) fn quote_shell_word(text: &str) -> String {
    // The only possible error is a NUL, which is not safe for a terminal.
    shlex::try_quote(text).map_or_else(|_| String::new(), Into::into)
}

/// Returns the value of a word of a POSIX shell, without expansion of variables. The word may end
/// within quotes.
pub(crate) fn unquote_shell_word(word: &str) -> String {
    let split_with_end = |quote| shlex::split(&format!("{word}{quote}"));
    let words = ["", "'", "\""].into_iter().find_map(split_with_end);
    words.map_or_else(|| word.to_owned(), |words| words.concat())
}

/// Returns whether every shell reads the character literally, if it is not the first character of a
/// word. At the start of a word, some shells interpret some of these characters, such as `=`.
/// Letters and digits of all alphabets are literal, because shells interpret only symbols.
pub(crate) fn is_literal_in_shell(c: char) -> bool {
    c.is_alphanumeric() || "._@+-/:=,".contains(c)
}

/// Returns `text` as a part of a word of bash, with a backslash before each character that bash may
/// interpret. Returns `None` if the text contains a control character, or a non-ASCII character
/// that is neither a letter nor a digit.
pub(crate) fn escape_for_bash(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_literal_in_shell(c) {
            if c != ' ' && !c.is_ascii_graphic() {
                return None;
            }
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Some(escaped)
}

/// Returns a command line for a POSIX shell: `command` with `value` as the last argument. A value
/// that starts with `-` follows `--`.
pub(crate) fn render_command(command: &str, value: &str) -> String {
    let separator = if value.starts_with('-') { "-- " } else { "" };
    format!("{command} {separator}{}", quote_shell_word(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_need_no_quotes_and_have_no_special_characters() {
        for word in ["ada", "Ada.L_1+x@example.com", "a-b", "7"] {
            assert!(is_plain_word(word), "{word}");
            assert_eq!(quote_shell_word(word), word);
        }
        let special = " \t\n\0!\"#$%&'()*,/:;<=>?[\\]^`{|}~\u{7f}\u{a0}é’–";
        for c in special.chars() {
            assert!(!is_plain_word(&format!("a{c}b")), "{c:?}");
        }
        assert!(!is_plain_word(""));
    }

    #[test]
    fn words_with_special_characters_are_quoted() {
        for (text, word) in [
            ("", "''"),
            ("x;{touch,pwned}", "'x;{touch,pwned}'"),
            ("$(id)`id`", "'$(id)`id`'"),
            ("it's", "\"it's\""),
            ("~", "'~'"),
        ] {
            assert_eq!(quote_shell_word(text), word);
        }
    }

    #[test]
    fn complete_and_incomplete_words_are_unquoted() {
        for (word, value) in [
            ("", ""),
            ("ada", "ada"),
            (r"my\ file", "my file"),
            ("'my fi", "my fi"),
            ("\"it's $x", "it's $x"),
            ("a'b c':d", "ab c:d"),
            ("'", ""),
        ] {
            assert_eq!(unquote_shell_word(word), value, "{word}");
        }
    }

    #[test]
    fn escaped_text_is_one_word_of_bash() {
        assert_eq!(escape_for_bash("zoë@x.org:1,2=/a").as_deref(), Some("zoë@x.org:1,2=/a"));
        assert_eq!(escape_for_bash("my file").as_deref(), Some(r"my\ file"));
        for c in ('\u{20}'..'\u{7f}').filter(|c| !c.is_ascii_alphanumeric()) {
            let text = format!("a{c}b");
            let words = shlex::split(&escape_for_bash(&text).unwrap());
            assert_eq!(words, Some(vec![text]), "{c:?}");
        }
        for c in ['\n', '\t', '\u{7f}', '\u{a0}', '’'] {
            assert_eq!(escape_for_bash(&format!("a{c}b")), None, "{c:?}");
        }
    }

    #[test]
    fn value_with_leading_dash_follows_double_dash() {
        assert_eq!(render_command("jeton recover", "ada"), "jeton recover ada");
        assert_eq!(render_command("jeton recover", "-q;x"), "jeton recover -- '-q;x'");
    }
}
