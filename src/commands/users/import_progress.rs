//! Progress and interruption of commands that import accounts in one transaction.

use crate::app::{
    Interrupted, InterruptionWatch, Monitor, RunConsole, Total, describe_interruption,
};
use crate::authority::Error;
use crate::authority::accounts::{ImportRows, ImportStep};
use crate::failure::Failure;

/// Watch for Ctrl-C during an import.
pub(crate) struct ImportWatch {
    interruption: InterruptionWatch,
    /// Label of the progress display during the transaction.
    label: &'static str,
    /// End of the error message after Ctrl-C. This text states that the import changed nothing.
    unchanged_note: &'static str,
}

impl ImportWatch {
    pub(crate) fn start(
        label: &'static str,
        unchanged_note: &'static str,
    ) -> Result<Self, Failure> {
        Ok(Self { interruption: InterruptionWatch::start()?, label, unchanged_note })
    }

    /// Returns an error after Ctrl-C.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        self.interruption.check()
    }

    /// Converts an error that occurs before [`ImportProgress::start`]. If Ctrl-C is the cause of
    /// the error, appends `unchanged_note` to the message.
    pub(crate) fn convert_error<T>(&self, result: Result<T, Error>) -> Result<T, Failure> {
        describe_interruption(result, || format!("; {}", self.unchanged_note))
    }
}

/// Progress of an import: first the hashing of passwords, then the transaction.
pub(crate) struct ImportProgress {
    monitor: Monitor,
    watch: ImportWatch,
    row_count: usize,
}

impl ImportProgress {
    /// Starts the progress display: for the hashing of passwords, or for the transaction if no row
    /// has a password to hash.
    pub(crate) fn start(console: &RunConsole, watch: ImportWatch, rows: &ImportRows) -> Self {
        let (label, total) = match rows.unhashed_count() {
            0 => (watch.label, rows.len()),
            count => ("hashing", count),
        };
        let interruption = watch.interruption.clone();
        let monitor = interruption.monitor(console, label, Total::Items(total));
        Self { monitor, watch, row_count: rows.len() }
    }

    /// Shows a completed step in the progress display, except [`ImportStep::RowRead`]. Returns an
    /// error after Ctrl-C.
    pub(crate) fn observe(&self, step: ImportStep) -> Result<(), Interrupted> {
        match step {
            ImportStep::RowRead => self.monitor.check(),
            ImportStep::PasswordHashed => self.monitor.advance(1),
            ImportStep::RowsApplied(count) => {
                self.monitor.set_label(self.watch.label);
                self.monitor.set(count, self.row_count)
            }
        }
    }

    /// Ends the progress display, and converts the error of `result`. If Ctrl-C is the cause of the
    /// error, appends the `unchanged_note` of the watch to the message.
    pub(crate) fn finish<T>(&self, result: Result<T, Error>) -> Result<T, Failure> {
        self.monitor.finish(result, || format!("; {}", self.watch.unchanged_note))
    }
}
