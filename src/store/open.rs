//! Opening and creating stores.

use super::connect::{
    OpenMode, checkpoint_long_wal_on_close, configure_writing, connect, enable_wal, map_open_error,
};
use super::file::{self, PermissionFix, StoreFile};
use super::lock::retry_until;
use super::schema::{DatabaseKind, InitialRows, detect_kind, initialize_store};
use super::{Error, Store};
use crate::directory::Writers;
use rusqlite::Connection;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Result of opening a store.
pub(crate) struct OpenOutcome {
    /// The open store.
    pub(crate) store: Store,
    /// Set if this call created the store.
    pub(crate) created: bool,
    /// Result of the check of the file's permissions.
    pub(crate) permission_fix: PermissionFix,
    /// Users with write access to the directory.
    pub(crate) writers: Writers,
}

impl Store {
    /// Opens the store at `path`. Returns [`Error::NotFound`] if no store exists. `lock_timeout`
    /// bounds the wait for each lock.
    pub(crate) fn open(path: &Path, lock_timeout: Duration) -> Result<OpenOutcome, Error> {
        let Some(store_file) = file::locate(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        let StoreFile { path, is_exposed, writers, .. } = &store_file;
        let (path, is_exposed, writers) = (path.clone(), *is_exposed, *writers);
        let deadline = Instant::now() + lock_timeout;
        let connection = connect(&path, OpenMode::ReadWrite, lock_timeout)?;
        let kind = retry_until(deadline, || {
            let transaction = connection.unchecked_transaction().map_err(map_open_error(&path))?;
            detect_kind(&transaction, &path)
        })?;
        match kind {
            DatabaseKind::Empty => Err(store_file.refine_error(Error::NotFound(path))),
            DatabaseKind::CurrentStore => {
                // The mode changes only after the file is known to be a store: other files keep
                // their mode.
                let permission_fix = if is_exposed {
                    file::restrict_permissions(&path)?
                } else {
                    PermissionFix::NotNeeded
                };
                let checkpoint_on_close = checkpoint_long_wal_on_close(&connection, &path)?;
                let id = OnceCell::new();
                let store = Self {
                    connection,
                    path,
                    id,
                    lock_timeout,
                    checkpoint_on_close,
                    is_new: false,
                    is_write_configured: false,
                    is_dry_run: false,
                };
                Ok(OpenOutcome { store, created: false, permission_fix, writers })
            }
        }
    }

    /// Opens the store at `path` for reading, without a wait and without a change to the file: exposed
    /// permissions stay.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self, Error> {
        let Some(StoreFile { path, .. }) = file::locate(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        let connection = connect(&path, OpenMode::ReadOnly, Duration::ZERO)?;
        let transaction = connection.unchecked_transaction().map_err(map_open_error(&path))?;
        let kind = detect_kind(&transaction, &path)?;
        drop(transaction);
        match kind {
            DatabaseKind::Empty => Err(Error::NotFound(path)),
            DatabaseKind::CurrentStore => Ok(Self::new_reader(connection, path, Duration::ZERO)),
        }
    }

    /// Opens the same store for reading on another thread.
    pub(crate) fn open_reader(&self) -> Result<Self, Error> {
        let connection = connect(&self.path, OpenMode::ReadOnlyAlongside, self.lock_timeout)?;
        let reader = Self::new_reader(connection, self.path.clone(), self.lock_timeout);
        Ok(Self { id: self.id.clone(), ..reader })
    }

    fn new_reader(connection: Connection, path: PathBuf, lock_timeout: Duration) -> Self {
        Self {
            connection,
            path,
            id: OnceCell::new(),
            lock_timeout,
            checkpoint_on_close: false,
            is_new: false,
            is_write_configured: false,
            is_dry_run: false,
        }
    }

    /// Opens the store at `path`, and creates a missing store first.
    pub(crate) fn open_or_create(
        path: &Path,
        lock_timeout: Duration,
        initial_rows: impl FnOnce() -> InitialRows,
    ) -> Result<OpenOutcome, Error> {
        match Self::open(path, lock_timeout) {
            Err(Error::NotFound(_) | Error::MissingWal(_)) => {}
            other => return other,
        }
        file::reject_reserved_suffix(path)?;
        file::create_file(path)?;
        let Some(StoreFile { path, is_exposed, writers, .. }) = file::locate(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        // The mode is restricted while the file is still empty, because the WAL inherits the mode.
        let permission_fix =
            if is_exposed { file::restrict_permissions(&path)? } else { PermissionFix::NotNeeded };
        let connection = connect(&path, OpenMode::ReadWrite, lock_timeout)?;
        enable_wal(&connection, lock_timeout)?;
        configure_writing(&connection)?;
        let created = initialize_store(&connection, &path, &initial_rows())?;
        let id = OnceCell::new();
        let store = Self {
            connection,
            path,
            id,
            lock_timeout,
            checkpoint_on_close: false,
            is_new: created,
            is_write_configured: true,
            is_dry_run: false,
        };
        Ok(OpenOutcome { store, created, permission_fix, writers })
    }

    /// Executes SQL for unit tests, to reach states that no command produces.
    #[cfg(test)]
    pub(crate) fn execute_sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }
}
