//! Stores for unit tests.

use super::{InitialRows, Store};
use std::path::Path;
use std::time::Duration;

const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

impl Store {
    /// Creates a store in memory. If `JETON_TEST_STORE` has the address of a database, creates the
    /// store in a new schema of that database instead.
    pub(crate) fn for_test(initial_rows: &InitialRows) -> Self {
        #[cfg(feature = "postgres")]
        if let Some(address) = server::test_database_address() {
            return server::create_store(&address, initial_rows);
        }
        Self::in_memory(Path::new(":memory:"), LOCK_TIMEOUT, initial_rows).unwrap()
    }

    /// Executes SQL, to reach states that no command produces.
    pub(crate) fn execute_sql(&self, sql: &str) {
        match &self.database {
            super::Database::Sqlite(database) => database.connection.execute_batch(sql).unwrap(),
            #[cfg(feature = "postgres")]
            super::Database::Postgres(database) => database.execute_sql(sql),
        }
    }
}

#[cfg(feature = "postgres")]
mod server {
    use super::LOCK_TIMEOUT;
    use crate::store::{
        AddressSource, InitialRows, PostgresEnvironment, ResolvedAddress, Store, StoreAddress,
    };
    use uuid::Uuid;

    /// Returns the address in `JETON_TEST_STORE`, if any.
    pub(super) fn test_database_address() -> Option<String> {
        #[expect(clippy::disallowed_methods, reason = "selects the engine of the unit tests")]
        std::env::var("JETON_TEST_STORE").ok()
    }

    /// Creates a store in a new schema of the database.
    pub(super) fn create_store(database_address: &str, initial_rows: &InitialRows) -> Store {
        let separator = if database_address.contains('?') { '&' } else { '?' };
        let schema = Uuid::new_v4().simple();
        let text = format!("{database_address}{separator}schema=unit_{schema}");
        let address = StoreAddress::parse(text.as_ref(), AddressSource::Variable).unwrap();
        let StoreAddress::Server(address) = address else {
            panic!("JETON_TEST_STORE is not the address of a server")
        };
        let config = address.connection_config(&PostgresEnvironment::default()).unwrap();
        let address = ResolvedAddress::Server(address, Box::new(config));
        let rows =
            InitialRows { id: initial_rows.id, key: initial_rows.key.clone(), ..*initial_rows };
        Store::open_or_create(address, LOCK_TIMEOUT, || rows).unwrap().store
    }
}
