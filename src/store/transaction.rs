//! The two ways into the file: [`Store::read`] and [`Store::write`].

use super::connect::configure_writing;
use super::lock::{RETRY_INTERVAL, Retryable, retry_until};
use super::{Error, Store};
use crate::model::{Jti, escape};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// What can be asked of the store inside one transaction. The tables' files add the questions.
pub(crate) struct Reader<'c> {
    pub(super) sql: &'c Connection,
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

/// The things that a transaction writes, to be looked for if nobody knows what became of it.
#[derive(Debug, Default)]
pub(super) struct WriteSummary {
    /// The first recorded token.
    token: Option<Jti>,
    /// The number of recorded tokens.
    tokens: usize,
    /// The target of the last audit event, or the session of a refresh.
    target: Option<String>,
}

impl WriteSummary {
    fn into_error(self) -> Error {
        let Self { token, tokens, target } = self;
        let target = match token {
            Some(jti) if tokens == 1 => Some(format!("the token with the `jti` {jti}")),
            Some(jti) => Some(format!("{tokens} tokens, the first with the `jti` {jti}")),
            None => target.map(|target| escape(&target)),
        };
        Error::OutcomeUnknown { target, jti: token }
    }
}

impl<'c> Writer<'c> {
    pub(super) fn new(sql: &'c Connection) -> Self {
        Self { reader: Reader { sql }, summary: RefCell::default() }
    }

    /// Remembers a recorded token.
    pub(super) fn note_token(&self, jti: Jti) {
        let mut summary = self.summary.borrow_mut();
        summary.token.get_or_insert(jti);
        summary.tokens += 1;
    }

    /// Remembers the target of the change.
    pub(super) fn note_target(&self, target: Option<&str>) {
        self.summary.borrow_mut().target = target.map(str::to_owned);
    }

    /// The things that were written.
    pub(super) fn into_summary(self) -> WriteSummary {
        self.summary.into_inner()
    }

    /// Returns the id of the row that was inserted into `table`. SQLite reports a table whose ids
    /// are used up as a full disk.
    pub(super) fn inserted_id(
        &self,
        table: &str,
        result: rusqlite::Result<usize>,
    ) -> Result<i64, Error> {
        match result {
            Ok(_) => Ok(self.sql.last_insert_rowid()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                Err(self.id_exhaustion_fault(table)?.map_or_else(|| error.into(), Error::Damaged))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Reader<'_> {
    /// Returns the fault of a table whose highest id is the highest of all integers.
    pub(super) fn id_exhaustion_fault(&self, table: &str) -> Result<Option<String>, Error> {
        let is_used_up: bool = self.sql.query_row(
            &format!(
                "SELECT EXISTS (SELECT 1 FROM {table} WHERE id = ?2)
                     OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1 AND seq >= ?2)"
            ),
            (table, i64::MAX),
            |row| row.get(0),
        )?;
        Ok(is_used_up.then(|| format!("table `{table}` has no id left")))
    }
}

impl Store {
    /// Runs `work` on one unchanging view of the store.
    pub(crate) fn read<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = retry_until(Instant::now() + self.lock_timeout, || {
            let transaction = self.connection.unchecked_transaction()?;
            // The first statement takes the view, and may find the store busy; later ones do not.
            transaction.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
            Ok::<_, Error>(transaction)
        })?;
        work(&Reader { sql: &transaction })
    }

    /// Runs `work` as one durable change: `BEGIN IMMEDIATE`, committed if it returns `Ok`, rolled
    /// back otherwise. It is run again when the store was busy, so it must have no effect besides
    /// its rows: sign before, print after.
    pub(crate) fn write<T, E: From<Error> + Retryable>(
        &mut self,
        mut work: impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let deadline = Instant::now() + self.lock_timeout;
        loop {
            match self.try_write(deadline, &mut work) {
                Err(error) if error.is_retryable() && Instant::now() < deadline => {}
                other => return other,
            }
        }
    }

    fn try_write<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin_write(deadline)?;
        let writer = Writer::new(&transaction);
        let value = work(&writer)?;
        let summary = writer.into_summary();
        commit(transaction, summary)?;
        Ok(value)
    }
}

impl Store {
    /// Leaves the write lock alone for as long as others need to notice that it is free.
    pub(crate) fn yield_write_lock() {
        std::thread::sleep(RETRY_INTERVAL);
    }

    /// Waits for the write lock in short even steps. SQLite's own waiting backs off to a tenth of a
    /// second and knows no queue: under load newcomers overtake whoever waited longest, for ever.
    fn begin_write(&mut self, deadline: Instant) -> Result<Transaction<'_>, Error> {
        if !self.is_write_configured {
            configure_writing(&self.connection)?;
            self.is_write_configured = true;
        }
        self.connection.busy_timeout(Duration::ZERO)?;
        let transaction = retry_until(deadline, || {
            let immediate = TransactionBehavior::Immediate;
            Ok(Transaction::new_unchecked(&self.connection, immediate)?)
        });
        self.connection.busy_timeout(self.lock_timeout)?;
        transaction
    }
}

/// Commits. The records of a commit may be in the log although it failed: whether they are found
/// there depends on what the system wrote to the disk, and on who opens the store next.
pub(super) fn commit(transaction: Transaction<'_>, summary: WriteSummary) -> Result<(), Error> {
    transaction.commit().map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => summary.into_error(),
        _ => error.into(),
    })
}
