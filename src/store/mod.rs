//! The SQLite file and nothing else: opening, transactions, rows to values and back. It decides
//! nothing, and no rusqlite type leaves it.

mod audit;
mod error;
mod file;
mod keys;
mod open;
mod sessions;
mod settings;
mod tokens;
mod transaction;
mod users;

pub(crate) use audit::Event;
pub(crate) use error::Error;
pub(crate) use open::{Beginning, Opened};
pub(crate) use sessions::{NewPair, PairOfSession};
pub(crate) use tokens::{NewToken, TokenFilter};
pub(crate) use transaction::{AsBusy, Reader, Writer};
pub(crate) use users::Standing;

use crate::model::StoreId;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An open store of the current schema version.
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    id: StoreId,
    wait: Duration,
}

impl Store {
    /// Where it is, without links in its directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its random identity.
    pub(crate) fn id(&self) -> StoreId {
        self.id
    }
}
