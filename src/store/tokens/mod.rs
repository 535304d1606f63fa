//! The tables of tokens: grants, recorded tokens, and the blocklist. The blocklist contains the
//! revocation entries of unrecorded tokens, which have no row in the table `tokens`.

mod insertion;
mod listing;
mod lookup;
mod new_token;
#[cfg(feature = "postgres")]
mod prefetch;
#[cfg(feature = "postgres")]
mod prefetched;
#[cfg(feature = "postgres")]
mod server;

pub(crate) use listing::TokenFilter;
pub(crate) use lookup::TokenLookup;
pub(in crate::store) use lookup::{
    TOKEN_AND_GRANT_COLUMNS, TOKEN_AND_GRANT_TABLES, token_from_row,
};
pub(crate) use new_token::{NewToken, TokenGroup};
#[cfg(feature = "postgres")]
pub(in crate::store) use prefetched::PrefetchedTokens;

use super::connection::Connection;
#[cfg(feature = "postgres")]
use super::sql::digest_sql;
use super::sql::required_time;
use super::values::values;
use super::{Error, Reader, SharedWriter, Store, Writer};
use crate::model::{Jti, KeyRowId, RecordedToken, Timestamp, TokenId, TokenOrigin, UserId};
use std::borrow::Cow;

/// Revokes token `?1` at time `?2`, unless the token is already revoked or its grace period has
/// ended.
const REVOKE_TOKEN_SQL: &str = "UPDATE tokens SET revoked_at = ?2
    WHERE id = ?1 AND revoked_at IS NULL AND (grace_until IS NULL OR grace_until > ?2)";

/// Condition for app tokens of user `?1` that are valid at time `?2`: not revoked, not expired, and
/// not past a grace period. The greatest integer replaces a missing time, because SQLite needs more
/// time to plan a condition with `IS NULL OR`.
const VALID_WHERE: &str = "WHERE g.kind = 'app' AND g.owner_id = ?1 AND t.revoked_at IS NULL
    AND coalesce(t.expires_at, 9223372036854775807) > ?2
    AND coalesce(t.grace_until, 9223372036854775807) > ?2";

/// Addition to [`VALID_WHERE`] for tokens that count towards the quota. A superseded token has a
/// successor, and remains valid until the end of its grace period. The superseded token counts if
/// its successor is expired or revoked: if superseded tokens never counted, a user who revokes each
/// successor could have any number of valid tokens.
const AND_NO_LIVE_SUCCESSOR: &str = "AND NOT EXISTS (
    SELECT 1 FROM tokens successor WHERE successor.id = t.superseded_by
        AND successor.revoked_at IS NULL
        AND coalesce(successor.expires_at, 9223372036854775807) > ?2)";

/// Returns the query for the number of app tokens that count towards a user's quota.
pub(super) fn quota_count_sql() -> String {
    format!("SELECT count(*) FROM {TOKEN_AND_GRANT_TABLES} {VALID_WHERE} {AND_NO_LIVE_SUCCESSOR}")
}

/// Returns a query for the same number as [`quota_count_sql`]. The query does not look up
/// successors, and is therefore faster. If a token of the user is in its grace period, the result
/// is NULL, and the caller must use [`quota_count_sql`].
pub(super) fn quota_count_unless_grace_sql() -> String {
    format!(
        "SELECT CASE count(t.grace_until) WHEN 0 THEN count(*) END FROM {TOKEN_AND_GRANT_TABLES} {VALID_WHERE}"
    )
}

impl Store {
    /// Returns an error if the database user has no right to revoke recorded tokens. Does nothing
    /// for a file, which has no database users.
    pub(crate) fn require_right_to_revoke(&mut self) -> Result<(), Error> {
        #[cfg(feature = "postgres")]
        if self.server_time().is_some() {
            return self.read(|tx| server::require_right_to_revoke(tx.connection));
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Returns whether a token with this `jti` is recorded. SQLite keeps the prepared statement for
    /// repeated calls.
    pub(crate) fn has_token_with_jti(&self, jti: Jti) -> Result<bool, Error> {
        #[cfg(feature = "postgres")]
        if let Some(token) = self.prefetched_tokens.borrow().find(jti) {
            return Ok(token.is_some());
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE jti = ?1)";
        self.connection.prepare(sql)?.query_row(values![jti], |row| row.get(0))
    }

    /// Loads the tokens and revocation entries with these `jti`s from a server, so that later
    /// look-ups of these `jti`s in this transaction take no round trip. The transaction must not
    /// change the loaded rows afterwards. Does nothing for a file.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "a file needs no prefetch")
    )]
    pub(crate) fn prefetch_tokens(&self, jtis: &[Jti]) -> Result<(), Error> {
        match self.connection {
            Connection::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(client) => self.load_tokens(client, jtis),
        }
    }

    /// Returns the origin of a token. `first_issued_at` is always set: for a token that was not
    /// issued in a renewal by the bearer, to its issue time.
    pub(crate) fn token_origin(&self, id: TokenId) -> Result<TokenOrigin, Error> {
        let sql = "SELECT coalesce(first_issued_at, issued_at), run_jti FROM tokens WHERE id = ?1";
        self.connection.query_row(sql, values![id], |row| {
            Ok(TokenOrigin {
                first_issued_at: Some(required_time(row.get(0)?)?),
                first_run_jti: row.get::<Option<_>>(1)?.map(Jti::new),
            })
        })
    }

    /// Returns the app tokens that count towards a user's quota.
    pub(crate) fn tokens_in_quota(
        &self,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<RecordedToken>, Error> {
        let sql = format!(
            "SELECT {TOKEN_AND_GRANT_COLUMNS} FROM {TOKEN_AND_GRANT_TABLES} {VALID_WHERE} {AND_NO_LIVE_SUCCESSOR} ORDER BY t.id"
        );
        self.connection.query_all(&sql, values![owner, now], token_from_row)
    }

    /// Returns whether the blocklist has an entry for the unrecorded token that was signed by this
    /// key and has this `jti`.
    pub(crate) fn is_blocklisted(&self, key: KeyRowId, jti: &str) -> Result<bool, Error> {
        #[cfg(feature = "postgres")]
        if let Some(is_blocklisted) = self.prefetched_tokens.borrow().is_blocklisted(key, jti) {
            return Ok(is_blocklisted);
        }
        let sql = match self.connection {
            Connection::Sqlite(_) => Cow::Borrowed(
                "SELECT EXISTS (SELECT 1 FROM blocklist WHERE key_id = ?1 AND jti = ?2)",
            ),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => Cow::Owned(format!(
                "SELECT EXISTS (SELECT 1 FROM blocklist WHERE key_id = ?1 AND digest = {})",
                digest_sql("?2")
            )),
        };
        self.connection.prepare(&sql)?.query_row(values![key, jti], |row| row.get(0))
    }
}

impl SharedWriter<'_> {
    /// Revokes a token. Returns `false` if the token was already revoked, or if its grace period
    /// has ended.
    pub(crate) fn revoke_token(&self, id: TokenId, now: Timestamp) -> Result<bool, Error> {
        Ok(self.connection.execute(REVOKE_TOKEN_SQL, values![id, now])? > 0)
    }

    /// Revokes all tokens of the `run` command to which this token belongs: the token that the
    /// command issued, and its successors. Skips revoked tokens, and tokens whose grace period has
    /// ended. Returns the number of newly revoked tokens.
    pub(crate) fn revoke_tokens_of_run(&self, id: TokenId, now: Timestamp) -> Result<usize, Error> {
        self.connection.execute(
            "UPDATE tokens SET revoked_at = ?2
             WHERE revoked_at IS NULL AND (grace_until IS NULL OR grace_until > ?2)
                 AND run_jti = (SELECT run_jti FROM tokens WHERE id = ?1)",
            values![id, now],
        )
    }

    /// Adds a revocation entry for an unrecorded token. Several tokens may have the same `jti`: the
    /// entry has the latest expiry of the revoked tokens with this `jti`. Returns `false` if an
    /// entry already exists and has the same or a later expiry.
    pub(crate) fn add_to_blocklist(
        &self,
        key: KeyRowId,
        jti: &str,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (digest_column, digest_value, unique_columns) = match self.connection {
            Connection::Sqlite(_) => ("", String::new(), "key_id, jti"),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => {
                (", digest", format!(", {}", digest_sql("?2")), "key_id, digest")
            }
        };
        let sql = format!(
            "INSERT INTO blocklist (key_id, jti, expires_at, revoked_at{digest_column})
             VALUES (?1, ?2, ?3, ?4{digest_value})
             ON CONFLICT ({unique_columns}) DO UPDATE SET expires_at = excluded.expires_at
                 WHERE blocklist.expires_at < coalesce(excluded.expires_at, 9223372036854775807)"
        );
        let changed = self.connection.execute(&sql, values![key, jti, expires_at, now])?;
        Ok(changed > 0)
    }
}

impl Writer<'_> {
    /// Marks the token `old` as superseded by `successor`: `old` remains valid until `grace_until`,
    /// and does not count towards the quota while `successor` is live. If `old` itself is the
    /// successor of a token in its grace period, revokes that token and returns its id. Of all
    /// tokens that a valid token replaced, directly or indirectly, at most the last is therefore
    /// valid.
    pub(crate) fn supersede_token(
        &self,
        old: TokenId,
        successor: TokenId,
        grace_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<TokenId>, Error> {
        let revoked = self.connection.query_optional(
            "UPDATE tokens SET revoked_at = ?2 WHERE superseded_by = ?1 AND revoked_at IS NULL
                 AND grace_until > ?2
             RETURNING id",
            values![old, now],
            |row| row.get(0),
        )?;
        self.connection.execute(
            "UPDATE tokens SET superseded_by = ?2, grace_until = ?3 WHERE id = ?1",
            values![old, successor, grace_until],
        )?;
        Ok(revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn quota_counts_use_indexes() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let plan = |sql: String| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = statement.query_map((1, 0), |row| row.get(3)).unwrap();
            steps.map(Result::unwrap).collect::<Vec<String>>()
        };
        let grants_of_owner =
            "SEARCH g USING COVERING INDEX sqlite_autoindex_grants_1 (owner_id=? AND kind=?)";
        assert_eq!(
            plan(quota_count_unless_grace_sql()),
            [
                grants_of_owner,
                "SEARCH t USING COVERING INDEX tokens_of_grant (grant_id=? AND revoked_at=?)",
            ]
        );
        assert_eq!(
            plan(quota_count_sql()),
            [
                grants_of_owner,
                "SEARCH t USING INDEX tokens_of_grant (grant_id=? AND revoked_at=?)",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH successor USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        );
    }
}
