//! Access to the store's rows within a transaction.

use super::Error;
use crate::model::{Grant, GrantRowId, Jti, Untrusted};
use rusqlite::{Connection, ErrorCode, Transaction};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// Queries within one transaction. The module of each table adds its query methods in its own
/// `impl Reader` block.
pub(crate) struct Reader<'c> {
    pub(super) connection: &'c Connection,
    /// Grants that were read. The row of a grant never changes, and its id is never reused.
    pub(super) grants: RefCell<HashMap<GrantRowId, Arc<Grant>>>,
}

impl<'c> Reader<'c> {
    /// Creates a reader within an open transaction.
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, grants: RefCell::default() }
    }
}

/// A [`Reader`] that can also change rows.
pub(crate) struct Writer<'c> {
    reader: Reader<'c>,
    summary: RefCell<WriteSummary>,
}

impl<'c> Deref for Writer<'c> {
    type Target = Reader<'c>;

    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}

/// Rows that a transaction writes, named in the error if the outcome of the commit is unknown.
#[derive(Debug, Default)]
pub(super) struct WriteSummary {
    /// Id of the first recorded token.
    first_jti: Option<Jti>,
    /// Number of recorded tokens.
    token_count: usize,
    /// Target of the last audit event, or the session of a refresh.
    target: Option<Untrusted>,
}

impl WriteSummary {
    fn into_error(self) -> Error {
        let Self { first_jti, token_count, target } = self;
        let target = match first_jti {
            Some(jti) if token_count == 1 => Some(format!("token with `jti` {jti}")),
            Some(jti) => Some(format!("{token_count} tokens, the first with `jti` {jti}")),
            None => target.as_ref().map(Untrusted::to_display),
        };
        Error::OutcomeUnknown { target, jti: first_jti }
    }
}

impl<'c> Writer<'c> {
    pub(super) fn new(sql: &'c Connection) -> Self {
        Self { reader: Reader::new(sql), summary: RefCell::default() }
    }

    /// Adds recorded tokens to the summary.
    pub(super) fn note_tokens(&self, jtis: &[Jti]) {
        let mut summary = self.summary.borrow_mut();
        summary.first_jti = summary.first_jti.or(jtis.first().copied());
        summary.token_count += jtis.len();
    }

    /// Sets the target in the summary.
    pub(super) fn note_target(&self, target: Option<Untrusted>) {
        self.summary.borrow_mut().target = target;
    }

    /// Returns the summary of all writes.
    pub(super) fn into_summary(self) -> WriteSummary {
        self.summary.into_inner()
    }

    /// Returns the id of the row inserted into `table`. If the ids of a table are exhausted, SQLite
    /// reports a full disk, and this function reports damage.
    pub(super) fn inserted_id(
        &self,
        table: &str,
        result: rusqlite::Result<usize>,
    ) -> Result<i64, Error> {
        match result {
            Ok(_) => Ok(self.connection.last_insert_rowid()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                Err(self.id_exhaustion_fault(table)?.map_or_else(|| error.into(), Error::Damaged))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Reader<'_> {
    /// Returns a description of the fault if the highest id of `table` is the largest integer.
    pub(super) fn id_exhaustion_fault(&self, table: &str) -> Result<Option<String>, Error> {
        let is_exhausted: bool = self.connection.query_row(
            &format!(
                "SELECT EXISTS (SELECT 1 FROM {table} WHERE id = ?2)
                     OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1 AND seq >= ?2)"
            ),
            (table, i64::MAX),
            |row| row.get(0),
        )?;
        Ok(is_exhausted.then(|| format!("ids of table `{table}` exhausted")))
    }
}

/// Commits. After an I/O error the outcome is unknown: the next process that opens the store
/// applies the commit if all of its data reached the WAL on the disk, and ignores it otherwise.
pub(super) fn commit(transaction: Transaction<'_>, summary: WriteSummary) -> Result<(), Error> {
    transaction.commit().map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => summary.into_error(),
        _ => error.into(),
    })
}
