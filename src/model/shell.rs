//! Quoting of words for a shell command line.

/// Returns whether `word` needs no quoting in any shell: only ASCII letters, digits and `._@+-`.
///
/// Completion offers only plain words from the store, because bash and PowerShell insert candidates
/// into the command line without quoting.
pub(crate) fn is_plain_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b))
}

/// Returns `text` as one word of a POSIX shell, quoted if necessary.
///
/// `text` must be escaped text, because quotes do not protect a terminal from control characters.
pub(crate) fn quote_shell_word(text: &str) -> String {
    // The only possible error is a NUL, which neither arguments nor escaped text contain.
    shlex::try_quote(text).map_or_else(|_| String::new(), Into::into)
}

/// Returns `command` with `value` as the last argument, for a POSIX shell.
pub(crate) fn render_command(command: &str, value: &str) -> String {
    let end_of_flags = if value.starts_with('-') { "-- " } else { "" };
    format!("{command} {end_of_flags}{}", quote_shell_word(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_need_no_quotes() {
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
    fn value_with_leading_dash_follows_double_dash() {
        assert_eq!(render_command("jeton recover", "ada"), "jeton recover ada");
        assert_eq!(render_command("jeton recover", "-q;x"), "jeton recover -- '-q;x'");
    }
}
