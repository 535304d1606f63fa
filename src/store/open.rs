//! Opening a store, and making one.

use super::connect::{Intent, configure_writing, connect, fold_long_log, not_a_database, use_wal};
use super::file::{self, Located, Readers};
use super::lock::retry_until;
use super::schema::{Beginning, Identity, begin, identity};
use super::{Error, Store};
use crate::directory::Writers;
use std::cell::OnceCell;
use std::path::Path;
use std::time::{Duration, Instant};

/// A store, and what happened to it on the way.
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Store,
    /// Whether it was made just now.
    pub(crate) created: bool,
    /// Who else can read its file, or could.
    pub(crate) readers: Readers,
    /// The users who can write its directory.
    pub(crate) writers: Writers,
}

impl Store {
    /// Opens the store at `path`; [`Error::NotThere`] if there is none. `wait` bounds every lock.
    pub(crate) fn open(path: &Path, wait: Duration) -> Result<Opened, Error> {
        let Some(located) = file::locate(path)? else {
            return Err(Error::NotThere(path.to_owned()));
        };
        let Located { path, loose, writers, .. } = &located;
        let (path, loose, writers) = (path.clone(), *loose, *writers);
        let deadline = Instant::now() + wait;
        let connection = connect(&path, Intent::Use, wait)?;
        let identity = retry_until(deadline, || {
            let transaction = connection.unchecked_transaction().map_err(not_a_database(&path))?;
            identity(&transaction, &path)
        })?;
        match identity {
            Identity::Blank => Err(located.explain(Error::NotThere(path))),
            Identity::Ours => {
                // Not before it is known to be ours: a foreign file keeps its mode.
                let readers = if loose { file::tighten(&path)? } else { Readers::None };
                let fold = fold_long_log(&connection, &path)?;
                let id = OnceCell::new();
                let store =
                    Self { connection, path, id, wait, fold, is_new: false, is_writing: false };
                Ok(Opened { store, created: false, readers, writers })
            }
        }
    }

    /// Opens the store at `path` and makes it first if it is not there.
    pub(crate) fn open_or_create(
        path: &Path,
        wait: Duration,
        beginning: impl FnOnce() -> Beginning,
    ) -> Result<Opened, Error> {
        match Self::open(path, wait) {
            Err(Error::NotThere(_) | Error::NoLog(_)) => {}
            other => return other,
        }
        file::no_log(path)?;
        file::make(path)?;
        let Some(Located { path, loose, writers, .. }) = file::locate(path)? else {
            return Err(Error::NotThere(path.to_owned()));
        };
        // It was blank a moment ago, and the log beside it inherits its mode.
        let readers = if loose { file::tighten(&path)? } else { Readers::None };
        let connection = connect(&path, Intent::Use, wait)?;
        use_wal(&connection, wait)?;
        configure_writing(&connection)?;
        let created = begin(&connection, &path, &beginning())?;
        let id = OnceCell::new();
        let store =
            Self { connection, path, id, wait, fold: false, is_new: created, is_writing: true };
        Ok(Opened { store, created, readers, writers })
    }

    /// A store in memory, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn in_memory(beginning: &Beginning) -> Self {
        let path = Path::new(":memory:");
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        super::connect::configure(&connection, Duration::from_secs(1)).unwrap();
        begin(&connection, path, beginning).unwrap();
        let (path, wait, id) = (path.to_owned(), Duration::from_secs(1), OnceCell::new());
        Self { connection, path, id, wait, fold: false, is_new: false, is_writing: false }
    }

    /// Puts rows into a state that no rule leads to yet, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn arrange(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }
}
