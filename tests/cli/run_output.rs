//! Output of one run, and the format of a run in a snapshot.

use crate::redact::{redact_home, redact_words};
use serde_json::Value;
use std::borrow::BorrowMut;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Output and exit code of one run.
///
/// `Display` is for snapshots: standard output, a separator line, and standard error. The separator
/// line contains the exit code unless 0, and is omitted for exit code 0 without standard error. The
/// text is redacted. Marks show differences that a comparison of snapshots ignores: carriage
/// returns, an indented first line, a missing final line break, and other whitespace at the end.
#[derive(Clone, Debug)]
pub(crate) struct RunOutput {
    /// Exit code, or -1 if a signal ended the process.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Redacted command line of the run, for [`Self::with_command`].
    pub(crate) command: String,
    /// Value of `HOME`, which `Display` redacts.
    pub(crate) home: Option<PathBuf>,
    /// Address of the store if the store is on a server. `Display` redacts the address.
    pub(crate) store: Option<String>,
}

impl RunOutput {
    /// Runs the command and captures the output.
    pub(crate) fn capture(mut command: impl BorrowMut<Command>) -> Self {
        let command = command.borrow_mut();
        let output = command.output().unwrap();
        Self::new(command, output)
    }

    /// Wraps the output of a finished command. `Display` redacts the `HOME` of the command and the
    /// address of a store on a server.
    pub(crate) fn new(command: &Command, output: Output) -> Self {
        let variable = |name| {
            command.get_envs().find(|(other, _)| *other == name).and_then(|(_, value)| value)
        };
        let home = variable("HOME").map(PathBuf::from);
        let store = variable("JETON_STORE").map(|store| store.to_string_lossy().into_owned());
        let store = store.filter(|store| store.starts_with("postgres:"));
        let program = Path::new(command.get_program()).file_name().unwrap();
        let arguments = std::iter::once(program).chain(command.get_args());
        let arguments: Vec<String> =
            arguments.map(|argument| format_argument(&argument.to_string_lossy())).collect();
        let command = escape(&shlex::try_join(arguments.iter().map(String::as_str)).unwrap());
        Self { command, home, store, ..Self::from(output) }
    }

    /// Asserts success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Asserts a failure with the given exit code and no standard output.
    pub(crate) fn fails(self, code: i32) -> Self {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        self
    }

    /// Returns the error object of a failure with `-o json`.
    pub(crate) fn error(&self) -> Value {
        assert_ne!(self.code, 0, "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        let mut line: Value = serde_json::from_str(&self.stderr).unwrap();
        let error = line["error"].take();
        assert_eq!(error["exit_code"], self.code, "{self:?}");
        error
    }

    /// Returns the first verdict of `token verify` up to the reason: `valid` or `invalid: REASON`.
    pub(crate) fn verdict(&self) -> String {
        let line = self.stdout.lines().next().unwrap_or_default();
        line.splitn(3, ": ").take(2).collect::<Vec<_>>().join(": ")
    }

    /// Formats the output below the command line, for a snapshot of several runs.
    pub(crate) fn with_command(&self) -> String {
        self.with_heading(format_args!("$ {}", self.command))
    }

    /// Formats the output below a heading, for a snapshot of several runs.
    pub(crate) fn with_heading(&self, heading: impl fmt::Display) -> String {
        self.redact(&format!("{heading}\n")) + &self.to_string()
    }

    /// Formats the exit code and standard error only, for tests with separate assertions on
    /// standard output.
    pub(crate) fn diagnostics(&self) -> String {
        Self { stdout: String::new(), ..self.clone() }.to_string()
    }

    /// Redacts a text. The address of a store on a server becomes the default path of a store file.
    fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(store) = &self.store {
            text = text.replace(store, "~/.local/share/jeton/jeton.db");
        }
        if let Some(home) = &self.home {
            text = redact_home(home, &text);
        }
        redact_words(&text)
    }
}

/// Returns the code of each rejection reason, in the order of `reasons`: the JSON array `reasons`
/// in the output of `token verify -o json` or in the details of an error.
pub(crate) fn reason_codes(reasons: &Value) -> Vec<&str> {
    reasons.as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

impl From<Output> for RunOutput {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            command: String::new(),
            home: None,
            store: None,
        }
    }
}

impl fmt::Display for RunOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stdout.starts_with(char::is_whitespace) {
            f.write_str("--- stdout\n")?;
        }
        f.write_str(&mark_whitespace(&self.redact(&self.stdout)))?;
        match (self.code, self.stderr.as_str()) {
            (0, "") => return Ok(()),
            (0, _) => f.write_str("--- stderr\n")?,
            (code, "") => writeln!(f, "--- exit code {code}, no stderr")?,
            (code, _) => writeln!(f, "--- exit code {code}, stderr")?,
        }
        f.write_str(&mark_whitespace(&self.redact(&self.stderr)))
    }
}

/// Redacts an argument of a command line, and replaces the path of the program by `jeton`. Shortens
/// an argument of more than 200 characters to 40.
fn format_argument(argument: &str) -> String {
    let argument = redact_words(&argument.replace(env!("CARGO_BIN_EXE_jeton"), "jeton"));
    match argument.char_indices().nth(200) {
        Some(_) => argument.chars().take(40).chain(['…']).collect(),
        None => argument,
    }
}

/// Escapes control characters.
fn escape(text: &str) -> String {
    let escape_character =
        |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escape_character).collect()
}

/// Marks carriage returns, a missing final line break and other whitespace at the end.
fn mark_whitespace(text: &str) -> String {
    let text = text.replace('\r', "\\r");
    let mark = if text.is_empty() {
        ""
    } else if !text.ends_with('\n') {
        "\n[no final newline]\n"
    } else if text.trim().is_empty() || text.trim_end().len() + 1 < text.len() {
        "[end]\n"
    } else {
        ""
    };
    text + mark
}

#[test]
fn display_shows_exit_code_redacted_streams_and_whitespace_marks() {
    let display = |code, stdout: &str, stderr: &str| {
        let [stdout, stderr] = [stdout, stderr].map(str::to_owned);
        let output =
            RunOutput { code, stdout, stderr, command: String::new(), home: None, store: None };
        RunOutput { home: Some("/home/x".into()), ..output }.to_string()
    };
    assert_eq!(display(0, "", ""), "");
    assert_eq!(display(0, "a\n b\n", ""), "a\n b\n");
    assert_eq!(display(0, " a", ""), "--- stdout\n a\n[no final newline]\n");
    assert_eq!(display(0, "a\r\n", "b\n\n"), "a\\r\n--- stderr\nb\n\n[end]\n");
    assert_eq!(display(0, "\n", ""), "--- stdout\n\n[end]\n");
    assert_eq!(display(0, "a \n", ""), "a \n[end]\n");
    assert_eq!(display(6, "", "/home/x/y\n"), "--- exit code 6, stderr\n~/y\n");
    assert_eq!(display(12, "a\n", ""), "a\n--- exit code 12, no stderr\n");
}
