//! The write lock of a store. While a test holds the exclusive lock, a command that writes waits.

use crate::rows;
use crate::sandbox::Sandbox;
use crate::test_schema::Session;
use uuid::Uuid;

/// Transaction that holds the write lock of a store. The lock is exclusive or, for a store on a
/// server, possibly shared. Dropping the value rolls the transaction back and releases the lock.
pub(crate) enum WriteLock {
    /// Transaction of a store in a file.
    File(rusqlite::Connection),
    /// Transaction of a store on a server.
    Server(Session),
}

impl WriteLock {
    /// Acquires the exclusive lock.
    pub(crate) fn acquire(sandbox: &Sandbox) -> Self {
        let Some(schema) = sandbox.schema() else {
            let store = rusqlite::Connection::open(sandbox.store_path()).unwrap();
            store.execute_batch("BEGIN IMMEDIATE").unwrap();
            return Self::File(store);
        };
        let mut session = schema.start_session();
        session.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({})", lock_key(sandbox)));
        Self::Server(session)
    }

    /// Acquires the shared lock of a store on a server.
    pub(crate) fn acquire_shared(sandbox: &Sandbox) -> Self {
        let mut session = sandbox.schema().unwrap().start_session();
        session.run(&format!("BEGIN; SELECT pg_advisory_xact_lock_shared({})", lock_key(sandbox)));
        Self::Server(session)
    }

    /// Runs SQL for SQLite, which must succeed, in the transaction. For a store on a server, runs
    /// the translation of the SQL.
    pub(crate) fn run(&mut self, sql: &str) {
        match self {
            Self::File(store) => store.execute_batch(sql).unwrap(),
            Self::Server(session) => drop(session.run(sql)),
        }
    }

    /// Returns all rows of all tables except `excluded_table`. The rows include the uncommitted
    /// changes of this transaction.
    pub(crate) fn all_rows(&mut self, excluded_table: &str) -> Vec<String> {
        match self {
            Self::File(store) => rows::all_of_file(store, excluded_table),
            Self::Server(session) => rows::all_of_schema(|sql| session.run(sql), excluded_table),
        }
    }

    /// Commits the transaction and releases the lock.
    pub(crate) fn commit(mut self) {
        self.run("COMMIT");
    }
}

/// Returns the key of the advisory lock that is the write lock of a store on a server.
fn lock_key(sandbox: &Sandbox) -> i64 {
    let id: Uuid = sandbox.sql("SELECT store_id FROM store")[0].parse().unwrap();
    let (high, low) = id.as_u64_pair();
    (high ^ low).cast_signed()
}

/// Returns whether a process waits for the write lock of a store on a server, exclusive or shared.
pub(crate) fn is_awaited(sandbox: &Sandbox) -> bool {
    let query = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND CAST(classid AS BIGINT) << 32 | CAST(objid AS BIGINT) = {}",
        lock_key(sandbox)
    );
    sandbox.sql(&query) != ["0"]
}
