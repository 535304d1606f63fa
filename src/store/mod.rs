//! Storage in a SQLite file or in a PostgreSQL database: opening, transactions, and conversion
//! between rows and model types. This module contains no business rules. No type of a database
//! client is visible outside this module.

mod address;
mod audit;
mod backup;
mod check;
mod check_rows;
mod columns;
mod completion;
mod connect;
mod connection;
mod copy;
mod dialect;
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
mod pending_backup;
#[cfg(feature = "postgres")]
mod postgres;
mod previous_store;
mod prune;
mod restore;
mod roles;
mod schema;
mod scratch;
mod server_stats;
mod sessions;
mod settings;
mod sql;
mod sqlite_build;
mod sqlite_database;
mod statement;
mod stats;
#[cfg(test)]
mod test_store;
mod tokens;
mod transaction;
mod users;
mod values;

pub(crate) use address::{AddressSource, InvalidAddress, ResolvedAddress, StoreAddress};
pub(crate) use audit::{EventFilter, NewEvent};
pub(crate) use backup::CopyObserver;
pub(crate) use check::{Findings, check};
pub(crate) use check_rows::CryptoChecks;
pub(crate) use copy::{CopyStep, RowObserver, TableDigest};
pub(crate) use directory_remedy::DirectoryRemedy;
pub(crate) use error::Error;
pub(crate) use file::PermissionFix;
pub(crate) use file_status::FileFault;
pub(crate) use lock::Retryable;
pub(crate) use open::OpenOutcome;
#[cfg(feature = "postgres")]
pub(crate) use postgres::{ConnectionError, PostgresEnvironment, ServerAddress, ServerError};
pub(crate) use restore::{LockedStore, RestoreOutcome, check_backup};
pub(crate) use roles::roles_sql;
pub(crate) use schema::InitialRows;
pub(crate) use scratch::ScratchDatabase;
pub(crate) use server_stats::ServerStats;
pub(crate) use sessions::{NewPair, PairWithSession};
pub(crate) use sqlite_build::SqliteBuild;
pub(crate) use stats::{EngineStats, StoreStats};
pub(crate) use tokens::{NewToken, TokenFilter, TokenGroup, TokenLookup};
pub(crate) use transaction::{Reader, SharedWriter, Writer};
pub(crate) use users::{IssuanceState, UserFilter, UserOrder};

use crate::model::{StoreId, Timestamp};
use lock::RETRY_INTERVAL;
#[cfg(feature = "postgres")]
use postgres::PostgresDatabase;
use sqlite_database::SqliteDatabase;
use std::cell::OnceCell;
use std::time::{Duration, Instant};
use transaction::{SnapshotStart, WriteLock};

/// An open store with the current schema version.
pub(crate) struct Store {
    database: Database,
    address: StoreAddress,
    /// Loaded on first use: token verification does not need the id.
    id: OnceCell<StoreId>,
    lock_timeout: Duration,
    /// Set by [`Store::start_dry_run`].
    is_dry_run: bool,
    /// Set if the commit of a copy of this store is complete, but it is not certain that a standby
    /// server has confirmed the commit.
    has_unconfirmed_copy: bool,
}

enum Database {
    Sqlite(SqliteDatabase),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresDatabase>),
}

impl Store {
    fn sqlite(database: SqliteDatabase, lock_timeout: Duration) -> Self {
        Self {
            address: StoreAddress::File(database.path.clone()),
            database: Database::Sqlite(database),
            id: OnceCell::new(),
            lock_timeout,
            is_dry_run: false,
            has_unconfirmed_copy: false,
        }
    }

    /// Ends the use of the store shortly before the process exits. Closes a SQLite connection only
    /// if the close operation must still copy the WAL into the file. The operating system releases
    /// all other memory, locks and connections, because this is faster.
    pub(crate) fn close_at_exit(self) {
        match self.database {
            Database::Sqlite(database) => database.close_at_exit(),
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => std::mem::forget(database),
        }
    }

    /// Erases the content of deleted rows from the WAL of a SQLite file. If another process reads
    /// for too long, a later command erases the content.
    pub(crate) fn erase_deleted_rows_from_wal(&self) {
        match &self.database {
            Database::Sqlite(database) => {
                connect::truncate_wal(&database.connection, self.lock_timeout);
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => {}
        }
    }

    /// Returns whether the store can only be read. A file is read-only if the file is not writable,
    /// if its directory is not writable and its WAL is empty or missing, or if the file was opened
    /// only for reading. A server is read-only if, when the store was opened, the server was a
    /// standby or made transactions read-only by default.
    pub(crate) fn is_read_only(&self) -> bool {
        match &self.database {
            Database::Sqlite(database) => database.is_read_only(),
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.is_read_only(),
        }
    }

    /// Returns the address of the store. In the path of a file, symbolic links in the directory
    /// part are resolved, except for the simulated store of a dry run.
    pub(crate) fn address(&self) -> &StoreAddress {
        &self.address
    }

    /// Returns the random store id.
    pub(crate) fn id(&self) -> Result<StoreId, Error> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let id = match &self.database {
            Database::Sqlite(database) => schema::store_id(&database.connection)?,
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.store_id(),
        };
        Ok(*self.id.get_or_init(|| id))
    }

    /// Returns the time of the server when the store was opened, or `None` for a file.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        match &self.database {
            Database::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => Some(database.server_time()),
        }
    }

    /// Runs `work` on an unchanging snapshot of the store.
    pub(crate) fn read<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.read_from(SnapshotStart::Immediate, work)
    }

    /// Runs `work` on a snapshot without gaps: every row that is committed later has a higher id
    /// than the rows of the snapshot in the same table. On a server, [`Store::write_shared`]
    /// assigns ids before the commit, so this method first waits for the end of the open write
    /// transactions. On a read-only server (see [`Store::is_read_only`]), this method does not
    /// wait, so the snapshot can have gaps.
    pub(crate) fn read_after_writers<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.read_from(SnapshotStart::AfterWriters, work)
    }

    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "a file commits in the order of ids")
    )]
    fn read_from<T, E: From<Error>>(
        &mut self,
        start: SnapshotStart,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut self.database {
            Database::Sqlite(database) if self.is_dry_run && database.is_in_transaction() => {
                work(&Reader::sqlite(&database.connection))
            }
            Database::Sqlite(database) => database.read(self.lock_timeout, work),
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.read(self.lock_timeout, start, work),
        }
    }

    /// Runs `work` in a transaction that excludes all other writers: commits durably if `work`
    /// returns `Ok`, and rolls back otherwise. In a dry run, never commits (see
    /// [`Store::start_dry_run`]). `work` runs again if the store was busy or the connection was
    /// lost. `work` must therefore change nothing except rows: sign tokens before the call of
    /// `write`, and print output after the call.
    pub(crate) fn write<T, E: From<Error> + Retryable>(
        &mut self,
        mut work: impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_with_lock(WriteLock::Exclusive, &mut work)
    }

    /// Runs `work` in a write transaction as [`Store::write`] does. On a server, several
    /// transactions of this method can run at the same time. While a transaction runs, it sees the
    /// rows that other transactions commit. Transactions of [`Store::write`], and calls of
    /// [`Store::read_after_writers`], wait for the end of the transactions of this method. A file
    /// has one writer at a time.
    pub(crate) fn write_shared<T, E: From<Error> + Retryable>(
        &mut self,
        mut work: impl FnMut(&SharedWriter<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_with_lock(WriteLock::Shared, &mut |tx: &Writer<'_>| work(tx))
    }

    fn write_with_lock<T, E: From<Error> + Retryable>(
        &mut self,
        lock: WriteLock,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let deadline = Instant::now() + self.lock_timeout;
        loop {
            match self.try_write(lock, deadline, work) {
                Err(error) if error.is_retryable() && Instant::now() < deadline => {}
                other => return other,
            }
        }
    }

    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "a file has one write lock")
    )]
    fn try_write<T, E: From<Error>>(
        &mut self,
        lock: WriteLock,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut self.database {
            Database::Sqlite(database) if self.is_dry_run => {
                database.write_without_commit(deadline, self.lock_timeout, work)
            }
            Database::Sqlite(database) => database.write(deadline, self.lock_timeout, work),
            #[cfg(feature = "postgres")]
            Database::Postgres(database) if self.is_dry_run => {
                database.write_without_commit(deadline, work)
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.write(lock, deadline, work),
        }
    }

    /// Prepares the store for many large writes: SQLite copies the WAL into the file after 1,000
    /// pages instead of 100, and when the store is closed. Does nothing for a server.
    pub(crate) fn prepare_for_bulk_writes(&mut self) -> Result<(), Error> {
        match &mut self.database {
            Database::Sqlite(database) => database.prepare_for_bulk_writes(),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => Ok(()),
        }
    }

    /// Pauses between two writes, long enough for waiting processes to acquire the write lock.
    pub(crate) fn pause_between_writes() {
        std::thread::sleep(RETRY_INTERVAL);
    }
}
