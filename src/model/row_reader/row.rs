//! Rows of a file, and the errors of reading a row.

use serde_json::{Map, Value};
use std::io;

/// Invalid line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct InvalidLine {
    /// Line number, counted from 1.
    pub(crate) line: u64,
    /// Reason for the rejection, without the content of the line.
    pub(crate) reason: String,
}

/// Reason why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The text is invalid.
    #[error(transparent)]
    InvalidLine(#[from] InvalidLine),
    /// Reading the input failed.
    #[error("{0}")]
    Input(#[from] io::Error),
}

/// Row of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row {
    /// First line of the row, counted from 1; 0 for a row that is not from a file.
    pub(crate) line: u64,
    /// Values by column or member name.
    pub(crate) fields: Map<String, Value>,
}

pub(super) fn invalid_line(line: u64, reason: &str) -> RowError {
    InvalidLine { line, reason: reason.to_owned() }.into()
}
