//! Dry runs: changes that are never committed.

use super::connect::configure;
use super::file::{PermissionFix, check_new_file};
use super::schema::initialize_store;
use super::sqlite_database::SqliteDatabase;
use super::{Error, InitialRows, OpenOutcome, Store, StoreAddress};
use crate::directory::Writers;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

impl Store {
    /// Starts a dry run. The first write begins a transaction that is never committed. Later reads
    /// and writes are part of this transaction, and find its changes. From the first write until
    /// this process closes the store, other processes cannot write.
    pub(crate) fn start_dry_run(&mut self) {
        self.is_dry_run = true;
    }

    /// Creates a store in memory, in place of the missing store at `address`. Refuses a path at
    /// which no store can be created.
    pub(crate) fn simulate_creation(
        address: StoreAddress,
        lock_timeout: Duration,
        initial_rows: &InitialRows,
    ) -> Result<OpenOutcome, Error> {
        if let Some(path) = address.file() {
            check_new_file(path)?;
        }
        let store = Self::in_memory(&address.to_path(), lock_timeout, initial_rows)?;
        let store = Self { address, ..store };
        let permission_fix = PermissionFix::NotNeeded;
        Ok(OpenOutcome { store, is_created: true, permission_fix, writers: Writers::User })
    }

    /// Creates a store in memory. `path` is used only as the address of the store.
    pub(crate) fn in_memory(
        path: &Path,
        lock_timeout: Duration,
        initial_rows: &InitialRows,
    ) -> Result<Self, Error> {
        let connection = Connection::open_in_memory()?;
        configure(&connection, lock_timeout)?;
        initialize_store(&connection, path, initial_rows)?;
        Ok(Self::sqlite(SqliteDatabase::new(connection, path.to_owned()), lock_timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Setting, Timestamp};
    use crate::store::Reader;
    use crate::store::schema::tests::create_store;

    fn issuer(tx: &Reader<'_>) -> Result<Option<String>, Error> {
        tx.find_setting(Setting::Issuer)
    }

    #[test]
    fn dry_run_shows_successful_writes_only_to_itself_and_commits_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = create_store(directory.path());
        let now = Timestamp::from_unix(1_800_000_000).unwrap();
        let open = || Store::open_file(&path, Duration::from_secs(1)).unwrap().store;
        let (mut dry_run_store, mut other_store) = (open(), open());
        dry_run_store.start_dry_run();
        assert_eq!(dry_run_store.read(issuer).unwrap(), None, "read before the first write");
        dry_run_store.write(|tx| tx.set_setting(Setting::Issuer, "a", now)).unwrap();
        let failed: Result<(), Error> = dry_run_store.write(|tx| {
            tx.set_setting(Setting::Issuer, "b", now)?;
            Err(Error::AlreadyExists)
        });
        assert!(matches!(failed, Err(Error::AlreadyExists)));
        assert_eq!(dry_run_store.read(issuer).unwrap().as_deref(), Some("a"));
        assert_eq!(other_store.read(issuer).unwrap(), None);
        drop(dry_run_store);
        other_store.write(|tx| tx.set_setting(Setting::TokenTtl, "1d", now)).unwrap();
        assert_eq!(other_store.read(issuer).unwrap(), None);
    }
}
