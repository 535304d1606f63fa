//! Copies of all rows of a store to a new store, which can use another database engine.

mod batches;
mod digest;
mod rows;
mod tables;

pub(crate) use digest::TableDigest;
pub(crate) use rows::{CopyStep, RowObserver};

use super::connect::{configure, enable_wal};
use super::pending_backup::{
    PendingBackup, attribute_full_disk_to_backup, open_incomplete, remove_stale_journals,
};
#[cfg(feature = "postgres")]
use super::postgres::{PendingDatabase, ServerError};
use super::schema::create_schema;
#[cfg(feature = "postgres")]
use super::transaction::WriteSummary;
use super::{Error, NewEvent, Reader, ResolvedAddress, Store, Writer};
use crate::directory::Writers;
use crate::model::redact_for_error;
use rows::copy_rows;
use rusqlite::config::DbConfig;
use std::path::Path;
use std::time::Duration;

/// A complete copy that other processes cannot see yet. Dropping the value removes the copy.
pub(crate) struct PendingCopy {
    target: PendingTarget,
    /// Digests of the copied tables. Before the event of the copy was added to the new store, these
    /// digests were equal in both stores.
    pub(crate) digests: Vec<TableDigest>,
}

enum PendingTarget {
    File(PendingBackup),
    #[cfg(feature = "postgres")]
    Server {
        database: Box<PendingDatabase>,
        /// Rows that the error names if the outcome of the commit is unknown.
        summary: WriteSummary,
        /// Address of the target for messages.
        display_address: String,
    },
}

impl PendingCopy {
    /// Makes the copy of `source` visible to other processes. Returns the users with write access
    /// to the directory of the new file; for a server, [`Writers::User`]. If a standby server has
    /// not confirmed the commit of the copy, `source` reports an unconfirmed commit.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "a file has no standbys")
    )]
    pub(crate) fn persist(self, source: &mut Store) -> Result<Writers, Error> {
        match self.target {
            PendingTarget::File(backup) => {
                let writers = backup.writers;
                backup.persist().map(|_| writers)
            }
            #[cfg(feature = "postgres")]
            PendingTarget::Server { database, summary, display_address } => {
                source.has_unconfirmed_copy = database
                    .persist(summary)
                    .map_err(|error| add_target_address(&display_address, error))?;
                Ok(Writers::User)
            }
        }
    }
}

impl Store {
    /// Copies the current state of the store to a new store, and adds `event` to the new store.
    /// Returns an error if the target file exists, or if the schema of the target address already
    /// has a store or tables of another program. An error of `observer` ends the copy.
    pub(crate) fn copy(
        &mut self,
        target: ResolvedAddress,
        event: &NewEvent<'_>,
        observer: &RowObserver<'_>,
    ) -> Result<PendingCopy, Error> {
        let timeout = self.lock_timeout;
        self.read(|source| match target {
            ResolvedAddress::File(path) => {
                let (backup, digests) =
                    copy_to_file(source, &path, Some(event), timeout, observer)?;
                Ok(PendingCopy { target: PendingTarget::File(backup), digests })
            }
            #[cfg(feature = "postgres")]
            ResolvedAddress::Server(address, config) => {
                let display_address = address.to_display();
                let target_error = |error| add_target_address(&display_address, error);
                let database =
                    PendingDatabase::create(&address, *config, timeout).map_err(target_error)?;
                let writer = database.writer();
                let digests = copy_rows(source, &writer, &target_error, observer)?;
                writer.add_event(event).map_err(target_error)?;
                let summary = writer.into_summary();
                let database = Box::new(database);
                let target = PendingTarget::Server { database, summary, display_address };
                Ok(PendingCopy { target, digests })
            }
        })
    }
}

/// Copies all rows to a new SQLite file, and adds `event`, if given, to the new file. The file
/// appears at `target` only when the caller calls [`PendingBackup::persist`].
pub(super) fn copy_to_file(
    source: &Reader<'_>,
    target: &Path,
    event: Option<&NewEvent<'_>>,
    lock_timeout: Duration,
    observer: &RowObserver<'_>,
) -> Result<(PendingBackup, Vec<TableDigest>), Error> {
    let backup = PendingBackup::create(target, lock_timeout)?;
    let address = redact_for_error(&target.to_string_lossy());
    let target_error = |error| add_target_address(&address, attribute_full_disk_to_backup(error));
    remove_stale_journals(backup.temp_path())?;
    let connection = open_incomplete(backup.temp_path()).map_err(target_error)?;
    configure(&connection, lock_timeout)?;
    // A rollback journal keeps the old pages of a file. This file is empty, so a journal in memory
    // needs no space. The journal mode `OFF` is not possible on a connection with
    // SQLITE_DBCONFIG_DEFENSIVE.
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let transaction = connection.unchecked_transaction()?;
    create_schema(&transaction).map_err(target_error)?;
    let writer = Writer::sqlite(&transaction);
    writer.connection.enlarge_cache()?;
    let digests = copy_rows(source, &writer, &target_error, observer)?;
    if let Some(event) = event {
        writer.add_event(event).map_err(target_error)?;
    }
    transaction.commit().map_err(|error| target_error(error.into()))?;
    enable_wal(&connection, lock_timeout).map_err(target_error)?;
    drop(connection);
    backup.sync()?;
    Ok((backup, digests))
}

/// Adds the address of the target to an error. Two kinds of errors stay unchanged: an interruption,
/// and an error that already names the target.
fn add_target_address(address: &str, error: Error) -> Error {
    match error {
        Error::Interrupted(_) | Error::TargetExists(_) | Error::CopyTarget { .. } => error,
        #[cfg(feature = "postgres")]
        Error::Server(ServerError::StoreExists(_) | ServerError::ForeignTables(_)) => error,
        error => Error::CopyTarget { address: address.to_owned(), error: Box::new(error) },
    }
}
