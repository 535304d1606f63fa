//! A store in a SQLite file: transactions, and closing at the exit of the process.

use super::Error;
use super::connect;
use super::lock::retry_until;
use super::transaction::{self, Reader, Writer};
use rusqlite::{Connection, DropBehavior, MAIN_DB, Transaction, TransactionBehavior};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// An open store with the current schema version in a SQLite file. In memory for the dry run of a
/// creation, and in unit tests.
pub(super) struct SqliteDatabase {
    pub(super) connection: Connection,
    /// Path without symbolic links in the directory part. For a store in memory, the path at which
    /// no file is created.
    pub(super) path: PathBuf,
    /// Set if closing the store must copy the write-ahead log (WAL) into the file. SQLite makes
    /// this copy only if no other process has the store open.
    pub(super) checkpoint_on_close: bool,
    /// Set once the connection has the settings for writing.
    pub(super) is_write_configured: bool,
    /// Set if this process created the store.
    pub(super) is_new: bool,
}

impl SqliteDatabase {
    pub(super) fn new(connection: Connection, path: PathBuf) -> Self {
        Self {
            connection,
            path,
            checkpoint_on_close: false,
            is_write_configured: false,
            is_new: false,
        }
    }

    /// Closes the connection only if SQLite must still copy the WAL into the file (see
    /// [`super::Store::close_at_exit`]). Otherwise, the operating system releases everything when
    /// the process exits.
    pub(super) fn close_at_exit(mut self) {
        if self.is_new {
            // SQLite copies the WAL into the file, so that a user who copies only the file has all
            // data. Errors are harmless: the data stays in the WAL.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
        }
        if self.is_write_configured && !self.checkpoint_on_close {
            // This process may have written a long WAL, which SQLite then copies when the
            // connection is closed. If this call fails, a later process copies the WAL.
            self.checkpoint_on_close =
                connect::checkpoint_long_wal_on_close(&self.connection, &self.path)
                    .unwrap_or(false);
        }
        if !self.checkpoint_on_close {
            std::mem::forget(self);
        }
    }

    /// Returns whether the connection is read-only: the file or its directory is not writable, or
    /// the connection was opened only for reading.
    pub(super) fn is_read_only(&self) -> bool {
        self.connection.is_readonly(MAIN_DB).unwrap_or(false)
    }

    /// Returns whether a transaction is open between calls of `read` and `write`: only a dry run
    /// keeps its transaction open.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs `work` on an unchanging snapshot.
    pub(super) fn read<T, E: From<Error>>(
        &self,
        lock_timeout: Duration,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = retry_until(Instant::now() + lock_timeout, || {
            let transaction = self.connection.unchecked_transaction()?;
            // The first statement acquires the snapshot, and fails if the store is busy. Later
            // statements do not fail for this reason.
            transaction.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
            Ok::<_, Error>(transaction)
        })?;
        work(&Reader::sqlite(&transaction))
    }

    /// Runs `work` in a write transaction, which is committed if `work` returns `Ok`.
    pub(super) fn write<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        lock_timeout: Duration,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin_write(deadline, lock_timeout)?;
        let writer = Writer::sqlite(&transaction);
        let value = work(&writer)?;
        let write_summary = writer.into_summary();
        transaction::commit(transaction, write_summary)?;
        Ok(value)
    }

    /// Runs `work` in the transaction of the dry run, which the first call begins and no call
    /// commits. If `work` fails, only the changes of this call are undone.
    pub(super) fn write_without_commit<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        lock_timeout: Duration,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.is_in_transaction() {
            self.begin_write(deadline, lock_timeout)?.set_drop_behavior(DropBehavior::Ignore);
        }
        let savepoint = self.connection.savepoint().map_err(Error::from)?;
        let value = work(&Writer::sqlite(&savepoint))?;
        savepoint.commit().map_err(Error::from)?;
        Ok(value)
    }

    /// Prepares the connection for many large writes (see
    /// [`super::Store::prepare_for_bulk_writes`]).
    pub(super) fn prepare_for_bulk_writes(&mut self) -> Result<(), Error> {
        self.configure_for_writing()?;
        connect::configure_bulk_writing(&self.connection)?;
        self.checkpoint_on_close = true;
        Ok(())
    }

    fn configure_for_writing(&mut self) -> Result<(), Error> {
        if !self.is_write_configured {
            connect::configure_writing(&self.connection)?;
            self.is_write_configured = true;
        }
        Ok(())
    }

    /// Begins a write transaction. Waits for the write lock until the deadline, with attempts at
    /// short intervals of equal length. Afterwards, the connection has the busy timeout
    /// `lock_timeout` again. The busy timeout of SQLite is not used for this wait, because its
    /// intervals grow to 100 ms. Under load, a process that waits longer would then have fewer
    /// attempts than new processes, and might never acquire the lock.
    fn begin_write(
        &mut self,
        deadline: Instant,
        lock_timeout: Duration,
    ) -> Result<Transaction<'_>, Error> {
        self.configure_for_writing()?;
        self.connection.busy_timeout(Duration::ZERO)?;
        let transaction = retry_until(deadline, || {
            let immediate = TransactionBehavior::Immediate;
            Ok(Transaction::new_unchecked(&self.connection, immediate)?)
        });
        self.connection.busy_timeout(lock_timeout)?;
        transaction
    }
}
