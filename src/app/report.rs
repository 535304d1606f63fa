//! Output of a run: results on standard output, messages on standard error.

use super::App;
use crate::failure::{Code, Failure};
use crate::terminal::{self, Cell, Delivery, OutputFormat, Progress, Report, Table};
use serde::Serialize;

/// Proof that standard output was writable before a secret was created. Delivering the secret
/// requires this value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretOutput(());

impl SecretOutput {
    /// Refuses a closed standard output. Called before a secret is created, which would otherwise
    /// be lost.
    pub(crate) fn open() -> Result<Self, Failure> {
        if terminal::is_stdout_writable() {
            return Ok(Self(()));
        }
        let message = "standard output is closed: the secret would be lost";
        Err(Failure::new(Code::Internal, message))
    }
}

impl App {
    /// Writes a result. A closed pipe is no error.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), Failure> {
        match self.write_report(report)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes one line of JSON Lines, regardless of the output format. Returns `false` if the pipe
    /// is closed.
    pub(crate) fn write_json_line(&self, line: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.console.write_json_line(line)? == Delivery::Done)
    }

    /// Writes rows in a line-based output format; in CSV, a header is written before the first
    /// batch. Returns `false` if the pipe is closed.
    pub(crate) fn write_rows(
        &self,
        rows: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<bool, Failure> {
        Ok(self.console.write_rows(rows, is_first_batch)? == Delivery::Done)
    }

    /// Writes items of a list that is one JSON document. Returns `false` if the pipe is closed.
    pub(crate) fn write_items(
        &self,
        items: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<bool, Failure> {
        Ok(self.console.write_items(items, is_first_batch)? == Delivery::Done)
    }

    /// Ends a JSON document that [`App::write_items`] began, with the members after `items`. The
    /// given list has the same members, but no items. Returns `false` if the pipe is closed.
    pub(crate) fn end_items(&self, empty_list: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.console.end_items(empty_list)? == Delivery::Done)
    }

    /// Writes rows of a table, with the header before the first batch. Returns `false` if the pipe
    /// is closed.
    pub(crate) fn write_table(&self, rows: &Table, is_first_batch: bool) -> Result<bool, Failure> {
        Ok(self.console.write_table(rows, is_first_batch, self.now().ok())? == Delivery::Done)
    }

    /// Starts a progress display, shown only on a terminal and for long operations.
    pub(crate) fn start_progress(&self, label: &'static str, total: usize) -> Progress {
        self.console.start_progress(label, total)
    }

    /// Writes trusted text such as a completion script. A closed pipe is no error.
    pub(crate) fn write_document(&self, text: &str) -> Result<(), Failure> {
        match self.console.write_document(text)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes a result that is a secret. Returns `false` if the secret was not delivered.
    pub(crate) fn deliver_secret(&self, _: SecretOutput, report: &impl Report) -> bool {
        matches!(self.write_report(report), Ok(Delivery::Done))
    }

    fn write_report(&self, report: &impl Report) -> Result<Delivery, terminal::Error> {
        self.console.write_result(report, self.now().ok())
    }

    /// Renders a cell for a message. Adds the relative time to a time if standard error is a
    /// terminal.
    pub(crate) fn render_cell(&self, cell: impl Into<Cell>) -> String {
        self.console.render_cell(&cell.into(), self.now().ok())
    }

    /// Returns the output format of results.
    pub(crate) fn output_format(&self) -> OutputFormat {
        self.options.output_format
    }

    /// Returns whether status messages are printed.
    pub(crate) fn is_verbose(&self) -> bool {
        !self.options.quiet && !self.options.output_format.is_json()
    }

    /// Prints a status message.
    pub(crate) fn print_status(&self, message: &str) {
        self.console.print_status(message);
    }

    /// Prints a status message, if there is one.
    pub(crate) fn print_status_if_some(&self, message: Option<String>) {
        if let Some(message) = message {
            self.print_status(&message);
        }
    }

    /// Prints a warning.
    pub(crate) fn print_warning(&self, message: &str) {
        self.console.print_warning(message);
    }

    /// Prints a hint.
    pub(crate) fn print_hint(&self, message: &str) {
        if !self.options.quiet {
            self.console.print_hint(message);
        }
    }
}
