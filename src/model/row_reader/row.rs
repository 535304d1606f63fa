//! Rows of a file, and the errors of reading a row.

use serde_json::{Map, Value};
use std::io;

/// Invalid line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct InvalidLine {
    /// Line number, counted from 1.
    pub(crate) line: u64,
    /// Reason for the rejection, without text from the line that may be secret.
    pub(crate) reason: String,
}

/// Maximum number of invalid lines that are reported together.
const MAX_REPORTED_LINES: usize = 20;

/// The first invalid lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{}", describe_lines(.lines))]
pub(crate) struct InvalidLines {
    /// The lines, in the order of the file; at most [`MAX_REPORTED_LINES`].
    pub(crate) lines: Vec<InvalidLine>,
}

impl InvalidLines {
    /// Adds a line. When the number of lines reaches [`MAX_REPORTED_LINES`], returns all lines as
    /// an error.
    pub(crate) fn push(&mut self, line: InvalidLine) -> Result<(), Self> {
        self.lines.push(line);
        if self.lines.len() < MAX_REPORTED_LINES { Ok(()) } else { Err(std::mem::take(self)) }
    }

    /// Returns the lines as an error, or `Ok` if there are no lines.
    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.lines.is_empty() { Ok(()) } else { Err(self) }
    }
}

fn describe_lines(lines: &[InvalidLine]) -> String {
    let first = if lines.len() < MAX_REPORTED_LINES { "" } else { "the first " };
    let heading = format!("{first}{} invalid lines:", lines.len());
    let texts = std::iter::once(heading).chain(lines.iter().map(ToString::to_string));
    texts.collect::<Vec<_>>().join("\n  ")
}

/// Reason why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The text of a line is invalid.
    #[error(transparent)]
    InvalidLine(#[from] InvalidLine),
    /// Reading the input failed.
    #[error("{0}")]
    Input(#[from] io::Error),
}

/// Row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row {
    /// Number of the first line of the row, counted from 1; 0 for a row that is not from a file.
    pub(crate) line: u64,
    /// Values by CSV column name or JSON member name.
    pub(crate) fields: Map<String, Value>,
}

pub(super) fn invalid_line(line: u64, reason: &str) -> RowError {
    InvalidLine { line, reason: reason.to_owned() }.into()
}
