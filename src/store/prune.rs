//! What is over and can go: found in pieces by reading, removed in pieces by writing, so that
//! others get in between.

use super::{Error, Reader, Writer};
use crate::model::Timestamp;
use rusqlite::{OptionalExtension, Params, params};
use std::collections::BTreeMap;

/// The key and the identity of an unrecorded token that was taken back.
pub(crate) type Blocked = (i64, String);

impl Reader<'_> {
    /// The highest id that a token ever had.
    pub(crate) fn last_token(&self) -> Result<i64, Error> {
        self.number("SELECT ifnull(max(id), 0) FROM tokens")
    }

    /// Recorded tokens after that one that ended then or before, whatever became of them.
    pub(crate) fn ended_tokens(
        &self,
        after: i64,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<i64>, Error> {
        self.ids(
            "SELECT id FROM tokens WHERE id > ?1 AND expires_at <= ?2 ORDER BY id LIMIT ?3",
            (after, by.unix(), limit(most)),
        )
    }

    /// Sessions after that one of which every token ended then or before, until they have about so
    /// many pairs together.
    pub(crate) fn ended_sessions(
        &self,
        after: i64,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<i64>, Error> {
        let mut statement = self.sql.prepare(
            "SELECT s.id, count(*) FROM sessions s JOIN pairs p ON p.session_id = s.id
             WHERE s.id > ?1 GROUP BY s.id
             HAVING max(p.refresh_expires_at) <= ?2 AND max(p.access_expires_at) <= ?2
             ORDER BY s.id LIMIT ?3",
        )?;
        let mut rows = statement.query(params![after, by.unix(), limit(most)])?;
        let (mut sessions, mut pairs) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            sessions.push(row.get(0)?);
            pairs += row.get::<_, i64>(1)?;
            if pairs >= limit(most) {
                break;
            }
        }
        Ok(sessions)
    }

    /// Rows of the blocklist after that one whose tokens ended then or before.
    pub(crate) fn ended_blocks(
        &self,
        after: &Blocked,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<Blocked>, Error> {
        let mut statement = self.sql.prepare(
            "SELECT key_id, jti FROM blocklist
             WHERE (key_id, jti) > (?1, ?2) AND expires_at <= ?3 ORDER BY key_id, jti LIMIT ?4",
        )?;
        let values = params![after.0, after.1, by.unix(), limit(most)];
        let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Grants after that one that no token has any more.
    pub(crate) fn idle_grants(&self, after: i64, most: usize) -> Result<Vec<i64>, Error> {
        self.ids(
            "SELECT id FROM grants WHERE id > ?1
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE grant_id = grants.id)
             ORDER BY id LIMIT ?2",
            (after, limit(most)),
        )
    }

    fn ids(&self, question: &str, values: impl Params) -> Result<Vec<i64>, Error> {
        let mut statement = self.sql.prepare(question)?;
        Ok(statement.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Returns whether a test token of that key that expired at `expiry` may have had a row, or a
    /// revocation entry, that was pruned.
    pub(crate) fn may_be_pruned(&self, key: i64, expiry: i64) -> Result<bool, Error> {
        let mut statement =
            self.sql.prepare_cached("SELECT pruned_until >= ?2 FROM keys WHERE id = ?1")?;
        let pruned = statement.query_row((key, expiry), |row| row.get::<_, Option<bool>>(0));
        Ok(pruned.optional()?.flatten().unwrap_or(false))
    }
}

impl Writer<'_> {
    /// Removes tokens that ended then or before; how many. One that another was renewed by stays
    /// as long as that one: predecessors are older, so they go first.
    pub(crate) fn remove_tokens(&self, ids: &[i64], by: Timestamp) -> Result<usize, Error> {
        let mut statement = self.sql.prepare(
            "DELETE FROM tokens WHERE id = ?1 AND expires_at <= ?2
                 AND NOT EXISTS (SELECT 1 FROM tokens old WHERE old.superseded_by = ?1)
             RETURNING key_id, CASE (SELECT kind FROM grants WHERE id = grant_id)
                 WHEN 'test' THEN expires_at ELSE 0 END",
        )?;
        self.delete_and_record_expiry(ids, |id| {
            statement.query_row((id, by.unix()), key_and_expiry).optional()
        })
    }

    /// Removes sessions and their pairs; how many sessions.
    pub(crate) fn remove_sessions(&self, ids: &[i64]) -> Result<usize, Error> {
        let mut pairs = self.sql.prepare("DELETE FROM pairs WHERE session_id = ?1")?;
        let mut session = self.sql.prepare("DELETE FROM sessions WHERE id = ?1")?;
        let mut removed = 0;
        for id in ids {
            pairs.execute([id])?;
            removed += session.execute([id])?;
        }
        Ok(removed)
    }

    /// Removes those of the grants that no token has; how many.
    pub(crate) fn remove_grants(&self, ids: &[i64]) -> Result<usize, Error> {
        let mut statement = self.sql.prepare(
            "DELETE FROM grants WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE grant_id = ?1)",
        )?;
        ids.iter().map(|id| Ok(statement.execute([id])?)).sum()
    }

    /// Removes rows of the blocklist whose tokens ended then or before; how many.
    pub(crate) fn remove_blocks(&self, blocks: &[Blocked], by: Timestamp) -> Result<usize, Error> {
        let mut statement = self.sql.prepare(
            "DELETE FROM blocklist WHERE key_id = ?1 AND jti = ?2 AND expires_at <= ?3
             RETURNING key_id, expires_at",
        )?;
        self.delete_and_record_expiry(blocks, |(key, jti)| {
            statement.query_row((key, jti, by.unix()), key_and_expiry).optional()
        })
    }

    /// Deletes the rows and returns their number. Also stores, for each key, the latest expiry that
    /// was deleted: revocation of its test tokens that expired no later is not known any more.
    fn delete_and_record_expiry<T>(
        &self,
        rows: &[T],
        mut delete: impl FnMut(&T) -> rusqlite::Result<Option<(i64, i64)>>,
    ) -> Result<usize, Error> {
        let (mut deleted, mut latest) = (0, BTreeMap::new());
        for row in rows {
            if let Some((key, expiry)) = delete(row)? {
                deleted += 1;
                let latest = latest.entry(key).or_insert(expiry);
                *latest = expiry.max(*latest);
            }
        }
        let mut statement = self.sql.prepare_cached(
            "UPDATE keys SET pruned_until = ?2 WHERE id = ?1 AND ifnull(pruned_until, 0) < ?2",
        )?;
        for row in latest {
            statement.execute(row)?;
        }
        Ok(deleted)
    }
}

fn key_and_expiry(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, i64)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
