//! Statistics of a PostgreSQL server, and the state of its commits. The module `postgres` loads the
//! statistics.

use super::{Database, Store};

/// Statistics of the server and of the database.
#[derive(Debug)]
pub(crate) struct ServerStats {
    /// Version of PostgreSQL, such as `15.13`.
    pub(crate) version: String,
    /// Database user of the connection.
    pub(crate) user: String,
    /// Set if the connection is encrypted.
    pub(crate) has_tls: bool,
    /// Set if the server is a standby.
    pub(crate) is_standby: bool,
    /// Setting `synchronous_standby_names`: the standbys for which a commit waits. Empty if a
    /// commit waits for no standby.
    pub(crate) synchronous_standbys: String,
    /// Size of the store's tables and indexes in bytes.
    pub(crate) bytes: i64,
}

impl Store {
    /// Returns whether a commit of this process lacks the confirmation of a standby for which the
    /// server waits. A failover can lose the changes of such a commit. If this process copied the
    /// store to another store, the commit in that other store counts, too.
    pub(crate) fn has_unconfirmed_commit(&self) -> bool {
        let is_unconfirmed = match &self.database {
            Database::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.has_unconfirmed_commit(),
        };
        is_unconfirmed || self.has_unconfirmed_copy
    }
}
