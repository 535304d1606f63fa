//! Statistics of the store: schema, files or server, and numbers of rows.

use super::connection::Connection;
#[cfg(feature = "postgres")]
use super::postgres;
use super::server_stats::ServerStats;
use super::values::values;
use super::{Database, Error, Reader, Store, file};
use crate::model::{Key, Timestamp, TokenStatus, Untrusted};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Statistics of a store.
#[derive(Debug)]
pub(crate) struct StoreStats {
    /// Creation time.
    pub(crate) created_at: Timestamp,
    /// Schema version.
    pub(crate) schema_version: i64,
    /// Statistics that depend on the database engine: of the SQLite file, or of the PostgreSQL
    /// server.
    pub(crate) engine: EngineStats,
    /// Number of users, without deleted users.
    pub(crate) users: i64,
    /// Number of sessions that can be refreshed.
    pub(crate) sessions: i64,
    /// Number of recorded tokens by status.
    pub(crate) tokens: Vec<(TokenStatus, i64)>,
    /// All keys.
    pub(crate) keys: Vec<Key>,
    /// Key ids (`kid`) of all keys with pruned (deleted) test tokens. Each key id is followed by
    /// the latest expiry of the pruned test tokens of this key.
    pub(crate) keys_with_pruned_tokens: Vec<(Untrusted, Timestamp)>,
    /// Number of audit events.
    pub(crate) audit_events: i64,
}

/// Sizes and permission bits of a SQLite file.
#[derive(Debug, Default)]
pub(crate) struct FileStats {
    /// Size of the file in bytes.
    pub(crate) file_bytes: u64,
    /// Size of the write-ahead log (WAL) in bytes.
    pub(crate) wal_bytes: u64,
    /// Permission bits of the file.
    pub(crate) file_mode: u32,
    /// Permission bits of the directory of the file.
    pub(crate) directory_mode: u32,
}

/// Statistics that only one of the two database engines has.
#[derive(Debug)]
pub(crate) enum EngineStats {
    /// SQLite file.
    File {
        /// SQLite journal mode.
        journal_mode: String,
        /// Sizes and permission bits.
        file: FileStats,
    },
    /// PostgreSQL database.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "constructed only with the feature `postgres`")
    )]
    Server(ServerStats),
}

impl Store {
    /// Returns the statistics. The sizes and permission bits of a file are read first. All contents
    /// of tables are read from one snapshot.
    pub(crate) fn stats(&mut self, now: Timestamp) -> Result<StoreStats, Error> {
        let file_stats = self.file_stats()?;
        self.read(|tx| {
            let (engine, version_sql) = match tx.connection {
                Connection::Sqlite(_) => {
                    let sql = "PRAGMA journal_mode";
                    let journal_mode = tx.connection.query_row(sql, &[], |row| row.get(0))?;
                    (EngineStats::File { journal_mode, file: file_stats }, "PRAGMA user_version")
                }
                #[cfg(feature = "postgres")]
                Connection::Postgres(_) => {
                    let stats = postgres::load_stats(tx.connection)?;
                    (EngineStats::Server(stats), "SELECT version FROM store")
                }
            };
            let created_at = tx.connection.query_number("SELECT created_at FROM store")?;
            Ok(StoreStats {
                created_at: super::sql::required_time(created_at)?,
                schema_version: tx.connection.query_number(version_sql)?,
                engine,
                users: tx
                    .connection
                    .query_number("SELECT count(*) FROM users WHERE deleted_at IS NULL")?,
                sessions: tx.count_active_sessions(None, now)?,
                tokens: tx.count_tokens_by_status(now)?,
                keys: tx.keys()?,
                keys_with_pruned_tokens: tx.keys_with_pruned_tokens()?,
                audit_events: tx.connection.query_number("SELECT count(*) FROM audit")?,
            })
        })
    }
}

impl Store {
    /// Returns the sizes and permission bits for a SQLite file, or zeros for a PostgreSQL database.
    fn file_stats(&self) -> Result<FileStats, Error> {
        let path = match &self.database {
            Database::Sqlite(database) => &database.path,
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => return Ok(FileStats::default()),
        };
        let [wal, _] = file::wal_paths(path);
        let file = path.metadata().map_err(|error| file::unreadable_error(&error))?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        let directory = directory.metadata().map_err(|error| file::unreadable_error(&error))?;
        Ok(FileStats {
            file_bytes: file.len(),
            wal_bytes: wal.metadata().map_or(0, |wal| wal.len()),
            file_mode: permission_bits(file.mode()),
            directory_mode: permission_bits(directory.mode()),
        })
    }
}

/// Returns the permission bits of a file mode: the bits that `chmod` sets.
pub(super) fn permission_bits(mode: u32) -> u32 {
    mode & 0o7777
}

impl Reader<'_> {
    /// Runs a query that returns a single number.
    #[cfg(test)]
    pub(crate) fn query_number(&self, sql: &str) -> Result<i64, Error> {
        self.connection.query_number(sql)
    }

    /// Returns the number of recorded tokens for each status. The SQL determines the status by the
    /// same rules as `RecordedToken::status`.
    fn count_tokens_by_status(&self, now: Timestamp) -> Result<Vec<(TokenStatus, i64)>, Error> {
        let counts = self.connection.query_row(
            "SELECT
                 count(*) FILTER (WHERE status = 'live'),
                 count(*) FILTER (WHERE status = 'superseded'),
                 count(*) FILTER (WHERE status = 'expired'),
                 count(*) FILTER (WHERE status = 'revoked')
             FROM (SELECT CASE
                 WHEN revoked_at IS NOT NULL OR grace_until <= ?1 THEN 'revoked'
                 WHEN expires_at <= ?1 THEN 'expired'
                 WHEN grace_until IS NOT NULL THEN 'superseded'
                 ELSE 'live' END AS status FROM tokens) AS recorded",
            values![now],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )?;
        let statuses = [
            TokenStatus::Live,
            TokenStatus::Superseded,
            TokenStatus::Expired,
            TokenStatus::Revoked,
        ];
        Ok(statuses.into_iter().zip(counts).collect())
    }
}
