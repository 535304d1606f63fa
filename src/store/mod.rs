//! The SQLite file and nothing else: opening, transactions, rows to values and back. It decides
//! nothing, and no rusqlite type leaves it.

mod audit;
mod backup;
mod check;
mod check_rows;
mod connect;
mod costliest_hash;
mod error;
mod expected_schema;
mod file;
mod file_status;
mod keys;
mod lock;
mod open;
mod previous_store;
mod prune;
mod remedy;
mod restore;
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
pub(crate) use error::Error;
pub(crate) use file::PermissionFix;
pub(crate) use file_status::FileFault;
pub(crate) use lock::Retryable;
pub(crate) use open::OpenOutcome;
pub(crate) use remedy::Remedy;
pub(crate) use restore::{LockedStore, RestoreOutcome, check_backup};
pub(crate) use schema::InitialRows;
pub(crate) use scratch::ScratchDatabase;
pub(crate) use sessions::{NewPair, SessionPair};
pub(crate) use stats::StoreStats;
pub(crate) use tokens::{NewToken, TokenFilter};
pub(crate) use transaction::{Reader, Writer};
pub(crate) use users::{IssuanceState, UserFilter, UserOrder};

use crate::model::StoreId;
use rusqlite::{Connection, MAIN_DB};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An open store of the current schema version.
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    /// Read when it is first asked for: the check of a token does not need it.
    id: OnceCell<StoreId>,
    lock_timeout: Duration,
    /// Whether the log is to be copied back when this process is the last to close the store.
    checkpoint_on_close: bool,
    /// Whether the connection is set up for writing.
    is_write_configured: bool,
    /// Whether this process made it.
    is_new: bool,
}

impl Store {
    /// The process ends. What SQLite would give back piece by piece, memory and locks, the system
    /// takes back at once; only a log that is to be copied back needs a proper end.
    pub(crate) fn close_at_exit(self) {
        if self.is_new {
            // A copy of the file alone is whole then. Whatever goes wrong, the log has everything.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
        }
        if !self.checkpoint_on_close {
            std::mem::forget(self);
        }
    }

    /// Erases what was deleted from the log, too.
    pub(crate) fn erase_deleted(&self) {
        connect::truncate_wal(&self.connection, self.lock_timeout);
    }

    /// Whether nothing can be changed here: the file or its directory cannot be written.
    pub(crate) fn is_read_only(&self) -> bool {
        self.connection.is_readonly(MAIN_DB).unwrap_or(false)
    }

    /// Where it is, without links in its directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its random identity.
    pub(crate) fn id(&self) -> Result<StoreId, Error> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let id = schema::store_id(&self.connection)?;
        Ok(*self.id.get_or_init(|| id))
    }
}
