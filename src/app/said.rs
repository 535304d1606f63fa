//! What a run says: results, and the talk beside them.

use super::App;
use crate::failure::{Failure, Kind};
use crate::terminal::{self, Cell, Delivery, Form, Progress, Report, Table};
use serde::Serialize;

/// A standard output that was open before anything was created: only there secrets are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretOutput(());

impl SecretOutput {
    /// Refuses a closed standard output, before anything is created whose secret would be lost.
    pub(crate) fn open() -> Result<Self, Failure> {
        if terminal::is_writable() {
            return Ok(Self(()));
        }
        let message = "standard output is closed, and the result is a secret that would be lost";
        Err(Failure::new(Kind::Internal, "internal", message))
    }
}

impl App {
    /// Writes a result. A reader who has left has heard enough.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), Failure> {
        match self.delivered(report)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes one line of JSON of a result that has many, whatever the form. `false`: its reader
    /// has left.
    pub(crate) fn line(&self, line: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.voice.line(line)? == Delivery::Done)
    }

    /// Writes a result of many rows in a form that has lines; CSV has names above the first ones.
    /// `false`: its reader has left.
    pub(crate) fn rows(&self, rows: &[impl Serialize], are_first: bool) -> Result<bool, Failure> {
        Ok(self.voice.rows(rows, are_first)? == Delivery::Done)
    }

    /// Writes items of a list that is one document of JSON. `false`: its reader has left.
    pub(crate) fn items(&self, items: &[impl Serialize], are_first: bool) -> Result<bool, Failure> {
        Ok(self.voice.items(items, are_first)? == Delivery::Done)
    }

    /// Ends such a document like that of an empty list. `false`: its reader has left.
    pub(crate) fn end_of_items(&self, empty: &impl Serialize) -> Result<bool, Failure> {
        Ok(self.voice.end_of_items(empty)? == Delivery::Done)
    }

    /// Writes rows of a table, the first ones below its header. `false`: its reader has left.
    pub(crate) fn table(&self, rows: &Table, are_first: bool) -> Result<bool, Failure> {
        Ok(self.voice.table(rows, are_first, self.now().ok())? == Delivery::Done)
    }

    /// Shows how far something is, if it takes long and somebody looks.
    pub(crate) fn progress(&self, doing: &'static str, total: usize) -> Progress {
        self.voice.progress(doing, total)
    }

    /// Writes text of our own source, a script for example.
    pub(crate) fn document(&self, text: &str) -> Result<(), Failure> {
        match self.voice.document(text)? {
            Delivery::Done | Delivery::NoReader => Ok(()),
        }
    }

    /// Writes a result that is a secret. `false`: nobody received it.
    pub(crate) fn hand_out(&self, _: SecretOutput, report: &impl Report) -> bool {
        matches!(self.delivered(report), Ok(Delivery::Done))
    }

    fn delivered(&self, report: &impl Report) -> Result<Delivery, terminal::Error> {
        self.voice.result(report, self.now().ok())
    }

    /// What a sentence says of it: an instant, for people with how far away it is.
    pub(crate) fn said(&self, cell: impl Into<Cell>) -> String {
        self.voice.said(&cell.into(), self.now().ok())
    }

    /// The form of results.
    pub(crate) fn form(&self) -> Form {
        self.options.form
    }

    /// Whether anything is said besides results and errors.
    pub(crate) fn talks(&self) -> bool {
        !self.options.quiet && !self.options.form.is_json()
    }

    /// Says what was done.
    pub(crate) fn status(&self, sentence: &str) {
        self.voice.status(sentence);
    }

    /// Says it, if there is something to say.
    pub(crate) fn status_if_any(&self, sentence: Option<String>) {
        if let Some(sentence) = sentence {
            self.status(&sentence);
        }
    }

    /// Says what may surprise.
    pub(crate) fn warning(&self, sentence: &str) {
        self.voice.warning(sentence);
    }

    /// Says what to do next.
    pub(crate) fn hint(&self, sentence: &str) {
        if !self.options.quiet {
            self.voice.hint(sentence);
        }
    }
}
