//! Queries for several sessions: lists, counts, and abbreviated ids.

use super::session_from_row;
use crate::model::{ActiveSession, Page, PageRequest, Session, SidPrefix, Timestamp, UserId};
use crate::store::sql::{limit_plus_one, required_time};
use crate::store::values::{Row, values};
use crate::store::{Error, Reader};

/// The active sessions: sessions of user `?1` (NULL: all users) that can be refreshed at time `?2`.
/// Each session is joined with its token pair whose refresh token is unused.
const FROM_ACTIVE_SESSIONS: &str =
    "FROM sessions s JOIN pairs p ON p.session_id = s.id AND p.spent_at IS NULL
    WHERE s.ended_at IS NULL AND p.refresh_expires_at > ?2 AND (?1 IS NULL OR s.user_id = ?1)";

impl Reader<'_> {
    /// Returns the sessions of `user`, or of all users, whose ids (`sid`) begin with `prefix`.
    /// Returns the `limit` oldest sessions at most, oldest first.
    pub(crate) fn find_sessions(
        &self,
        prefix: &SidPrefix,
        user: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        let sql = format!(
            "SELECT id, sid, user_id, expires_at, ended_at, end_reason FROM sessions
             WHERE sid BETWEEN ?1 AND ?2 AND (?3 IS NULL OR user_id = ?3)
             ORDER BY id LIMIT {limit}"
        );
        let (first, last) = prefix.range();
        let values = values![first, last, user];
        self.connection.query_all(&sql, values, |row| session_from_row(row, 0))
    }

    /// Returns a page of the active sessions of `user`, or of all users, oldest first.
    pub(crate) fn active_sessions(
        &self,
        user: Option<UserId>,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<ActiveSession>, Error> {
        let total = page.count_total(|| self.count_active_sessions(user, now))?;
        let window = page.sql_window();
        let sql = format!(
            "SELECT s.id, s.sid, s.user_id, s.expires_at, s.ended_at, s.end_reason,
                 s.created_at, p.issued_at, p.refresh_expires_at
             {FROM_ACTIVE_SESSIONS} AND s.id > ?3 ORDER BY s.id LIMIT ?4 OFFSET ?5"
        );
        let values =
            values![user, now, window.after_id, limit_plus_one(window.page_size), window.skip];
        let rows = self.connection.query_all(&sql, values, active_session_from_row)?;
        Ok(Page::new(page, rows, total, |active: &ActiveSession| active.session.id.0))
    }

    /// Returns the number of active sessions of `user`, or of all users.
    pub(crate) fn count_active_sessions(
        &self,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let sql = format!("SELECT count(*) {FROM_ACTIVE_SESSIONS}");
        self.connection.query_row(&sql, values![user, now], |row| row.get(0))
    }
}

fn active_session_from_row(row: &Row<'_>) -> Result<ActiveSession, Error> {
    Ok(ActiveSession {
        session: session_from_row(row, 0)?,
        created_at: required_time(row.get(6)?)?,
        refreshed_at: required_time(row.get(7)?)?,
        refreshable_until: required_time(row.get(8)?)?,
    })
}
