//! The tables of recorded tokens: grants, tokens, blocklist.

mod listing;
mod lookup;

pub(crate) use listing::TokenFilter;
pub(in crate::store) use lookup::{COLUMNS, token_from_row};

use super::sql::required_time;
use super::{Error, Reader, Writer};
use crate::model::{
    Grant, GrantRowId, Jti, KeyRowId, RecordedToken, Timestamp, TokenId, TokenOrigin, Untrusted,
    UserId,
};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;
use uuid::Uuid;

/// A token before its insertion.
#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    /// Token id.
    pub(crate) jti: Jti,
    /// Grant, which several tokens can share.
    pub(crate) grant: Grant,
    /// Row of the key that signed the token.
    pub(crate) key: KeyRowId,
    /// Issue time.
    pub(crate) issued_at: Timestamp,
    /// Expiry time; `None` for no expiry.
    pub(crate) expires_at: Option<Timestamp>,
    /// Start of the chain of renewals, and the `run` command that issued the token, if any; both
    /// limit further renewals.
    pub(crate) origin: TokenOrigin,
}

pub(in crate::store) const TABLES: &str = "tokens t JOIN grants g ON g.id = t.grant_id";

/// Condition for tokens of user `?1` that count towards the quota at time `?2`.
const QUOTA_WHERE: &str = "WHERE g.kind = 'app' AND g.owner_id = ?1
    AND t.revoked_at IS NULL AND t.grace_until IS NULL
    AND (t.expires_at IS NULL OR t.expires_at > ?2)";

/// Returns the query for the number of app tokens that count towards a user's quota: not expired,
/// not revoked, not superseded.
pub(super) fn quota_count_sql() -> String {
    format!("SELECT count(*) FROM {TABLES} {QUOTA_WHERE}")
}

impl Reader<'_> {
    /// Returns whether a token with this `jti` is recorded. The statement is cached for repeated
    /// calls.
    pub(crate) fn has_token_with_jti(&self, jti: Jti) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE jti = ?1)";
        Ok(self.connection.prepare_cached(sql)?.query_row([jti.bytes()], |row| row.get(0))?)
    }

    /// Returns the origin of a token; `first_issued_at` is always set.
    pub(crate) fn token_origin(&self, id: TokenId) -> Result<TokenOrigin, Error> {
        let sql = "SELECT ifnull(first_issued_at, issued_at), run_jti FROM tokens WHERE id = ?1";
        let (first, run): (i64, Option<[u8; 16]>) =
            self.connection.query_row(sql, [id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let run = run.map(|jti| Jti::new(Uuid::from_bytes(jti)));
        Ok(TokenOrigin { first_issued_at: Some(required_time(first)?), run_token: run })
    }

    /// Returns the app tokens that count towards a user's quota.
    pub(crate) fn tokens_in_quota(
        &self,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<RecordedToken>, Error> {
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {COLUMNS} FROM {TABLES} {QUOTA_WHERE} ORDER BY t.id"))?;
        statement
            .query_map((owner.0, now.unix()), |row| Ok(token_from_row(row)))?
            .map(|row| row.map_err(Error::from)?)
            .collect()
    }

    /// Returns whether an unrecorded token signed by a key of this store was revoked.
    pub(crate) fn is_blocklisted(&self, key: KeyRowId, jti: &str) -> Result<bool, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM blocklist WHERE key_id = ?1 AND jti = ?2)",
        )?;
        Ok(statement.query_row((key, jti), |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Records a token, and its grant if no token has the same grant.
    pub(crate) fn add_token(&self, new: &NewToken) -> Result<TokenId, Error> {
        let grant = self.find_or_add_grant(&new.grant)?;
        let result = self.connection.execute(
            "INSERT INTO tokens
                 (jti, grant_id, key_id, issued_at, expires_at, first_issued_at, run_jti)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                new.jti.bytes(),
                grant,
                new.key,
                new.issued_at.unix(),
                new.expires_at.map(Timestamp::unix),
                new.origin.first_issued_at.map(Timestamp::unix),
                new.origin.run_token.map(Jti::bytes),
            ],
        );
        let id = self.inserted_id("tokens", result)?;
        self.note_token(new.jti);
        Ok(TokenId(id))
    }

    fn find_or_add_grant(&self, grant: &Grant) -> Result<GrantRowId, Error> {
        let permissions = to_json_array(&grant.permissions);
        let audience = to_json_array(&grant.audience);
        let claims = Value::from(grant.claims.clone()).to_string();
        let (owner, kind, app) = (grant.owner_id.0, grant.kind.name(), grant.app.as_str());
        let values = params![owner, kind, app, permissions, audience, claims];
        let existing = self
            .connection
            .query_row(
                "SELECT id FROM grants WHERE owner_id = ?1 AND kind = ?2 AND app = ?3
                     AND permissions = ?4 AND audience = ?5 AND claims = ?6",
                values,
                |row| row.get(0),
            )
            .optional()?;
        if let Some(grant_id) = existing {
            return Ok(grant_id);
        }
        let result = self.connection.execute(
            "INSERT INTO grants (owner_id, kind, app, permissions, audience, claims)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values,
        );
        Ok(GrantRowId(self.inserted_id("grants", result)?))
    }

    /// Revokes a token. Returns `false` if the token was already revoked.
    pub(crate) fn revoke_token(&self, id: TokenId, now: Timestamp) -> Result<bool, Error> {
        let changed = self.connection.execute(
            "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            (id.0, now.unix()),
        )?;
        Ok(changed > 0)
    }

    /// Revokes all tokens of the `run` command that issued the token, and returns their number.
    pub(crate) fn revoke_renewals_in_run(
        &self,
        id: TokenId,
        now: Timestamp,
    ) -> Result<usize, Error> {
        Ok(self.connection.execute(
            "UPDATE tokens SET revoked_at = ?2 WHERE revoked_at IS NULL
                 AND run_jti = (SELECT run_jti FROM tokens WHERE id = ?1)",
            (id.0, now.unix()),
        )?)
    }

    /// Marks a token as superseded by its successor: the token works until `until` and does not
    /// count towards the quota. If the token has a superseded predecessor itself, revokes this
    /// predecessor and returns its id, so that only one predecessor of a valid token works.
    pub(crate) fn supersede_token(
        &self,
        old: TokenId,
        successor: TokenId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<TokenId>, Error> {
        let revoked = self.connection.query_row(
            "UPDATE tokens SET revoked_at = ?2 WHERE superseded_by = ?1 AND revoked_at IS NULL
                 AND grace_until > ?2
             RETURNING id",
            (old.0, now.unix()),
            |row| row.get(0),
        );
        self.connection.execute(
            "UPDATE tokens SET superseded_by = ?2, grace_until = ?3 WHERE id = ?1",
            (old.0, successor.0, until.unix()),
        )?;
        Ok(revoked.optional()?.map(TokenId))
    }

    /// Adds an unrecorded token to the revocation entries. Several tokens may have the same `jti`:
    /// the entry has the latest expiry of these tokens. Returns `false` if the entry already exists
    /// and does not expire earlier.
    pub(crate) fn add_to_blocklist(
        &self,
        key: KeyRowId,
        jti: &str,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let changed = self.connection.execute(
            "INSERT INTO blocklist (key_id, jti, expires_at, revoked_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at
                 WHERE expires_at < ifnull(excluded.expires_at, 9e18)",
            (key, jti, expires_at.map(Timestamp::unix), now.unix()),
        )?;
        Ok(changed > 0)
    }
}

fn to_json_array(texts: &[Untrusted]) -> String {
    Value::from(texts.iter().map(Untrusted::as_str).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn quota_count_uses_owner_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", quota_count_sql());
        let mut statement = connection.prepare(&sql).unwrap();
        let plan = statement.query_map((1, 0), |row| row.get(3)).unwrap();
        let plan: Vec<String> = plan.map(Result::unwrap).collect();
        assert_eq!(
            plan,
            [
                "SEARCH g USING COVERING INDEX sqlite_autoindex_grants_1 (owner_id=? AND kind=?)",
                "SEARCH t USING COVERING INDEX tokens_of_grant \
                     (grant_id=? AND revoked_at=? AND grace_until=?)",
            ]
        );
    }
}
