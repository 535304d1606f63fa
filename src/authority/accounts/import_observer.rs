//! Observation of an import: its progress, and its end by Ctrl-C.

use crate::signals::Interrupted;

/// A step of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportStep {
    /// A row was read, to be checked or to hash its password.
    RowChecked,
    /// A password was hashed.
    PasswordHashed,
    /// So far, the accounts of this number of rows were added, updated or left unchanged, in a
    /// transaction that is not committed yet.
    RowsApplied(usize),
}

/// Observer of an import, called from any thread. An error ends the import without changes.
pub(crate) type ImportObserver<'o> = dyn Fn(ImportStep) -> Result<(), Interrupted> + Sync + 'o;
