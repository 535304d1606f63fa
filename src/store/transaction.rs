//! Access to the store's rows within a transaction.

use super::Error;
use super::connection::Connection;
#[cfg(feature = "postgres")]
use super::tokens::PrefetchedTokens;
use super::values::Value;
use crate::model::{Grant, GrantRowId, Jti, Untrusted};
use rusqlite::{ErrorCode, Transaction};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// Queries within one transaction. The module of each table adds its query methods in its own
/// `impl Reader` block.
pub(crate) struct Reader<'c> {
    pub(super) connection: Connection<'c>,
    /// Grants that this transaction has read. The row of a grant never changes, and its id is never
    /// reused.
    pub(super) grants: RefCell<HashMap<GrantRowId, Arc<Grant>>>,
    /// Tokens and revocation entries that were loaded before a caller looks them up.
    #[cfg(feature = "postgres")]
    pub(super) prefetched_tokens: RefCell<PrefetchedTokens>,
}

impl<'c> Reader<'c> {
    /// Creates a reader within an open transaction.
    pub(super) fn new(connection: Connection<'c>) -> Self {
        Self {
            connection,
            grants: RefCell::default(),
            #[cfg(feature = "postgres")]
            prefetched_tokens: RefCell::default(),
        }
    }

    /// Returns whether the store is on a server, where each query takes a round trip.
    pub(crate) fn is_on_server(&self) -> bool {
        self.connection.is_server()
    }

    /// Creates a reader within an open SQLite transaction.
    pub(super) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self::new(Connection::Sqlite(connection))
    }
}

/// A [`Reader`] that can also make those changes that do not need the exclusive write lock: on a
/// server, several processes can make these changes at the same time. All other changes need a
/// [`Writer`].
pub(crate) struct SharedWriter<'c> {
    reader: Reader<'c>,
    summary: RefCell<WriteSummary>,
}

impl<'c> Deref for SharedWriter<'c> {
    type Target = Reader<'c>;

    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}

/// Time from which a read transaction on a server has its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnapshotStart {
    /// The first statement of the transaction.
    Immediate,
    /// The end of all write transactions that are open when the caller requests the read
    /// transaction.
    AfterWriters,
}

/// Mode of the write lock of a transaction on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteLock {
    /// Excludes all other writers.
    Exclusive,
    /// Excludes only writers with the exclusive lock.
    Shared,
}

/// A [`SharedWriter`] that excludes all other writers of the store and can make every change.
pub(crate) struct Writer<'c>(SharedWriter<'c>);

impl<'c> Deref for Writer<'c> {
    type Target = SharedWriter<'c>;

    fn deref(&self) -> &SharedWriter<'c> {
        &self.0
    }
}

/// Summary of the rows that a transaction writes. If the outcome of the commit is unknown, the
/// error names the recorded tokens, or the target if no tokens were recorded.
#[derive(Debug, Default)]
pub(super) struct WriteSummary {
    /// `jti` of the first token that the transaction recorded.
    first_jti: Option<Jti>,
    /// Number of tokens that the transaction recorded.
    token_count: usize,
    /// Object that the transaction changes: the target of the last audit event, the refreshed
    /// session, or the new store.
    target: Option<Untrusted>,
    /// Values of the last audit event; `None` for a file.
    #[cfg(feature = "postgres")]
    last_event: Option<Vec<Value<'static>>>,
}

impl WriteSummary {
    /// Returns the error for a commit with an unknown outcome.
    pub(super) fn into_error(self, cause: &'static str) -> Error {
        let Self { first_jti, token_count, target, .. } = self;
        let target = match first_jti {
            Some(jti) if token_count == 1 => Some(format!("token with `jti` {jti}")),
            Some(jti) => Some(format!("{token_count} tokens, the first with `jti` {jti}")),
            None => target.as_ref().map(Untrusted::to_display),
        };
        Error::OutcomeUnknown { cause, target, jti: first_jti }
    }

    /// Returns whether the store contains the rows of the transaction. Queries the first recorded
    /// token, or the last audit event if the transaction recorded no tokens. Returns `true` if the
    /// transaction added neither tokens nor events.
    #[cfg(feature = "postgres")]
    pub(super) fn is_stored(&self, reader: &Reader<'_>) -> Result<bool, Error> {
        match (self.first_jti, &self.last_event) {
            (Some(jti), _) => Ok(reader.find_token_by_jti(jti)?.is_some()),
            (None, Some(event)) => reader.has_event(event),
            (None, None) => Ok(true),
        }
    }
}

impl<'c> Writer<'c> {
    pub(super) fn new(connection: Connection<'c>) -> Self {
        Self(SharedWriter { reader: Reader::new(connection), summary: RefCell::default() })
    }

    /// Creates a writer within an open SQLite transaction.
    pub(super) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self::new(Connection::Sqlite(connection))
    }

    /// Returns the summary of all writes.
    pub(super) fn into_summary(self) -> WriteSummary {
        self.0.summary.into_inner()
    }
}

impl SharedWriter<'_> {
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

    /// Sets the target of the last audit event in the summary and, on a server, the values of the
    /// event.
    pub(super) fn note_event(&self, target: Option<Untrusted>, event: &[Value<'static>]) {
        let mut summary = self.summary.borrow_mut();
        summary.target = target;
        #[cfg(feature = "postgres")]
        if self.connection.is_server() {
            summary.last_event = Some(event.to_vec());
        }
        #[cfg(not(feature = "postgres"))]
        let _ = event;
    }

    /// Inserts a row into `table` with the statement `sql`, and returns the id of the row. Returns
    /// [`Error::AlreadyExists`] if a value that must be unique already exists.
    pub(super) fn insert(
        &self,
        table: &str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<i64, Error> {
        self.connection.insert(table, sql, values)
    }
}

/// Commits a SQLite transaction. After an I/O error, the outcome is unknown: it depends on the data
/// of the commit that the disk contains. If the WAL contains all data of the commit, the next
/// process that opens the store applies the commit. Otherwise, that process ignores the commit.
pub(super) fn commit(transaction: Transaction<'_>, summary: WriteSummary) -> Result<(), Error> {
    transaction.commit().map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => summary.into_error("disk failure"),
        _ => error.into(),
    })
}
