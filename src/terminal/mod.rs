//! Console: the only module that prints. Results go to standard output, messages to standard error,
//! and prompts to the terminal. With JSON output, standard error carries only the JSON line of a
//! failure.

mod cell;
mod progress;
mod prompt;
mod signal_guard;
mod stdin;
mod stdout;
mod style;
mod table;

pub(crate) use cell::Cell;
pub(crate) use progress::{Progress, Total};
pub(crate) use prompt::{Answer, Confirmation};
pub(crate) use signal_guard::{Echo, stop_handling_ctrl_c, stop_handling_signals};
pub(crate) use stdin::StdinReader;
pub(crate) use stdout::{JsonLines, PartialWrite, is_stdout_terminal, is_stdout_writable};
pub(crate) use style::Style;
pub(crate) use table::Table;

use crate::model::{Timestamp, escape, escape_json};
use anstyle::{AnsiColor, Style as AnsiStyle};
use console::colors_enabled_stderr;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use style::should_colour;

/// Output format of results and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// Text for people, and for `$(…)` in shells.
    Text,
    /// Text with more columns, complete texts and absolute times.
    Wide,
    /// One JSON document for programs.
    Json,
    /// One JSON document per line, for results of any length.
    JsonLines,
    /// CSV for spreadsheets.
    Csv,
    /// One id per line.
    Name,
    /// `NAME=VALUE` lines for `.env` files and shells.
    Dotenv,
    /// Variables for the next steps of a job in GitHub Actions.
    Github,
}

impl OutputFormat {
    /// Returns the name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Name => "name",
            Self::Dotenv => "dotenv",
            Self::Github => "github",
        }
    }

    /// Returns whether results and failures are JSON.
    pub(crate) fn is_json(self) -> bool {
        match self {
            Self::Json | Self::JsonLines => true,
            Self::Text | Self::Wide | Self::Csv | Self::Name | Self::Dotenv | Self::Github => false,
        }
    }
}

/// Failure of output or of a prompt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A result cannot be serialized, or cannot be written to standard output, for example because
    /// the disk is full.
    #[error("the output cannot be written: {0}")]
    Output(String),
    /// No terminal is available for a prompt.
    #[error("no terminal to prompt on")]
    NoTerminal,
    /// The password and its confirmation differ.
    #[error("passwords do not match")]
    PasswordMismatch,
    /// The new password does not meet the requirements, with the reason.
    #[error("{0}")]
    PasswordRefused(String),
    /// The user pressed Ctrl-D, or entered an empty password.
    #[error("cancelled")]
    Cancelled,
    /// A signal ended the program during or after a prompt, or the input of a secret on a terminal.
    #[error("interrupted")]
    Interrupted,
    /// The typed line is not UTF-8.
    #[error("input is not UTF-8")]
    NotUtf8,
    /// The typed line exceeds the line length of a terminal.
    #[error("input is too long")]
    TooLong,
    /// A terminal operation failed.
    #[error("terminal error: {0}")]
    TerminalFailed(String),
}

/// Outcome of writing a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an undelivered secret must be revoked"]
pub(crate) enum Delivery {
    /// The result was written completely.
    Done,
    /// The reader closed standard output (broken pipe).
    NoReader,
}

/// Text form of a result. Untrusted strings are converted with
/// [`crate::model::Untrusted::to_display`].
pub(crate) enum Rendered {
    /// No result; status messages describe the outcome.
    Nothing,
    /// Lines, each followed by a line break.
    Lines(Vec<String>),
    /// Lines that on a terminal have a style or a relative time.
    StyledLines(Vec<Cell>),
    /// A JSON document, indented.
    Json(Value),
    /// Names and values.
    Fields(Vec<(&'static str, Cell)>),
}

/// Result of a command: serialized as JSON for programs, rendered as text for people.
pub(crate) trait Report: Serialize {
    /// Returns the text form.
    fn render(&self) -> Rendered;
}

/// Access to the standard streams, and to the terminal for prompts.
#[derive(Debug)]
pub(crate) struct Console {
    format: OutputFormat,
    /// Set by `--quiet`: status messages and progress are not shown.
    quiet: bool,
    /// Function that returns the JSON line to write if a signal ends the program during or after a
    /// prompt.
    signal_report: signal_guard::SignalReport,
}

impl Console {
    pub(crate) fn new(format: OutputFormat, quiet: bool) -> Self {
        Self { format, quiet, signal_report: None }
    }

    /// Sets the function that returns the JSON line to write if a signal ends the program during or
    /// after a prompt. The argument of the function is the exit code. Has no effect if failures are
    /// not JSON.
    pub(crate) fn with_signal_report(self, report: fn(u8) -> Value) -> Self {
        Self { signal_report: Some(report).filter(|_| self.format.is_json()), ..self }
    }

    /// Renders a cell for a status message, with the relative time if standard error is a terminal.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn render_cell(&self, cell: &Cell, now: Option<Timestamp>) -> String {
        cell.to_plain_text(now.filter(|_| io::stderr().is_terminal()))
    }

    /// Prints a status message, unless `--quiet` is set. With JSON output, prints nothing.
    pub(crate) fn print_status(&self, message: &str) {
        if !self.quiet {
            self.print_message(None, message);
        }
    }

    /// Prints a warning. With JSON output, prints nothing.
    pub(crate) fn print_warning(&self, message: &str) {
        self.print_message(Some(("warning", AnsiColor::Yellow)), message);
    }

    /// Prints a hint: one imperative sentence. With JSON output, prints nothing.
    pub(crate) fn print_hint(&self, message: &str) {
        self.print_message(Some(("hint", AnsiColor::Cyan)), message);
    }

    /// Prints a failure: an error message and a hint, or one line of JSON.
    pub(crate) fn print_failure(&self, message: &str, hint: Option<&str>, json: &Value) {
        if self.format.is_json() {
            let json = json.to_string();
            let line = escape_json(&json) + "\n";
            let _ = io::stderr().write_all(line.as_bytes());
            return;
        }
        self.print_message(Some(("error", AnsiColor::Red)), message);
        if let Some(hint) = hint {
            self.print_hint(hint);
        }
    }

    /// Shows the progress of an operation that may take long. With `--quiet` or JSON output, shows
    /// nothing. `has_terminal_lines` is set for an operation that reads or prints lines on a
    /// terminal. Such an operation shows no progress bar, because the bar would mix with the lines.
    pub(crate) fn start_progress(
        &self,
        label: &'static str,
        total: Total,
        has_terminal_lines: bool,
    ) -> Progress {
        let is_visible = !self.quiet && !self.format.is_json() && !has_terminal_lines;
        Progress::new(label, total, is_visible)
    }

    /// Prints a message after the label, such as `warning`. With JSON output, prints nothing.
    fn print_message(&self, label: Option<(&str, AnsiColor)>, message: &str) {
        if self.format.is_json() {
            return;
        }
        let lines: Vec<_> = message.lines().map(escape).collect();
        let text = lines.join("\n");
        let line = match label {
            Some((label, colour)) if should_colour(&io::stderr(), colors_enabled_stderr) => {
                let style = AnsiStyle::new().bold().fg_color(Some(colour.into()));
                format!("{style}{label}:{style:#} {text}\n")
            }
            Some((label, _)) => format!("{label}: {text}\n"),
            None => text + "\n",
        };
        // A single write, so that messages of processes that share a stream do not mix. A write
        // error does not change the exit code.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}
