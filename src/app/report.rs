//! What a run says: results, and the talk beside them.

use super::App;
use crate::failure::{Failure, Kind};
use crate::terminal::{self, Cell, Delivery, OutputFormat, Progress, Report, Table};
use serde::Serialize;

/// A standard output that was open before anything was created: only there secrets are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretOutput(());

impl SecretOutput {
    /// Refuses a closed standard output, before anything is created whose secret would be lost.
    pub(crate) fn open() -> Result<Self, Failure> {
        if terminal::is_stdout_writable() {
            return Ok(Self(()));
        }
        let message = "standard output is closed, and the result is a secret that would be lost";
        Err(Failure::new(Kind::Internal, "internal", message))
    }
}

impl App {
    /// Writes a result. A reader who has left has heard enough.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), Failure> {
        match self.write_report(report)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes one line of JSON of a result that has many, whatever the form. `false`: its reader
    /// has left.
    pub(crate) fn write_json_line(&self, line: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.console.write_json_line(line)? == Delivery::Done)
    }

    /// Writes a result of many rows in a form that has lines; CSV has names above the first ones.
    /// `false`: its reader has left.
    pub(crate) fn write_rows(
        &self,
        rows: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<bool, Failure> {
        Ok(self.console.write_rows(rows, is_first_batch)? == Delivery::Done)
    }

    /// Writes items of a list that is one document of JSON. `false`: its reader has left.
    pub(crate) fn write_items(
        &self,
        items: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<bool, Failure> {
        Ok(self.console.write_items(items, is_first_batch)? == Delivery::Done)
    }

    /// Ends such a document like that of an empty list. `false`: its reader has left.
    pub(crate) fn end_items(&self, empty: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.console.end_items(empty)? == Delivery::Done)
    }

    /// Writes rows of a table, the first ones below its header. `false`: its reader has left.
    pub(crate) fn write_table(&self, rows: &Table, is_first_batch: bool) -> Result<bool, Failure> {
        Ok(self.console.write_table(rows, is_first_batch, self.now().ok())? == Delivery::Done)
    }

    /// Shows how far something is, if it takes long and somebody looks.
    pub(crate) fn start_progress(&self, label: &'static str, total: usize) -> Progress {
        self.console.start_progress(label, total)
    }

    /// Writes text of our own source, a script for example.
    pub(crate) fn write_document(&self, text: &str) -> Result<(), Failure> {
        match self.console.write_document(text)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes a result that is a secret. `false`: nobody received it.
    pub(crate) fn deliver_secret(&self, _: SecretOutput, report: &impl Report) -> bool {
        matches!(self.write_report(report), Ok(Delivery::Done))
    }

    fn write_report(&self, report: &impl Report) -> Result<Delivery, terminal::Error> {
        self.console.write_result(report, self.now().ok())
    }

    /// What a sentence says of it: an instant, for people with how far away it is.
    pub(crate) fn render_cell(&self, cell: impl Into<Cell>) -> String {
        self.console.render_cell(&cell.into(), self.now().ok())
    }

    /// The form of results.
    pub(crate) fn output_format(&self) -> OutputFormat {
        self.options.output_format
    }

    /// Whether anything is said besides results and errors.
    pub(crate) fn is_verbose(&self) -> bool {
        !self.options.quiet && !self.options.output_format.is_json()
    }

    /// Says what was done.
    pub(crate) fn print_status(&self, message: &str) {
        self.console.print_status(message);
    }

    /// Says it, if there is something to say.
    pub(crate) fn print_status_if_some(&self, message: Option<String>) {
        if let Some(message) = message {
            self.print_status(&message);
        }
    }

    /// Says what may surprise.
    pub(crate) fn print_warning(&self, message: &str) {
        self.console.print_warning(message);
    }

    /// Says what to do next.
    pub(crate) fn print_hint(&self, message: &str) {
        if !self.options.quiet {
            self.console.print_hint(message);
        }
    }
}
