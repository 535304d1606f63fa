//! Opening and creating stores.

use super::address::ResolvedAddress;
use super::connect::{
    OpenMode, checkpoint_long_wal_on_close, configure_writing, connect, enable_wal, map_open_error,
};
use super::file::{self, PermissionFix, StoreFile};
use super::lock::retry_until;
#[cfg(feature = "postgres")]
use super::postgres::PostgresDatabase;
use super::schema::{DatabaseKind, InitialRows, detect_kind, initialize_store};
use super::sqlite_database::SqliteDatabase;
use super::{Database, Error, Store};
use crate::directory::Writers;
use std::path::Path;
use std::time::{Duration, Instant};

/// Result of opening a store.
pub(crate) struct OpenOutcome {
    /// The open store.
    pub(crate) store: Store,
    /// Set if this call created the store.
    pub(crate) is_created: bool,
    /// Result of restricting the permissions on the files of the store.
    pub(crate) permission_fix: PermissionFix,
    /// Users with write access to the directory of the file. [`Writers::User`] for a server, and
    /// for the simulated store of a dry run.
    pub(crate) writers: Writers,
}

#[cfg(feature = "postgres")]
impl OpenOutcome {
    fn server(store: Store, is_created: bool) -> Self {
        Self { store, is_created, permission_fix: PermissionFix::NotNeeded, writers: Writers::User }
    }
}

impl Store {
    /// Opens the store at `address`. If no store exists, returns [`Error::NotFound`] or
    /// [`Error::MissingWal`] for a file, and `ServerError::NoStore` for a server. `lock_timeout`
    /// bounds the wait for each lock. `lock_timeout` is also the time limit for a connection to a
    /// server, but each attempt to connect has at least two seconds.
    pub(crate) fn open(
        address: ResolvedAddress,
        lock_timeout: Duration,
    ) -> Result<OpenOutcome, Error> {
        match address {
            ResolvedAddress::File(path) => Self::open_file(&path, lock_timeout),
            #[cfg(feature = "postgres")]
            ResolvedAddress::Server(address, config) => {
                let database = PostgresDatabase::open(&address, *config, lock_timeout)?;
                Ok(OpenOutcome::server(Self::postgres(database, address, lock_timeout), false))
            }
        }
    }

    /// Opens the store at `address` for reading. A file is opened without waiting for locks, and
    /// keeps its permissions. For a server, the `lock_timeout` of [`Store::open`] is one second.
    pub(crate) fn open_read_only(address: ResolvedAddress) -> Result<Self, Error> {
        match address {
            ResolvedAddress::File(path) => Self::open_file_read_only(&path),
            #[cfg(feature = "postgres")]
            ResolvedAddress::Server(..) => Ok(Self::open(address, Duration::from_secs(1))?.store),
        }
    }

    /// Opens the same store for reading on another thread.
    pub(crate) fn open_reader(&self) -> Result<Self, Error> {
        let store = match &self.database {
            Database::Sqlite(database) => {
                let path = &database.path;
                let connection = connect(path, OpenMode::ReadOnlyAlongside, self.lock_timeout)?;
                Self::sqlite(SqliteDatabase::new(connection, path.clone()), self.lock_timeout)
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => Self {
                database: Database::Postgres(Box::new(database.open_reader(self.lock_timeout)?)),
                address: self.address.clone(),
                id: std::cell::OnceCell::new(),
                lock_timeout: self.lock_timeout,
                is_dry_run: false,
                has_unconfirmed_copy: false,
            },
        };
        Ok(Self { id: self.id.clone(), ..store })
    }

    /// Opens the store at `address`, and creates a missing store first. A database file without
    /// tables counts as a missing store.
    pub(crate) fn open_or_create(
        address: ResolvedAddress,
        lock_timeout: Duration,
        initial_rows: impl FnOnce() -> InitialRows,
    ) -> Result<OpenOutcome, Error> {
        match address {
            ResolvedAddress::File(path) => {
                Self::open_or_create_file(&path, lock_timeout, initial_rows)
            }
            #[cfg(feature = "postgres")]
            ResolvedAddress::Server(address, config) => {
                let (database, is_created) = PostgresDatabase::open_or_create(
                    &address,
                    *config,
                    lock_timeout,
                    &initial_rows(),
                )?;
                Ok(OpenOutcome::server(Self::postgres(database, address, lock_timeout), is_created))
            }
        }
    }

    #[cfg(feature = "postgres")]
    fn postgres(
        database: PostgresDatabase,
        address: super::postgres::ServerAddress,
        lock_timeout: Duration,
    ) -> Self {
        Self {
            database: Database::Postgres(Box::new(database)),
            address: super::StoreAddress::Server(address),
            id: std::cell::OnceCell::new(),
            lock_timeout,
            is_dry_run: false,
            has_unconfirmed_copy: false,
        }
    }

    pub(super) fn open_file(path: &Path, lock_timeout: Duration) -> Result<OpenOutcome, Error> {
        let Some(store_file) = file::check_existing_file(path)? else {
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
            DatabaseKind::Empty => Err(store_file.to_missing_wal_error(Error::NotFound(path))),
            DatabaseKind::CurrentStore => {
                // The permissions are restricted only after the file is known to be a store: other
                // files keep their permissions.
                let permission_fix = if is_exposed {
                    file::restrict_permissions(&path)?
                } else {
                    PermissionFix::NotNeeded
                };
                let checkpoint_on_close = checkpoint_long_wal_on_close(&connection, &path)?;
                let database =
                    SqliteDatabase { checkpoint_on_close, ..SqliteDatabase::new(connection, path) };
                let store = Self::sqlite(database, lock_timeout);
                Ok(OpenOutcome { store, is_created: false, permission_fix, writers })
            }
        }
    }

    fn open_file_read_only(path: &Path) -> Result<Self, Error> {
        let Some(StoreFile { path, .. }) = file::check_existing_file(path)? else {
            return Err(Error::NotFound(path.to_owned()));
        };
        let connection = connect(&path, OpenMode::ReadOnly, Duration::ZERO)?;
        let transaction = connection.unchecked_transaction().map_err(map_open_error(&path))?;
        let kind = detect_kind(&transaction, &path)?;
        drop(transaction);
        match kind {
            DatabaseKind::Empty => Err(Error::NotFound(path)),
            DatabaseKind::CurrentStore => {
                Ok(Self::sqlite(SqliteDatabase::new(connection, path), Duration::ZERO))
            }
        }
    }

    pub(super) fn open_or_create_file(
        path: &Path,
        lock_timeout: Duration,
        initial_rows: impl FnOnce() -> InitialRows,
    ) -> Result<OpenOutcome, Error> {
        match Self::open_file(path, lock_timeout) {
            Err(Error::NotFound(_) | Error::MissingWal(_)) => {}
            other => return other,
        }
        file::reject_reserved_suffix(path)?;
        file::create_file(path)?;
        let Some(StoreFile { path, is_exposed, writers, .. }) = file::check_existing_file(path)?
        else {
            return Err(Error::NotFound(path.to_owned()));
        };
        // The permissions are restricted before SQLite creates the write-ahead log (WAL), because
        // the WAL gets the permissions of the file.
        let permission_fix =
            if is_exposed { file::restrict_permissions(&path)? } else { PermissionFix::NotNeeded };
        let connection = connect(&path, OpenMode::ReadWrite, lock_timeout)?;
        enable_wal(&connection, lock_timeout)?;
        configure_writing(&connection)?;
        let is_created = initialize_store(&connection, &path, &initial_rows())?;
        let database = SqliteDatabase {
            is_new: is_created,
            is_write_configured: true,
            ..SqliteDatabase::new(connection, path)
        };
        let store = Self::sqlite(database, lock_timeout);
        Ok(OpenOutcome { store, is_created, permission_fix, writers })
    }
}
