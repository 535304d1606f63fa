//! The tables of sessions and their token pairs.

mod listing;

use super::sql::{optional_time, required_time};
use super::values::{Row, Value, values};
use super::{Error, Reader, SharedWriter, Writer};
use crate::model::{
    EventSubject, EventTarget, Jti, KeyRowId, RecordedTokenPair, Session, SessionEndReason,
    SessionRowId, Sid, Timestamp, TokenPairRowId, UserId,
};

/// A token pair with its session.
#[derive(Debug, Clone)]
pub(crate) struct PairWithSession {
    /// Token pair.
    pub(crate) pair: RecordedTokenPair,
    /// Session of the pair.
    pub(crate) session: Session,
}

/// A token pair before its insertion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewPair {
    /// `jti` of the access token.
    pub(crate) access_jti: Jti,
    /// `jti` of the refresh token.
    pub(crate) refresh_jti: Jti,
    /// Issue time of both tokens.
    pub(crate) issued_at: Timestamp,
    /// Expiry time of the access token.
    pub(crate) access_expires_at: Timestamp,
    /// Expiry time of the refresh token.
    pub(crate) refresh_expires_at: Timestamp,
    /// Row of the key that signed both tokens.
    pub(crate) key: KeyRowId,
}

/// Query for token pairs with their sessions. [`pair_from_row`] converts the rows.
pub(super) const SELECT_PAIR: &str = "SELECT p.id, p.access, p.refresh, p.issued_at,
        p.access_expires_at, p.refresh_expires_at, p.access_revoked_at, p.spent_at,
        s.id, s.sid, s.user_id, s.expires_at, s.ended_at, s.end_reason
    FROM pairs p JOIN sessions s ON s.id = p.session_id";

/// Condition for the pair whose access token has the `jti` `?1`.
const ACCESS_CONDITION: &str = "p.access = ?1";
/// Condition for the pair whose refresh token has the `jti` `?1`.
const REFRESH_CONDITION: &str = "p.refresh = ?1";

fn pair_sql(condition: &str) -> String {
    format!("{SELECT_PAIR} WHERE {condition}")
}

impl Reader<'_> {
    /// Returns the pair whose access token has this `jti`.
    pub(crate) fn find_pair_by_access(&self, jti: Jti) -> Result<Option<PairWithSession>, Error> {
        self.pair_where(ACCESS_CONDITION, jti)
    }

    /// Prefetches the query of [`Reader::find_pair_by_access`]: the query is sent to a server
    /// together with the next statement. Until a further statement is sent, a call of the method
    /// then needs no round trip. Does nothing for a file.
    pub(crate) fn prefetch_pair_by_access(&self, jti: Jti) {
        self.connection.prefetch(|| (pair_sql(ACCESS_CONDITION), vec![jti.into()]));
    }

    /// Returns the pair whose refresh token has this `jti`.
    pub(crate) fn find_pair_by_refresh(&self, jti: Jti) -> Result<Option<PairWithSession>, Error> {
        self.pair_where(REFRESH_CONDITION, jti)
    }

    /// Prefetches the query of [`Reader::find_pair_by_refresh`], as
    /// [`Reader::prefetch_pair_by_access`] does.
    pub(crate) fn prefetch_pair_by_refresh(&self, jti: Jti) {
        self.connection.prefetch(|| (pair_sql(REFRESH_CONDITION), vec![jti.into()]));
    }

    /// Returns the pair that was issued in exchange for the refresh token of `parent`.
    pub(crate) fn find_successor_pair(
        &self,
        parent: TokenPairRowId,
    ) -> Result<Option<PairWithSession>, Error> {
        self.pair_where("p.parent = ?1", parent)
    }

    /// Returns the session with this `sid`.
    pub(crate) fn find_session(&self, sid: Sid) -> Result<Option<Session>, Error> {
        self.connection.query_optional(
            "SELECT id, sid, user_id, expires_at, ended_at, end_reason FROM sessions
             WHERE sid = ?1",
            values![sid],
            |row| session_from_row(row, 0),
        )
    }

    /// Returns whether the session has ended or is missing, as this transaction sees it.
    pub(crate) fn has_session_ended(&self, id: SessionRowId) -> Result<bool, Error> {
        self.connection.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM sessions WHERE id = ?1 AND ended_at IS NULL)",
            values![id],
            |row| row.get(0),
        )
    }

    fn pair_where<'v>(
        &self,
        condition: &str,
        value: impl Into<Value<'v>>,
    ) -> Result<Option<PairWithSession>, Error> {
        // SQLite keeps the prepared statement: a command that writes looks up the pair of its
        // session token a second time, in the write transaction.
        self.connection
            .prepare(&pair_sql(condition))?
            .query_optional(&[value.into()], pair_from_row)
    }
}

impl SharedWriter<'_> {
    /// Adds a session with its first pair.
    pub(crate) fn add_session(
        &self,
        sid: Sid,
        user: UserId,
        expires_at: Timestamp,
        first_pair: &NewPair,
    ) -> Result<(), Error> {
        let id = self.insert(
            "sessions",
            "INSERT INTO sessions (sid, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
            values![sid, user, first_pair.issued_at, expires_at],
        )?;
        let session = SessionRowId(id);
        self.add_pair(session, None, first_pair)
    }

    fn add_pair(
        &self,
        session: SessionRowId,
        parent: Option<TokenPairRowId>,
        pair: &NewPair,
    ) -> Result<(), Error> {
        self.insert(
            "pairs",
            "INSERT INTO pairs (session_id, parent, key_id, access, refresh, issued_at,
                 access_expires_at, refresh_expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            values![
                session,
                parent,
                pair.key,
                pair.access_jti,
                pair.refresh_jti,
                pair.issued_at,
                pair.access_expires_at,
                pair.refresh_expires_at,
            ],
        )?;
        Ok(())
    }

    /// Marks the refresh token of `old` as used, and adds the pair `new` as the successor of `old`.
    /// If the refresh token was already used, changes nothing and returns `false` (compare and
    /// set).
    pub(crate) fn replace_pair(&self, old: &PairWithSession, new: &NewPair) -> Result<bool, Error> {
        let changed = self.connection.execute(
            "UPDATE pairs SET spent_at = ?2 WHERE id = ?1 AND spent_at IS NULL",
            values![old.pair.id, new.issued_at],
        )?;
        if changed == 1 {
            self.add_pair(old.session.id, Some(old.pair.id), new)?;
            self.note_target(EventSubject::from(EventTarget::session(old.session.sid)).to_text());
        }
        Ok(changed == 1)
    }

    /// Stores the key that signs the tokens of a pair. If a refresh token is presented again, the
    /// tokens of its successor pair are signed again, perhaps with another key.
    pub(crate) fn set_pair_key(&self, pair: TokenPairRowId, key: KeyRowId) -> Result<(), Error> {
        let sql = "UPDATE pairs SET key_id = ?2 WHERE id = ?1 AND key_id <> ?2";
        self.connection.execute(sql, values![pair, key])?;
        Ok(())
    }

    /// Revokes the access token of a pair. Returns `false` if the token was already revoked.
    pub(crate) fn revoke_access_token(
        &self,
        pair: TokenPairRowId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let changed = self.connection.execute(
            "UPDATE pairs SET access_revoked_at = ?2 WHERE id = ?1 AND access_revoked_at IS NULL",
            values![pair, now],
        )?;
        Ok(changed > 0)
    }

    /// Ends a session with all its tokens. Returns `false` if the session had already ended.
    pub(crate) fn end_session(
        &self,
        id: SessionRowId,
        reason: SessionEndReason,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let changed = self.connection.execute(
            "UPDATE sessions SET ended_at = ?3, end_reason = ?2
             WHERE id = ?1 AND ended_at IS NULL",
            values![id, reason.name(), now],
        )?;
        Ok(changed > 0)
    }
}

impl Writer<'_> {
    /// Ends the sessions of a user, except the session `except`, and returns the number of ended
    /// sessions.
    pub(crate) fn end_user_sessions(
        &self,
        user: UserId,
        except: Option<Sid>,
        reason: SessionEndReason,
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.connection.execute(
            "UPDATE sessions SET ended_at = ?4, end_reason = ?3
             WHERE user_id = ?1 AND ended_at IS NULL AND sid IS DISTINCT FROM ?2",
            values![user, except, reason.name(), now],
        )
    }
}

pub(super) fn pair_from_row(row: &Row<'_>) -> Result<PairWithSession, Error> {
    Ok(PairWithSession {
        pair: RecordedTokenPair {
            id: row.get(0)?,
            access_jti: Jti::new(row.get(1)?),
            refresh_jti: Jti::new(row.get(2)?),
            issued_at: required_time(row.get(3)?)?,
            access_expires_at: required_time(row.get(4)?)?,
            refresh_expires_at: required_time(row.get(5)?)?,
            access_revoked_at: optional_time(row.get(6)?)?,
            refresh_used_at: optional_time(row.get(7)?)?,
        },
        session: session_from_row(row, 8)?,
    })
}

fn session_from_row(row: &Row<'_>, first_column: usize) -> Result<Session, Error> {
    let end_reason: Option<String> = row.get(first_column + 5)?;
    Ok(Session {
        id: row.get(first_column)?,
        sid: Sid::new(row.get(first_column + 1)?),
        user_id: row.get(first_column + 2)?,
        expires_at: required_time(row.get(first_column + 3)?)?,
        ended_at: optional_time(row.get(first_column + 4)?)?,
        end_reason: end_reason.and_then(|word| SessionEndReason::parse(&word).ok()),
    })
}
