//! Statistics of a PostgreSQL server. The module `postgres` loads them.

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
