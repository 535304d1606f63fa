//! Statistics of the store: schema, files, and numbers of rows.

use super::{Error, Reader, Store, file};
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
    /// SQLite journal mode.
    pub(crate) journal_mode: String,
    /// Sizes of the file and of its WAL in bytes.
    pub(crate) bytes: (u64, u64),
    /// Permission bits of the file and of its directory.
    pub(crate) modes: (u32, u32),
    /// Number of users, without deleted users.
    pub(crate) users: i64,
    /// Number of sessions that can be refreshed.
    pub(crate) sessions: i64,
    /// Number of recorded tokens by status.
    pub(crate) tokens: Vec<(TokenStatus, i64)>,
    /// All keys.
    pub(crate) keys: Vec<Key>,
    /// Ids of keys with pruned test tokens, with the latest expiry of such a token.
    pub(crate) keys_with_pruned_tokens: Vec<(Untrusted, Timestamp)>,
    /// Number of audit events.
    pub(crate) audit_events: i64,
}

impl Store {
    /// Returns the statistics, from one snapshot of the store.
    pub(crate) fn stats(&mut self, now: Timestamp) -> Result<StoreStats, Error> {
        let path = self.path.clone();
        let [wal, _] = file::wal_paths(&path);
        let file = path.metadata().map_err(|error| file::unreadable_error(&error))?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        let directory = directory.metadata().map_err(|error| file::unreadable_error(&error))?;
        self.read(|tx| {
            let journal_mode =
                tx.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
            let created_at = tx.query_number("SELECT created_at FROM store")?;
            Ok(StoreStats {
                created_at: super::sql::required_time(created_at)?,
                schema_version: tx.query_number("PRAGMA user_version")?,
                journal_mode,
                bytes: (file.len(), wal.metadata().map_or(0, |wal| wal.len())),
                modes: (permission_bits(file.mode()), permission_bits(directory.mode())),
                users: tx.query_number("SELECT count(*) FROM users WHERE deleted_at IS NULL")?,
                sessions: tx.count_open_sessions(None, now)?,
                tokens: tx.tokens_by_status(now)?,
                keys: tx.keys()?,
                keys_with_pruned_tokens: tx.keys_with_pruned_tokens()?,
                audit_events: tx.query_number("SELECT count(*) FROM audit")?,
            })
        })
    }
}

/// Returns the permission bits of a mode, as for `chmod`.
pub(super) fn permission_bits(mode: u32) -> u32 {
    mode & 0o7777
}

impl Reader<'_> {
    /// Runs a query that returns a single number.
    pub(crate) fn query_number(&self, sql: &str) -> Result<i64, Error> {
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// Returns the number of recorded tokens by status, consistent with `RecordedToken::status`.
    fn tokens_by_status(&self, now: Timestamp) -> Result<Vec<(TokenStatus, i64)>, Error> {
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
                 ELSE 'live' END AS status FROM tokens)",
            [now.unix()],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )?;
        let states = [
            TokenStatus::Live,
            TokenStatus::Superseded,
            TokenStatus::Expired,
            TokenStatus::Revoked,
        ];
        Ok(states.into_iter().zip(counts).collect())
    }
}
