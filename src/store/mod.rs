//! SQLite storage: opening, transactions, and conversion between rows and model types. The layer
//! contains no business rules, and no rusqlite type is visible outside the layer.

mod audit;
mod backup;
mod check;
mod check_rows;
mod connect;
mod costliest_hash;
mod directory_remedy;
mod error;
mod expected_schema;
mod file;
mod file_status;
mod keys;
mod lock;
mod migrations;
mod open;
mod previous_store;
mod prune;
mod restore;
mod row_ids;
mod schema;
mod scratch;
mod sessions;
mod settings;
mod stats;
mod tokens;
mod transaction;
mod users;
mod where_clause;

pub(crate) use audit::{EventFilter, NewEvent};
pub(crate) use check::{Findings, check};
pub(crate) use check_rows::CryptoChecks;
pub(crate) use directory_remedy::DirectoryRemedy;
pub(crate) use error::Error;
pub(crate) use file::PermissionFix;
pub(crate) use file_status::FileFault;
pub(crate) use lock::Retryable;
pub(crate) use open::OpenOutcome;
pub(crate) use restore::{LockedStore, RestoreOutcome, check_backup};
pub(crate) use schema::InitialRows;
pub(crate) use scratch::ScratchDatabase;
pub(crate) use sessions::{NewPair, PairWithSession};
pub(crate) use stats::StoreStats;
pub(crate) use tokens::{NewToken, TokenFilter};
pub(crate) use transaction::{Reader, Writer};
pub(crate) use users::{IssuanceState, UserFilter, UserOrder};

use crate::model::StoreId;
use rusqlite::{Connection, MAIN_DB};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An open store with the current schema version.
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
}

impl Store {
    /// Closes the store shortly before the process exits. The system frees memory and locks faster
    /// than SQLite does; SQLite closes the connection only if the WAL must be copied back.
    pub(crate) fn close_at_exit(self) {
        if self.is_new {
            // SQLite copies the WAL into the file, so that a user who copies only the file has all
            // data. Errors are harmless: the data stays in the WAL.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
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
}
