//! The SQLite file and nothing else: opening, transactions, rows to values and back. It decides
//! nothing, and no rusqlite type leaves it.

mod audit;
mod census;
mod check;
mod check_rows;
mod condition;
mod connect;
mod copy;
mod costliest;
mod error;
mod expected_schema;
mod file;
mod keys;
mod lock;
mod open;
mod prune;
mod remedy;
mod replaced;
mod restore;
mod schema;
mod scratch;
mod sessions;
mod settings;
mod status;
mod tokens;
mod transaction;
mod users;

pub(crate) use audit::{Event, EventFilter};
pub(crate) use census::Census;
pub(crate) use check::{Findings, check};
pub(crate) use check_rows::Tests;
pub(crate) use error::Error;
pub(crate) use file::Readers;
pub(crate) use lock::AsBusy;
pub(crate) use open::Opened;
pub(crate) use remedy::Remedy;
pub(crate) use restore::{LockedStore, Restored, check_backup};
pub(crate) use schema::Beginning;
pub(crate) use scratch::Scratch;
pub(crate) use sessions::{NewPair, PairOfSession};
pub(crate) use status::Fault;
pub(crate) use tokens::{NewToken, TokenFilter};
pub(crate) use transaction::{Reader, Writer};
pub(crate) use users::{Standing, UserFilter, UserOrder};

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
    wait: Duration,
    /// Whether the log is to be copied back when this process is the last to close the store.
    fold: bool,
    /// Whether the connection is set up for writing.
    is_writing: bool,
    /// Whether this process made it.
    is_new: bool,
}

impl Store {
    /// The process ends. What SQLite would give back piece by piece, memory and locks, the system
    /// takes back at once; only a log that is to be copied back needs a proper end.
    pub(crate) fn leave(self) {
        if self.is_new {
            // A copy of the file alone is whole then. Whatever goes wrong, the log has everything.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()));
        }
        if !self.fold {
            std::mem::forget(self);
        }
    }

    /// Erases what was deleted from the log, too.
    pub(crate) fn erase_deleted(&self) {
        connect::truncate_log(&self.connection, self.wait);
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
