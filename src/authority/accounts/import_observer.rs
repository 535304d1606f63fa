//! Observation of an import, for the progress display and for interruption by Ctrl-C.

use crate::signals::Interrupted;

/// A step of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportStep {
    /// A row was read, in one of two passes over all rows: the check of the rows, or the hashing of
    /// their passwords.
    RowRead,
    /// A password was hashed.
    PasswordHashed,
    /// This number of rows has been processed so far, in a transaction that is not committed yet.
    /// The account of each row was added, updated or left unchanged.
    RowsApplied(usize),
}

/// Observer of an import, called from any thread. An error ends the import without changes.
pub(crate) type ImportObserver<'o> = dyn Fn(ImportStep) -> Result<(), Interrupted> + Sync + 'o;
