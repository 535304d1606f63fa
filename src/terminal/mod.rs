//! The console: the only module that prints. Results go to standard output, everything else to
//! standard error. With JSON output, standard error carries only the one line of a failure.

mod cell;
mod list;
mod progress;
mod prompt;
mod screen;
mod signal_guard;
mod stdin;
mod stdout;
mod style;
mod table;

pub(crate) use cell::Cell;
pub(crate) use progress::Progress;
pub(crate) use prompt::{Answer, Confirmation};
pub(crate) use signal_guard::{Echo, release_signals};
pub(crate) use stdin::StdinReader;
pub(crate) use stdout::is_stdout_writable;
pub(crate) use style::Style;
pub(crate) use table::Table;

use crate::model::{Timestamp, escape, escape_json, render_csv_header, render_csv_rows};
use anstream::AutoStream;
use anstream::stream::RawStream;
use anstyle::{AnsiColor, Style as AnsiStyle};
use console::{colors_enabled, colors_enabled_stderr};
use screen::Screen;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, IsTerminal, Write};

/// The form of results and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// For people and for `$(…)`.
    Text,
    /// One JSON document for programs.
    Json,
    /// One JSON document a line, for results without an end.
    JsonLines,
    /// Rows of cells, for spreadsheets.
    Csv,
}

impl OutputFormat {
    /// Whether programs read it, errors too.
    pub(crate) fn is_json(self) -> bool {
        match self {
            Self::Json | Self::JsonLines => true,
            Self::Text | Self::Csv => false,
        }
    }
}

/// Rows that are written at once.
const ROWS_PER_WRITE: usize = 1_000;

/// Why nothing could be written or asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Standard output does not take it: a full disk.
    #[error("the output cannot be written: {0}")]
    Output(String),
    /// The question cannot be asked because nobody is there.
    #[error("nobody is there to ask")]
    NoTerminal,
    /// Two passwords that must be the same are not.
    #[error("the two passwords are not the same")]
    PasswordMismatch,
    /// Ctrl-D, or an empty answer.
    #[error("cancelled")]
    Cancelled,
    /// A signal ended a prompt.
    #[error("interrupted")]
    Interrupted,
    /// What was typed is not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8,
    /// What was typed is longer than a terminal's line.
    #[error("the answer is too long")]
    TooLong,
    /// The terminal fails.
    #[error("the terminal fails: {0}")]
    TerminalFailed(String),
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a secret that nobody received must be taken back"]
pub(crate) enum Delivery {
    /// All of it was written.
    Done,
    /// The reader of our output has left.
    NoReader,
}

/// A result in the words of people. Strings from outside come in through
/// [`crate::model::Foreign::shown`].
pub(crate) enum Rendered {
    /// No result: the talk says it all.
    Nothing,
    /// Lines, ended by a line break each.
    Lines(Vec<String>),
    /// One line, with what a screen adds to it.
    Line(Cell),
    /// A JSON document, indented.
    Json(Value),
    /// Names and values.
    Fields(Vec<(&'static str, Cell)>),
    /// Rows under a header.
    Table(Table),
}

/// What a command found out: a text for people, and itself as JSON for programs.
pub(crate) trait Report: Serialize {
    /// The text form.
    fn render(&self) -> Rendered;
}

/// The one way to standard output and standard error.
#[derive(Debug)]
pub(crate) struct Console {
    format: OutputFormat,
    quiet: bool,
    signal_report: signal_guard::SignalReport,
}

impl Console {
    pub(crate) fn new(format: OutputFormat, quiet: bool) -> Self {
        Self { format, quiet, signal_report: None }
    }

    /// With what programs are told when a signal ends a question, by the exit code.
    pub(crate) fn with_signal_report(self, report: fn(u8) -> Value) -> Self {
        Self { signal_report: Some(report).filter(|_| self.format.is_json()), ..self }
    }

    /// Writes a result to standard output. `now` is for the distances that a terminal shows.
    pub(crate) fn write_result(
        &self,
        report: &impl Report,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        let screen = || Screen::from_stdout(now);
        let text = match self.format {
            OutputFormat::Json | OutputFormat::JsonLines => render_json_line(report)?,
            OutputFormat::Text | OutputFormat::Csv => match report.render() {
                Rendered::Nothing => return Ok(Delivery::Done),
                Rendered::Lines(lines) => lines.iter().map(|line| escape(line) + "\n").collect(),
                Rendered::Line(cell) => {
                    cell::apply_marks(&cell.to_marked_text(screen().as_ref())) + "\n"
                }
                Rendered::Json(value) => {
                    let json = serde_json::to_string_pretty(&value);
                    escape_json(&json.map_err(|error| Error::Output(error.to_string()))?) + "\n"
                }
                Rendered::Fields(fields) => table::render_fields(&fields, screen().as_ref()),
                Rendered::Table(table) => table.render(screen().as_ref()),
            },
        };
        write_stdout(&text)
    }

    #[expect(clippy::unused_self, reason = "nothing is said without a voice")]
    /// What talk says of it: with its distance where somebody reads it on a terminal.
    pub(crate) fn render_cell(&self, cell: &Cell, now: Option<Timestamp>) -> String {
        cell.to_plain_text(now.filter(|_| io::stderr().is_terminal()))
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes one line of JSON to standard output.
    pub(crate) fn write_json_line(&self, value: &impl Serialize) -> Result<Delivery, Error> {
        write_stdout(&render_json_line(value)?)
    }

    /// Writes many rows to standard output: one line of JSON each, or CSV, the first ones below
    /// their names.
    pub(crate) fn write_rows(
        &self,
        rows: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<Delivery, Error> {
        for (index, chunk) in rows.chunks(ROWS_PER_WRITE).enumerate() {
            let text = match self.format {
                OutputFormat::Csv => render_csv(chunk, is_first_batch && index == 0)?,
                OutputFormat::Text | OutputFormat::Json | OutputFormat::JsonLines => {
                    chunk.iter().map(render_json_line).collect::<Result<_, _>>()?
                }
            };
            if write_stdout(&text)? == Delivery::NoReader {
                return Ok(Delivery::NoReader);
            }
        }
        Ok(Delivery::Done)
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes text of our own source, such as a script, to standard output as it is.
    /// Its styles are dropped where no terminal would show them.
    pub(crate) fn write_document(&self, text: &str) -> Result<Delivery, Error> {
        let mut plain = anstream::StripStream::new(Vec::new());
        if !should_colour(&io::stdout(), colors_enabled) {
            // Writing to memory does not fail.
            let _ = plain.write_all(text.as_bytes());
            return write_stdout(&String::from_utf8_lossy(&plain.into_inner()));
        }
        write_stdout(text)
    }

    /// Says what was done.
    pub(crate) fn print_status(&self, message: &str) {
        if !self.quiet {
            self.print_message(None, message);
        }
    }

    /// Says what may surprise.
    pub(crate) fn print_warning(&self, message: &str) {
        self.print_message(Some(("warning", AnsiColor::Yellow)), message);
    }

    /// Says what to do next.
    pub(crate) fn print_hint(&self, message: &str) {
        self.print_message(Some(("hint", AnsiColor::Cyan)), message);
    }

    /// Says why it failed: a sentence and a hint, or the one line of JSON.
    pub(crate) fn print_failure(&self, message: &str, hint: Option<&str>, json: &Value) {
        if self.format.is_json() {
            let line = escape_json(&json.to_string()) + "\n";
            let _ = io::stderr().write_all(line.as_bytes());
            return;
        }
        self.print_message(Some(("error", AnsiColor::Red)), message);
        if let Some(hint) = hint {
            self.print_hint(hint);
        }
    }

    /// How far something is that may take long.
    pub(crate) fn start_progress(&self, label: &'static str, total: usize) -> Progress {
        Progress::new(label, total, !self.quiet && !self.format.is_json())
    }

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
        // One write a line, so that processes that share a stream do not mix theirs. Whether it is
        // taken or not, the exit code tells.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Whether colours are wanted there: `NO_COLOR`, `CLICOLOR_FORCE`, a terminal. `unforced` says the
/// same where nothing is forced: for anstream any value of the variable is a yes, and 0 is none.
fn should_colour(stream: &impl RawStream, unforced_choice: fn() -> bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the libraries read it, too")]
    let is_zero = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force == "0");
    AutoStream::choice(stream) != anstream::ColorChoice::Never && (!is_zero || unforced_choice())
}

fn render_json_line(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(value).map_err(|error| Error::Output(error.to_string()))?;
    Ok(escape_json(&json) + "\n")
}

fn render_csv(rows: &[impl Serialize], with_header: bool) -> Result<String, Error> {
    let row = |row| match serde_json::to_value(row) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err(Error::Output("a row has no names".to_owned())),
        Err(error) => Err(Error::Output(error.to_string())),
    };
    let rows: Vec<Map<String, Value>> = rows.iter().map(row).collect::<Result<_, _>>()?;
    let header = rows.first().filter(|_| with_header).map(render_csv_header);
    Ok(header.unwrap_or_default() + &render_csv_rows(&rows))
}

fn write_stdout(text: &str) -> Result<Delivery, Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Delivery::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Delivery::NoReader),
        Err(error) => Err(Error::Output(error.to_string())),
    }
}
