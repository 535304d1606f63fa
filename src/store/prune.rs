//! Deletion of expired tokens and sessions, of unused grants and of obsolete revocation entries.
//! The caller queries a limited number of rows, removes them in a short write transaction, and
//! repeats these two steps. Other processes can write between the transactions.

#[cfg(feature = "postgres")]
use super::columns::Column;
use super::connection::Connection;
#[cfg(feature = "postgres")]
use super::sql::digest_sql;
use super::sql::{optional_time, required_time};
use super::values::{FromColumn, Value, values};
use super::{Error, Reader, Writer};
use crate::model::{GrantRowId, KeyRowId, SessionRowId, Timestamp, TokenId, Untrusted};
use std::collections::BTreeMap;

/// Identifier of a revocation entry: row id of the signing key, and `jti` of the revoked token. The
/// entry is for an unrecorded token, which has no row in the table `tokens`.
pub(crate) type BlocklistEntryId = (KeyRowId, String);

impl Reader<'_> {
    /// Returns the highest id of a recorded token, or 0 if no token is recorded.
    pub(crate) fn last_token_id(&self) -> Result<TokenId, Error> {
        Ok(TokenId(self.connection.query_number("SELECT coalesce(max(id), 0) FROM tokens")?))
    }

    /// Returns the ids of recorded tokens that expired at `until` or before, in ascending order.
    /// Includes tokens that were revoked. Only ids greater than `after` are returned.
    pub(crate) fn expired_tokens(
        &self,
        after: TokenId,
        until: Timestamp,
        max_rows: usize,
    ) -> Result<Vec<TokenId>, Error> {
        self.query_ids(
            "SELECT id FROM tokens WHERE id > ?1 AND expires_at <= ?2 ORDER BY id LIMIT ?3",
            values![after, until, sql_limit(max_rows)],
        )
    }

    /// Returns the ids of sessions whose tokens all expired at `until` or before, in ascending
    /// order. Only ids greater than `after` are returned. Stops after the session that raises the
    /// total number of token pairs to `max_pairs` or more.
    pub(crate) fn expired_sessions(
        &self,
        after: SessionRowId,
        until: Timestamp,
        max_pairs: usize,
    ) -> Result<Vec<SessionRowId>, Error> {
        let (mut sessions, mut pairs) = (Vec::new(), 0);
        self.connection.for_each_row(
            "SELECT s.id, count(*) FROM sessions s JOIN pairs p ON p.session_id = s.id
             WHERE s.id > ?1 GROUP BY s.id
             HAVING max(p.refresh_expires_at) <= ?2 AND max(p.access_expires_at) <= ?2
             ORDER BY s.id LIMIT ?3",
            values![after, until, sql_limit(max_pairs)],
            |row| {
                sessions.push(row.get(0)?);
                pairs += row.get::<i64>(1)?;
                Ok(pairs < sql_limit(max_pairs))
            },
        )?;
        Ok(sessions)
    }

    /// Returns the identifiers of the revocation entries whose signing keys are revoked, in
    /// ascending order. Only identifiers after `after` are returned. Entries of all other keys must
    /// stay, because even a retired key can be activated again. Even expired entries of these other
    /// keys must stay: a service may sign several tokens with one `jti`, and the other tokens may
    /// expire later.
    pub(crate) fn obsolete_blocklist_entries(
        &self,
        after: &BlocklistEntryId,
        max_rows: usize,
    ) -> Result<Vec<BlocklistEntryId>, Error> {
        self.connection.query_all(
            "SELECT key_id, jti FROM blocklist
             WHERE (key_id, jti) > (?1, ?2)
                 AND key_id IN (SELECT id FROM keys WHERE state = 'revoked')
             ORDER BY key_id, jti LIMIT ?3",
            values![after.0, &after.1, sql_limit(max_rows)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Returns the ids of grants without tokens, in ascending order. A grant contains the
    /// properties that several tokens can share. Only ids greater than `after` are returned.
    pub(crate) fn unused_grants(
        &self,
        after: GrantRowId,
        max_rows: usize,
    ) -> Result<Vec<GrantRowId>, Error> {
        self.query_ids(
            "SELECT id FROM grants WHERE id > ?1
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE grant_id = grants.id)
             ORDER BY id LIMIT ?2",
            values![after, sql_limit(max_rows)],
        )
    }

    fn query_ids<T: FromColumn>(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<T>, Error> {
        self.connection.query_all(sql, values, |row| row.get(0))
    }

    /// Returns the latest expiry among the pruned (deleted) test tokens of the key, or `None` if
    /// no test token was pruned.
    pub(crate) fn latest_pruned_expiry(&self, key: KeyRowId) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT pruned_until FROM keys WHERE id = ?1";
        let until = self.connection.prepare(sql)?.query_optional(values![key], |row| row.get(0))?;
        optional_time(until.flatten())
    }

    /// Returns the key ids (`kid`) of all keys with pruned test tokens. Each key id is followed by
    /// the latest expiry of the pruned test tokens of this key.
    pub(super) fn keys_with_pruned_tokens(&self) -> Result<Vec<(Untrusted, Timestamp)>, Error> {
        let sql = "SELECT kid, pruned_until FROM keys WHERE pruned_until IS NOT NULL ORDER BY id";
        self.connection.query_all(sql, &[], |row| {
            Ok((Untrusted::new(row.get::<String>(0)?), required_time(row.get(1)?)?))
        })
    }
}

impl Writer<'_> {
    /// Removes all tokens that expired at `until` or before and whose ids are in the range from the
    /// first to the last of `ids`. Returns the number of removed tokens. A token that replaced
    /// another token (its predecessor) stays until its predecessor is removed. The predecessor has
    /// a smaller id, and is therefore removed first.
    pub(crate) fn remove_tokens(&self, ids: &[TokenId], until: Timestamp) -> Result<usize, Error> {
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(0) };
        // Almost all tokens have no predecessor: one statement removes them. The loop then removes
        // the other tokens, except tokens whose predecessor stays.
        let successors = "SELECT superseded_by FROM tokens WHERE superseded_by BETWEEN ?1 AND ?2";
        let mut latest_expiries = BTreeMap::new();
        let mut count = self.delete_tokens(
            &format!("id BETWEEN ?1 AND ?2 AND expires_at <= ?3 AND id NOT IN ({successors})"),
            values![*first, *last, until],
            &mut latest_expiries,
        )?;
        let remaining: Vec<TokenId> = self.query_ids(
            "SELECT id FROM tokens WHERE id BETWEEN ?1 AND ?2 AND expires_at <= ?3 ORDER BY id",
            values![*first, *last, until],
        )?;
        for id in remaining {
            let condition =
                "id = ?1 AND NOT EXISTS (SELECT 1 FROM tokens old WHERE old.superseded_by = ?1)";
            count += self.delete_tokens(condition, values![id], &mut latest_expiries)?;
        }
        self.record_pruned_until(latest_expiries)?;
        Ok(count)
    }

    /// Deletes the tokens that fulfil `condition`, and returns their number. Updates
    /// `latest_expiries`. This map contains, for each key of a deleted token, the latest expiry of
    /// the deleted test tokens, or 0 if no test token of the key was deleted.
    fn delete_tokens(
        &self,
        condition: &str,
        values: &[Value<'_>],
        latest_expiries: &mut BTreeMap<KeyRowId, i64>,
    ) -> Result<usize, Error> {
        let sql = format!(
            "DELETE FROM tokens WHERE {condition}
             RETURNING key_id, CASE (SELECT kind FROM grants WHERE id = grant_id)
                 WHEN 'test' THEN expires_at ELSE 0 END"
        );
        let mut count = 0;
        self.connection.prepare(&sql)?.for_each_row(values, |row| {
            let expiry = row.get(1)?;
            let latest = latest_expiries.entry(row.get(0)?).or_insert(expiry);
            *latest = (*latest).max(expiry);
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    /// Stores the latest expiry of the pruned test tokens of each key, unless a later expiry is
    /// already stored. If a test token without a row has this or an earlier expiry, the store does
    /// not know whether the token was revoked.
    fn record_pruned_until(&self, latest_expiries: BTreeMap<KeyRowId, i64>) -> Result<(), Error> {
        let mut statement = self.connection.prepare(
            "UPDATE keys SET pruned_until = ?2 WHERE id = ?1 AND coalesce(pruned_until, 0) < ?2",
        )?;
        for (key, latest_expiry) in latest_expiries {
            statement.execute(values![key, latest_expiry])?;
        }
        Ok(())
    }

    /// Removes sessions with their token pairs, and returns the number of removed sessions.
    pub(crate) fn remove_sessions(&self, ids: &[SessionRowId]) -> Result<usize, Error> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.connection.execute_for_ids("DELETE FROM pairs WHERE session_id = ?1", &ids, &[])?;
        self.connection.execute_for_ids("DELETE FROM sessions WHERE id = ?1", &ids, &[])
    }

    /// Removes the grants of `ids` that have no tokens, and returns their number.
    pub(crate) fn remove_grants(&self, ids: &[GrantRowId]) -> Result<usize, Error> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let sql = "DELETE FROM grants WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM tokens WHERE grant_id = grants.id)";
        self.connection.execute_for_ids(sql, &ids, &[])
    }

    /// Removes each entry of `entries` whose key is revoked, and returns the number of removed
    /// entries.
    pub(crate) fn remove_blocklist_entries(
        &self,
        entries: &[BlocklistEntryId],
    ) -> Result<usize, Error> {
        match self.connection {
            Connection::Sqlite(_) => {
                let mut statement = self.connection.prepare(
                    "DELETE FROM blocklist WHERE key_id = ?1 AND jti = ?2
                         AND key_id IN (SELECT id FROM keys WHERE state = 'revoked')",
                )?;
                entries.iter().map(|(key, jti)| statement.execute(values![*key, jti])).sum()
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(client) => {
                let keys = entries.iter().map(|(key, _)| Some(key.0)).collect();
                let jtis = entries.iter().map(|(_, jti)| Some(jti.clone())).collect();
                let sql = format!(
                    "DELETE FROM blocklist USING unnest(?1, ?2) AS entry(key_id, jti)
                     WHERE blocklist.key_id = entry.key_id AND blocklist.digest = {}
                         AND blocklist.key_id IN (SELECT id FROM keys WHERE state = 'revoked')",
                    digest_sql("entry.jti")
                );
                client.execute_arrays(&sql, &[Column::Integer(keys), Column::Text(jtis)])
            }
        }
    }
}

/// Converts a maximum number to an SQL integer.
fn sql_limit(max_count: usize) -> i64 {
    i64::try_from(max_count).unwrap_or(i64::MAX)
}
