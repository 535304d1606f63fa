//! Completion in shells: for each shell, the script that the line from `jeton completions`
//! evaluates, and the candidates in the format that this script reads.

use crate::app::CompletionSource;
use crate::model::{
    escape_for_bash, is_literal_in_shell, is_unsafe_for_terminal, unquote_shell_word,
};
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

/// Shells with completion support.
pub(crate) const COMPLETION_SHELLS: Shells<'static> =
    Shells(&[&Shell::Bash, &Shell::Elvish, &Shell::Fish, &Shell::Powershell, &Shell::Zsh]);

/// A shell with completion support. Elvish, fish and zsh add quotes to the candidate that they
/// insert. For bash and PowerShell, the candidate itself must contain the quotes or escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Word at the cursor.
struct CurrentWord {
    /// The word as the script passes it: as typed, but without quotes in Elvish and PowerShell.
    typed: String,
    /// The word without quotes, and without backslashes that escape a character.
    value: String,
}

impl Shell {
    /// Returns the completer that `clap_complete` has for the shell.
    fn clap_completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Elvish => &Elvish,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
            Self::Zsh => &Zsh,
        }
    }

    /// Returns jeton's own script for bash and zsh; `None` for the other shells, which use the
    /// script of `clap_complete`. In bash, the script of `clap_complete` splits words at `:`, `=`
    /// and `@`; in zsh, it quotes `~`.
    fn own_script(self) -> Option<&'static str> {
        match self {
            Self::Bash => Some(include_str!("script.bash")),
            Self::Zsh => Some(include_str!("script.zsh")),
            Self::Elvish | Self::Fish | Self::Powershell => None,
        }
    }

    fn parse_current_word(self, typed: String) -> CurrentWord {
        let value = match self {
            Self::Bash | Self::Fish | Self::Zsh => unquote_shell_word(&typed),
            // The scripts of these shells pass the word without quotes.
            Self::Elvish | Self::Powershell => typed.clone(),
        };
        CurrentWord { typed, value }
    }

    fn candidate_separator(self) -> &'static str {
        if self == Self::Bash { "\u{b}" } else { "\n" }
    }

    /// Formats a candidate for the script of the shell. `None` if the candidate is unusable (see
    /// [`is_unusable`]), if the shell would interpret special characters in the candidate, or if bash
    /// cannot replace the current word with the candidate.
    fn format(self, candidate: &CompletionCandidate, current: &CurrentWord) -> Option<String> {
        let value = candidate.get_value().to_str().filter(|text| !is_unusable(text))?;
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().filter(|help| !help.is_empty());
        let with_help = |value: String, help_separator: char| match help {
            Some(help) => format!("{value}{help_separator}{help}"),
            None => value,
        };
        match self {
            Self::Bash => to_bash_word(value, current, &CompletionSource::part_kept_by_bash()),
            Self::Elvish => Some(value.to_owned()),
            Self::Fish => Some(with_help(value.to_owned(), '\t')),
            Self::Powershell => Some(with_help(to_powershell_word(value)?, '\t')),
            Self::Zsh => Some(with_help(value.replace('\\', "\\\\").replace(':', "\\:"), ':')),
        }
    }
}

impl EnvCompleter for Shell {
    fn name(&self) -> &'static str {
        self.clap_completer().name()
    }

    fn is(&self, name: &str) -> bool {
        self.clap_completer().is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        // The scripts for bash and PowerShell contain the program's path in double quotes, in which
        // the shell expands `$`. For every shell, a path with special characters is therefore
        // replaced with the name of the program.
        let completer = if completer.chars().all(is_literal_in_shell) { completer } else { bin };
        let Some(script) = self.own_script() else {
            return self.clap_completer().write_registration(var, name, bin, completer, buf);
        };
        let replace =
            |text: String, (placeholder, value): &(&str, &str)| text.replace(placeholder, value);
        let values = [("VAR", var), ("BIN", bin), ("COMPLETER", completer)];
        write!(buf, "{}", values.iter().fold(script.to_owned(), replace))
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        mut words: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let position = CompletionSource::cursor_word_index(words.len());
        // Removes the words after the cursor. The zsh script omits the word at the cursor if the
        // word is empty: then adds the empty word.
        words.resize(position + 1, OsString::new());
        let Some(typed) = words.pop().and_then(|word| word.into_string().ok()) else {
            return Ok(());
        };
        let current = self.parse_current_word(typed);
        words.push(OsString::from(&current.value));
        let candidates = complete(command, words, position, current_dir)?;
        // Options are offered only after the user has typed a character.
        let candidates: Vec<String> = candidates
            .iter()
            .filter(|candidate| !(current.value.is_empty() && is_option(candidate)))
            .filter_map(|candidate| self.format(candidate, &current))
            .collect();
        write!(buf, "{}", candidates.join(self.candidate_separator()))
    }
}

/// Returns whether a candidate is the name of an option.
fn is_option(candidate: &CompletionCandidate) -> bool {
    candidate.get_id().is_some_and(|id| id.starts_with("arg::"))
}

/// Returns whether a text cannot be a candidate: an empty text, or a text with characters that are
/// unsafe for a terminal, such as line breaks and other control characters.
fn is_unusable(text: &str) -> bool {
    text.is_empty() || text.chars().any(is_unsafe_for_terminal)
}

/// Returns the text with which bash replaces the end of the word at the cursor. Bash keeps the
/// start of the word, `kept`. If the candidate starts with the current word, the result starts with
/// the text that is typed after `kept`, including its quotes. `None` if no text completes `kept` to
/// the candidate, or if the completing text has special characters that cannot be escaped.
fn to_bash_word(candidate: &str, current: &CurrentWord, kept: &str) -> Option<String> {
    let typed_end = current.typed.strip_prefix(kept)?;
    let (start, rest) = match candidate.strip_prefix(&current.value) {
        Some(rest) => (typed_end, rest),
        // The current word differs from the candidate in upper and lower case: the candidate
        // replaces the text that is typed after `kept`.
        None => ("", candidate.strip_prefix(&unquote_shell_word(kept))?),
    };
    // A quote is a word break for bash: of a word in quotes, bash keeps the opening quote.
    let is_quoted = kept.ends_with(['"', '\'']);
    if !is_quoted {
        return Some(format!("{start}{}", escape_for_bash(rest)?));
    }
    let is_plain = rest.chars().all(|c| c == ' ' || is_literal_in_shell(c));
    is_plain.then(|| format!("{start}{rest}"))
}

/// Returns the text as a word of PowerShell, in quotes if the text has spaces. `None` if the text
/// has special characters other than spaces and `~`.
fn to_powershell_word(text: &str) -> Option<String> {
    if !text.chars().all(|c| c == ' ' || c == '~' || is_literal_in_shell(c)) {
        return None;
    }
    Some(if text.contains(' ') { format!("'{text}'") } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bash_word(typed: &str, kept: &str, candidate: &str) -> Option<String> {
        let current = Shell::Bash.parse_current_word(typed.to_owned());
        to_bash_word(candidate, &current, kept)
    }

    #[test]
    fn bash_replacement_omits_the_kept_part_and_is_escaped_if_possible() {
        for (typed, kept, candidate, replacement) in [
            ("jeton:", "jeton:", "jeton:mint", "mint"),
            ("jeton:mi", "jeton:", "jeton:mint", "mint"),
            ("--jwks=a", "--jwks=", "--jwks=a b", r"a\ b"),
            ("'a b':c", "'a b':", "a b:c d", r"c\ d"),
            (r"@my\ f", "", "@my file", r"@my\ file"),
            ("Ad", "", "ada", "ada"),
            ("~/a", "", "~/a~", r"~/a\~"),
            ("", "", "x;{touch,pwned}", r"x\;\{touch,pwned\}"),
        ] {
            assert_eq!(bash_word(typed, kept, candidate).as_deref(), Some(replacement), "{typed}");
        }
        assert_eq!(bash_word("", "", "a’b"), None);
    }

    #[test]
    fn candidate_with_special_characters_is_omitted_in_bash_quotes() {
        assert_eq!(bash_word("\"token c", "\"", "token create").unwrap(), "token create");
        assert_eq!(bash_word("'my f", "'", "my file").unwrap(), "my file");
        for c in ['"', '\'', '$', '`', '\\', '!'] {
            assert_eq!(bash_word("\"a", "\"", &format!("a{c}")), None, "{c}");
        }
    }

    #[test]
    fn powershell_candidate_is_quoted_for_spaces_and_omitted_for_special_characters() {
        assert_eq!(to_powershell_word("jeton:mint").unwrap(), "jeton:mint");
        assert_eq!(to_powershell_word("token create").unwrap(), "'token create'");
        for text in ["a;b", "a$b", "it's", "a’ b", "a(b)", "*"] {
            assert_eq!(to_powershell_word(text), None, "{text}");
        }
    }
}
