//! Completion in the shells that do not quote what they insert.

use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

/// The shells that jeton completes words for. Elvish, fish and zsh quote a candidate when they
/// insert it; bash and PowerShell do not.
pub(crate) const SHELLS: Shells<'static> = Shells(&[
    &UnquotedShell { shell: Bash, separator: '\u{b}' },
    &Elvish,
    &Fish,
    &UnquotedShell { shell: Powershell, separator: '\n' },
    &Zsh,
]);

/// A shell that inserts candidates as they are: only those reach it that it does not act on.
struct UnquotedShell<S> {
    shell: S,
    /// Stands between candidates.
    separator: char,
}

impl<S: EnvCompleter> EnvCompleter for UnquotedShell<S> {
    fn name(&self) -> &'static str {
        self.shell.name()
    }

    fn is(&self, name: &str) -> bool {
        self.shell.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        // The script has the program's path between double quotes, where `$` is acted on.
        let completer = if is_plain(completer) { completer } else { bin };
        self.shell.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let mut candidates = Vec::new();
        self.shell.write_complete(command, words, current_dir, &mut candidates)?;
        let candidates = String::from_utf8_lossy(&candidates);
        // Behind a tab stands a description, which is not inserted.
        let is_safe = |candidate: &str| candidate.split('\t').next().is_some_and(is_plain);
        let plain: Vec<&str> =
            candidates.split(self.separator).filter(|candidate| is_safe(candidate)).collect();
        write!(buf, "{}", plain.join(&self.separator.to_string()))
    }
}

/// Returns whether no shell acts on `word`: a flag, a word of ours or of the store, or a path. Names
/// of files may have letters of every script: all that shells act on in such a word is ASCII, or
/// punctuation.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "._@+-/:=,~".contains(c))
}
