//! The only voice. Nobody else prints: they say what kind of sentence it is, and this room decides
//! where it goes, in which form, and what a terminal may see of it.
//!
//! Results go to standard output, everything else to standard error. With JSON output standard
//! error carries nothing but the one line of a failure.

mod cell;
mod guard;
mod list;
mod progress;
mod prompt;
mod screen;
mod stdin;
mod stdout;
mod table;
mod tone;

pub(crate) use cell::Cell;
pub(crate) use guard::{Echo, leave_signals};
pub(crate) use progress::Progress;
pub(crate) use prompt::{Answer, Confirmed};
pub(crate) use stdin::Input;
pub(crate) use stdout::is_writable;
pub(crate) use table::Table;
pub(crate) use tone::Tone;

use crate::model::{Timestamp, csv_header, escaped, escaped_json, to_csv};
use anstream::AutoStream;
use anstream::stream::RawStream;
use anstyle::{AnsiColor, Style};
use console::{colors_enabled, colors_enabled_stderr};
use screen::Screen;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, IsTerminal, Write};

/// The form of results and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people and for `$(…)`.
    Text,
    /// One JSON document for programs.
    Json,
    /// One JSON document a line, for results without an end.
    JsonLines,
    /// Rows of cells, for spreadsheets.
    Csv,
}

impl Form {
    /// Whether programs read it, errors too.
    pub(crate) fn is_json(self) -> bool {
        match self {
            Self::Json | Self::JsonLines => true,
            Self::Text | Self::Csv => false,
        }
    }
}

/// Rows that are written at once.
const CHUNK: usize = 1_000;

/// Why nothing could be written or asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Standard output does not take it: a full disk.
    #[error("the output cannot be written: {0}")]
    Output(String),
    /// The question cannot be asked because nobody is there.
    #[error("nobody is there to ask")]
    NobodyToAsk,
    /// Two passwords that must be the same are not.
    #[error("the two passwords are not the same")]
    Mismatch,
    /// Ctrl-D, or an empty answer.
    #[error("cancelled")]
    Cancelled,
    /// A signal ended a prompt.
    #[error("interrupted")]
    Interrupted,
    /// What was typed is not UTF-8.
    #[error("the answer is not UTF-8")]
    NotText,
    /// What was typed is longer than a terminal's line.
    #[error("the answer is too long")]
    TooLong,
    /// The terminal fails.
    #[error("the terminal fails: {0}")]
    Broken(String),
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
pub(crate) enum Text {
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
    fn text(&self) -> Text;
}

/// The one way to standard output and standard error.
#[derive(Debug)]
pub(crate) struct Voice {
    form: Form,
    quiet: bool,
    last_words: guard::LastWords,
}

impl Voice {
    pub(crate) fn new(form: Form, quiet: bool) -> Self {
        Self { form, quiet, last_words: None }
    }

    /// With what programs are told when a signal ends a question, by the exit code.
    pub(crate) fn with_last_words(self, words: fn(u8) -> Value) -> Self {
        Self { last_words: Some(words).filter(|_| self.form.is_json()), ..self }
    }

    /// Writes a result to standard output. `now` is for the distances that a terminal shows.
    pub(crate) fn result(
        &self,
        report: &impl Report,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        let screen = || Screen::of_results(now);
        let text = match self.form {
            Form::Json | Form::JsonLines => json_line(report)?,
            Form::Text | Form::Csv => match report.text() {
                Text::Nothing => return Ok(Delivery::Done),
                Text::Lines(lines) => lines.iter().map(|line| escaped(line) + "\n").collect(),
                Text::Line(cell) => cell::finished(&cell.marked(screen().as_ref())) + "\n",
                Text::Json(value) => {
                    let json = serde_json::to_string_pretty(&value);
                    escaped_json(&json.map_err(|error| Error::Output(error.to_string()))?) + "\n"
                }
                Text::Fields(fields) => table::fields(&fields, screen().as_ref()),
                Text::Table(table) => table.render(screen().as_ref()),
            },
        };
        written(&text)
    }

    #[expect(clippy::unused_self, reason = "nothing is said without a voice")]
    /// What talk says of it: with its distance where somebody reads it on a terminal.
    pub(crate) fn said(&self, cell: &Cell, now: Option<Timestamp>) -> String {
        cell.said(now.filter(|_| io::stderr().is_terminal()))
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes one line of JSON to standard output.
    pub(crate) fn line(&self, line: &impl Serialize) -> Result<Delivery, Error> {
        written(&json_line(line)?)
    }

    /// Writes many rows to standard output: one line of JSON each, or CSV, the first ones below
    /// their names.
    pub(crate) fn rows(&self, rows: &[impl Serialize], are_first: bool) -> Result<Delivery, Error> {
        for (number, chunk) in rows.chunks(CHUNK).enumerate() {
            let text = match self.form {
                Form::Csv => csv(chunk, are_first && number == 0)?,
                Form::Text | Form::Json | Form::JsonLines => {
                    chunk.iter().map(json_line).collect::<Result<_, _>>()?
                }
            };
            if written(&text)? == Delivery::NoReader {
                return Ok(Delivery::NoReader);
            }
        }
        Ok(Delivery::Done)
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes text of our own source, such as a script, to standard output as it is.
    /// Its styles are dropped where no terminal would show them.
    pub(crate) fn document(&self, text: &str) -> Result<Delivery, Error> {
        let mut plain = anstream::StripStream::new(Vec::new());
        if !is_coloured(&io::stdout(), colors_enabled) {
            // Writing to memory does not fail.
            let _ = plain.write_all(text.as_bytes());
            return written(&String::from_utf8_lossy(&plain.into_inner()));
        }
        written(text)
    }

    /// Says what was done.
    pub(crate) fn status(&self, sentence: &str) {
        if !self.quiet {
            self.talk(None, sentence);
        }
    }

    /// Says what may surprise.
    pub(crate) fn warning(&self, sentence: &str) {
        self.talk(Some(("warning", AnsiColor::Yellow)), sentence);
    }

    /// Says what to do next.
    pub(crate) fn hint(&self, sentence: &str) {
        self.talk(Some(("hint", AnsiColor::Cyan)), sentence);
    }

    /// Says why it failed: a sentence and a hint, or the one line of JSON.
    pub(crate) fn failure(&self, sentence: &str, hint: Option<&str>, json: &Value) {
        if self.form.is_json() {
            let line = escaped_json(&json.to_string()) + "\n";
            let _ = io::stderr().write_all(line.as_bytes());
            return;
        }
        self.talk(Some(("error", AnsiColor::Red)), sentence);
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// How far something is that may take long.
    pub(crate) fn progress(&self, doing: &'static str, total: usize) -> Progress {
        Progress::new(doing, total, !self.quiet && !self.form.is_json())
    }

    fn talk(&self, label: Option<(&str, AnsiColor)>, sentence: &str) {
        if self.form.is_json() {
            return;
        }
        let lines: Vec<_> = sentence.lines().map(escaped).collect();
        let text = lines.join("\n");
        let line = match label {
            Some((label, colour)) if is_coloured(&io::stderr(), colors_enabled_stderr) => {
                let style = Style::new().bold().fg_color(Some(colour.into()));
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
fn is_coloured(stream: &impl RawStream, unforced: fn() -> bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the libraries read it, too")]
    let is_zero = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force == "0");
    AutoStream::choice(stream) != anstream::ColorChoice::Never && (!is_zero || unforced())
}

fn json_line(report: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(report).map_err(|error| Error::Output(error.to_string()))?;
    Ok(escaped_json(&json) + "\n")
}

fn csv(rows: &[impl Serialize], with_names: bool) -> Result<String, Error> {
    let row = |row| match serde_json::to_value(row) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err(Error::Output("a row has no names".to_owned())),
        Err(error) => Err(Error::Output(error.to_string())),
    };
    let rows: Vec<Map<String, Value>> = rows.iter().map(row).collect::<Result<_, _>>()?;
    let names = rows.first().filter(|_| with_names).map(csv_header);
    Ok(names.unwrap_or_default() + &to_csv(&rows))
}

fn written(text: &str) -> Result<Delivery, Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Delivery::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Delivery::NoReader),
        Err(error) => Err(Error::Output(error.to_string())),
    }
}
