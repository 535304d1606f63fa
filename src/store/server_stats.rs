//! Statistics of a PostgreSQL server, which the module `postgres` loads. Detection of commits that
//! a standby may not have confirmed.

use super::{Database, Store};

/// Properties of the server and of the connection, and the size of the tables.
#[derive(Debug)]
pub(crate) struct ServerStats {
    /// Version of PostgreSQL, such as `15.13`.
    pub(crate) version: String,
    /// Database user of the connection.
    pub(crate) user: String,
    /// Set if the connection is encrypted. If a pooler is used, this is the connection between the
    /// pooler and the server.
    pub(crate) has_tls: bool,
    /// Set if the server is a standby.
    pub(crate) is_standby: bool,
    /// Setting `synchronous_standby_names`: the standbys for which a commit waits, unless
    /// `synchronous_commit` is `local`. If the setting is empty, a commit waits for no standby.
    pub(crate) synchronous_standbys: String,
    /// Size of all tables in the store's schema, with their indexes, in bytes.
    pub(crate) bytes: i64,
}

impl Store {
    /// Returns whether a commit of this process lacks, or may lack, the confirmation of a standby
    /// for which the server waits. A failover can lose the changes of such a commit. If this
    /// process copied the store to another store, the commit in that other store counts, too.
    pub(crate) fn has_unconfirmed_commit(&self) -> bool {
        let is_unconfirmed = match &self.database {
            Database::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.has_unconfirmed_commit(),
        };
        is_unconfirmed || self.has_unconfirmed_copy
    }
}
