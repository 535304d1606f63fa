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
    /// Setting `synchronous_standby_names`: the standbys that a commit waits for; empty for none.
    pub(crate) synchronous_standbys: String,
    /// Size of the store's tables and indexes in bytes.
    pub(crate) bytes: i64,
}

impl Store {
    /// Returns whether a commit of this process lacks the confirmation of a standby that the server
    /// waits for: a failover can lose the changes of the commit. The commit in the target of a copy
    /// counts, too.
    pub(crate) fn has_unconfirmed_commit(&self) -> bool {
        let is_unconfirmed = match &self.database {
            Database::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.has_unconfirmed_commit(),
        };
        is_unconfirmed || self.has_unconfirmed_copy
    }
}
