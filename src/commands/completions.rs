//! `jeton completions`, and the supported shells, with a filter for shells that do not quote
//! candidates.

use crate::app::{App, OutputFormat};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

/// Print the completion script of a shell
///
/// The script calls jeton to complete commands, options, option values, and the names and ids of
/// users, tokens, sessions and keys in the store.
///
///   jeton completions bash >> ~/.bashrc
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Command for Args {
    const ACTION: &'static str = "completions";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = &[OutputFormat::Text];

    fn run(self, app: &mut App) -> Result<(), Failure> {
        app.console.write_document(match self.shell.as_str() {
            "zsh" => include_str!("../../completions/jeton.zsh"),
            "fish" => include_str!("../../completions/jeton.fish"),
            "elvish" => include_str!("../../completions/jeton.elv"),
            "powershell" => include_str!("../../completions/jeton.ps1"),
            _ => include_str!("../../completions/jeton.bash"),
        })
    }
}

/// Shells with completion support. Elvish, fish and zsh quote an inserted candidate; bash and
/// PowerShell do not.
pub(crate) const COMPLETION_SHELLS: Shells<'static> = Shells(&[
    &UnquotedShell { shell: Bash, separator: '\u{b}' },
    &Elvish,
    &Fish,
    &UnquotedShell { shell: Powershell, separator: '\n' },
    &Zsh,
]);

/// Shell that inserts candidates unquoted. Candidates with special characters are filtered out.
struct UnquotedShell<S> {
    shell: S,
    /// Separator of candidates.
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
        // The script contains the program's path in double quotes, in which the shell expands `$`.
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
        // The description after a tab is not inserted.
        let is_safe = |candidate: &str| candidate.split('\t').next().is_some_and(is_plain);
        let plain_candidates: Vec<&str> =
            candidates.split(self.separator).filter(|candidate| is_safe(candidate)).collect();
        write!(buf, "{}", plain_candidates.join(&self.separator.to_string()))
    }
}

/// Returns whether `word` (a flag, value or path) has no special meaning in any shell. Letters of all
/// alphabets are allowed, since special characters of shells are ASCII or punctuation.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "._@+-/:=,~".contains(c))
}
