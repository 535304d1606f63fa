//! SQLite storage: opening, transactions, and conversion between rows and model types. The layer
//! contains no business rules, and no rusqlite type is visible outside the layer.

mod address;
mod audit;
mod backup;
mod check;
mod check_rows;
mod completion;
mod connect;
mod directory_remedy;
mod dry_run;
mod error;
mod exclusive;
mod expected_schema;
mod file;
mod file_status;
mod keys;
mod lock;
mod migrations;
mod open;
#[cfg(feature = "postgres")]
#[allow(dead_code, unused_imports, reason = "the store does not connect yet")]
mod postgres;
mod previous_store;
mod prune;
mod restore;
mod schema;
mod scratch;
mod sessions;
mod settings;
mod sql;
mod sqlite_build;
mod stats;
mod tokens;
mod transaction;
mod users;

pub(crate) use address::{AddressSource, InvalidAddress, StoreAddress};
pub(crate) use audit::{EventFilter, NewEvent};
pub(crate) use backup::CopyObserver;
pub(crate) use check::{Findings, check};
pub(crate) use check_rows::CryptoChecks;
pub(crate) use directory_remedy::DirectoryRemedy;
pub(crate) use error::Error;
pub(crate) use file::PermissionFix;
pub(crate) use file_status::FileFault;
pub(crate) use lock::Retryable;
pub(crate) use open::OpenOutcome;
#[cfg(feature = "postgres")]
pub(crate) use postgres::{ConnectionError, PostgresEnvironment};
pub(crate) use restore::{LockedStore, RestoreOutcome, check_backup};
pub(crate) use schema::InitialRows;
pub(crate) use scratch::ScratchDatabase;
pub(crate) use sessions::{NewPair, PairWithSession};
pub(crate) use sqlite_build::SqliteBuild;
pub(crate) use stats::StoreStats;
pub(crate) use tokens::{NewToken, TokenFilter, TokenLookup};
pub(crate) use transaction::{Reader, Writer};
pub(crate) use users::{IssuanceState, UserFilter, UserOrder};

use crate::model::StoreId;
use lock::{RETRY_INTERVAL, retry_until};
use rusqlite::{Connection, MAIN_DB, Transaction, TransactionBehavior};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An open store with the current schema version.
#[expect(clippy::struct_excessive_bools, reason = "independent states of the connection")]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    /// Loaded on first use: token verification does not need the id.
    id: OnceCell<StoreId>,
    lock_timeout: Duration,
    /// Set if the write-ahead log (WAL) must be copied into the file on close, unless another
    /// process still has the store open.
    checkpoint_on_close: bool,
    /// Set once the connection has the settings for writing.
    is_write_configured: bool,
    /// Set if this process created the store.
    is_new: bool,
    /// Set by [`Store::start_dry_run`].
    is_dry_run: bool,
}

impl Store {
    /// Closes the store shortly before the process exits. The system frees memory and locks faster
    /// than SQLite does; SQLite closes the connection only if the WAL must be copied back.
    pub(crate) fn close_at_exit(mut self) {
        if self.is_new {
            // SQLite copies the WAL into the file, so that a user who copies only the file has all
            // data. Errors are harmless: the data stays in the WAL.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
        }
        if self.is_write_configured && !self.checkpoint_on_close {
            // This process may have written a long WAL. If the call fails, a later process copies it.
            self.checkpoint_on_close =
                connect::checkpoint_long_wal_on_close(&self.connection, &self.path)
                    .unwrap_or(false);
        }
        if !self.checkpoint_on_close {
            std::mem::forget(self);
        }
    }

    /// Erases the content of deleted rows from the WAL.
    pub(crate) fn erase_deleted_rows_from_wal(&self) {
        connect::truncate_wal(&self.connection, self.lock_timeout);
    }

    /// Returns whether the connection is read-only because the file or its directory is not
    /// writable.
    pub(crate) fn is_read_only(&self) -> bool {
        self.connection.is_readonly(MAIN_DB).unwrap_or(false)
    }

    /// Returns the store's path, with symbolic links in the directory part resolved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the random store id.
    pub(crate) fn id(&self) -> Result<StoreId, Error> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let id = schema::store_id(&self.connection)?;
        Ok(*self.id.get_or_init(|| id))
    }

    /// Runs `work` on an unchanging snapshot of the store.
    pub(crate) fn read<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.is_in_dry_run_transaction() {
            return work(&Reader::new(&self.connection));
        }
        let transaction = retry_until(Instant::now() + self.lock_timeout, || {
            let transaction = self.connection.unchecked_transaction()?;
            // The first statement takes the snapshot and can find the store busy. Later
            // statements cannot.
            transaction.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
            Ok::<_, Error>(transaction)
        })?;
        work(&Reader::new(&transaction))
    }

    /// Runs `work` as one durable change: `BEGIN IMMEDIATE`, then a commit if `work` returns `Ok`
    /// and a rollback otherwise. `work` runs again if the store was busy, so it must have no effect
    /// except on rows: sign tokens before calling `write`, print output after it.
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
        if self.is_dry_run {
            return self.write_without_commit(deadline, work);
        }
        let transaction = self.begin_write(deadline)?;
        let writer = Writer::new(&transaction);
        let value = work(&writer)?;
        let summary = writer.into_summary();
        transaction::commit(transaction, summary)?;
        Ok(value)
    }

    /// Prepares for many large writes: SQLite copies the WAL back after 1,000 pages instead of 100,
    /// and when the store is closed.
    pub(crate) fn expect_bulk_writes(&mut self) -> Result<(), Error> {
        self.configure_for_writing()?;
        connect::configure_bulk_writing(&self.connection)?;
        self.checkpoint_on_close = true;
        Ok(())
    }

    /// Pauses between two writes, long enough for waiting processes to acquire the write lock.
    pub(crate) fn pause_between_writes() {
        std::thread::sleep(RETRY_INTERVAL);
    }

    fn configure_for_writing(&mut self) -> Result<(), Error> {
        if !self.is_write_configured {
            connect::configure_writing(&self.connection)?;
            self.is_write_configured = true;
        }
        Ok(())
    }

    /// Waits for the write lock in short, even steps. SQLite itself has no queue and waits in steps
    /// that grow to 100 ms: under load, new processes overtake the longest waiter indefinitely.
    fn begin_write(&mut self, deadline: Instant) -> Result<Transaction<'_>, Error> {
        self.configure_for_writing()?;
        self.connection.busy_timeout(Duration::ZERO)?;
        let transaction = retry_until(deadline, || {
            let immediate = TransactionBehavior::Immediate;
            Ok(Transaction::new_unchecked(&self.connection, immediate)?)
        });
        self.connection.busy_timeout(self.lock_timeout)?;
        transaction
    }
}
