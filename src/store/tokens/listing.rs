//! Statements for several tokens: lists, counts, and bulk revocation.

use super::{REVOKE_TOKEN_SQL, TOKEN_AND_GRANT_COLUMNS, TOKEN_AND_GRANT_TABLES, token_from_row};
use crate::model::{
    AppName, Lifetime, Page, PageRequest, RecordedToken, Timestamp, TokenId, TokenKind,
    TokenStatus, UserId,
};
use crate::store::sql::{WhereClause, limit_plus_one};
use crate::store::values::values;
use crate::store::{Error, Reader, Writer};

/// Filter for tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenFilter {
    /// Only tokens of this user.
    pub(crate) owner: Option<UserId>,
    /// Only tokens of this kind.
    pub(crate) kind: Option<TokenKind>,
    /// Only tokens of this application.
    pub(crate) app: Option<AppName>,
    /// Only tokens with this status; `Live` includes superseded tokens.
    pub(crate) status: Option<TokenStatus>,
    /// Only tokens that expire within this time or have already expired. Excludes tokens with a
    /// grace period, which have a successor.
    pub(crate) expiring_within: Option<Lifetime>,
    /// Only tokens issued before this time.
    pub(crate) issued_before: Option<Timestamp>,
}

impl TokenFilter {
    /// Returns the condition of the filter at the time `now`.
    fn where_clause(&self, now: Timestamp) -> WhereClause<'_> {
        let mut clause = WhereClause::new();
        if let Some(owner) = self.owner {
            let owner = clause.bind(owner);
            clause.and(&format!("g.owner_id = {owner}"));
        }
        if let Some(kind) = self.kind {
            let kind = clause.bind(kind.name());
            clause.and(&format!("g.kind = {kind}"));
        }
        if let Some(app) = &self.app {
            let app = clause.bind(app.as_str());
            clause.and(&format!("g.app = {app}"));
        }
        if let Some(status) = self.status {
            let now = clause.bind(now);
            clause.and(&status_condition(status, &now));
        }
        if let Some(lifetime) = self.expiring_within {
            let latest_expiry = now.unix().saturating_add(lifetime.seconds());
            let latest_expiry = clause.bind(latest_expiry);
            clause.and(&format!("t.grace_until IS NULL AND t.expires_at <= {latest_expiry}"));
        }
        if let Some(before) = self.issued_before {
            let before = clause.bind(before);
            clause.and(&format!("t.issued_at < {before}"));
        }
        clause
    }
}

/// Returns the condition for tokens with the status. `now` is the SQL parameter of the current
/// time.
fn status_condition(status: TokenStatus, now: &str) -> String {
    let is_unrevoked =
        format!("t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > {now})");
    let is_unexpired = format!("(t.expires_at IS NULL OR t.expires_at > {now})");
    match status {
        TokenStatus::Live => format!("{is_unrevoked} AND {is_unexpired}"),
        TokenStatus::Superseded => {
            format!("t.revoked_at IS NULL AND t.grace_until > {now} AND {is_unexpired}")
        }
        TokenStatus::Expired => format!("{is_unrevoked} AND t.expires_at <= {now}"),
        TokenStatus::Revoked => format!("(t.revoked_at IS NOT NULL OR t.grace_until <= {now})"),
    }
}

impl Reader<'_> {
    /// Returns a page of the tokens that match the filter, in the order of row ids.
    pub(crate) fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<RecordedToken>, Error> {
        let total = page.count_total(|| self.count_tokens(filter, now))?;
        let window = page.sql_window();
        let mut clause = filter.where_clause(now);
        let after = clause.bind(window.after_id);
        clause.and(&format!("t.id > {after}"));
        let take = clause.bind(limit_plus_one(window.page_size));
        let skip = clause.bind(window.skip);
        let sql = list_sql(&clause, &take, &skip);
        let rows = self.connection.query_all(&sql, clause.values(), token_from_row)?;
        Ok(Page::new(page, rows, total, |token: &RecordedToken| token.id.0))
    }

    /// Returns the number of tokens that match the filter.
    pub(crate) fn count_tokens(&self, filter: &TokenFilter, now: Timestamp) -> Result<i64, Error> {
        let clause = filter.where_clause(now);
        let sql = format!("SELECT count(*) FROM {TOKEN_AND_GRANT_TABLES} WHERE {}", clause.sql());
        self.connection.query_row(&sql, clause.values(), |row| row.get(0))
    }

    /// Returns the ids of at most `max_tokens` tokens that match the filter, in ascending order. If
    /// more tokens match, the selection is arbitrary. Excludes tokens that are revoked or past
    /// their grace period.
    pub(crate) fn revocable_tokens(
        &self,
        filter: &TokenFilter,
        now: Timestamp,
        max_tokens: usize,
    ) -> Result<Vec<TokenId>, Error> {
        let mut clause = filter.where_clause(now);
        let now = clause.bind(now);
        let sql = format!("{} LIMIT {max_tokens}", revocable_sql(&clause, &now));
        let mut ids: Vec<TokenId> =
            self.connection.query_all(&sql, clause.values(), |row| row.get(0))?;
        ids.sort_unstable_by_key(|id| id.0);
        Ok(ids)
    }
}

impl Writer<'_> {
    /// Revokes the tokens of `ids`, except tokens that are revoked or past their grace period.
    /// Returns the number of newly revoked tokens.
    pub(crate) fn revoke_tokens(&self, ids: &[TokenId], now: Timestamp) -> Result<usize, Error> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.connection.execute_for_ids(REVOKE_TOKEN_SQL, &ids, values![now])
    }

    /// Revokes all recorded tokens of a user, except tokens that are revoked or past their grace
    /// period. Returns the number of newly revoked tokens.
    pub(crate) fn revoke_user_tokens(&self, owner: UserId, now: Timestamp) -> Result<usize, Error> {
        let filter = TokenFilter { owner: Some(owner), ..TokenFilter::default() };
        let mut clause = filter.where_clause(now);
        let now = clause.bind(now);
        // The changed rows can be scattered over many pages.
        self.connection.enlarge_cache()?;
        self.connection.execute(&revocation_sql(&clause, &now), clause.values())
    }
}

/// Returns the query for a page of tokens. `take` and `skip` are the SQL parameters of the limit
/// and of the offset. A subquery selects only the ids of the page, because a covering index can
/// contain all columns that the subquery needs.
fn list_sql(clause: &WhereClause<'_>, take: &str, skip: &str) -> String {
    format!(
        "SELECT {TOKEN_AND_GRANT_COLUMNS} FROM {TOKEN_AND_GRANT_TABLES} WHERE t.id IN
             (SELECT t.id FROM {TOKEN_AND_GRANT_TABLES} WHERE {} ORDER BY t.id LIMIT {take} OFFSET {skip})
         ORDER BY t.id",
        clause.sql()
    )
}

/// Returns the statement that revokes the tokens that [`revocable_sql`] selects. `now` is the SQL
/// parameter of the revocation time.
fn revocation_sql(clause: &WhereClause<'_>, now: &str) -> String {
    format!("UPDATE tokens SET revoked_at = {now} WHERE id IN ({})", revocable_sql(clause, now))
}

/// Returns the query for the ids of the tokens that fulfil the condition, are not revoked yet, and
/// are not past their grace period. `now` is the SQL parameter of the current time.
fn revocable_sql(clause: &WhereClause<'_>, now: &str) -> String {
    format!(
        "SELECT t.id FROM {TOKEN_AND_GRANT_TABLES} WHERE {} AND t.revoked_at IS NULL
             AND (t.grace_until IS NULL OR t.grace_until > {now})",
        clause.sql()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn filter_by_owner_and_status_uses_index_tokens_of_grant() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let (owner, status) = (Some(UserId(1)), Some(TokenStatus::Live));
        let filter = TokenFilter { owner, status, ..TokenFilter::default() };
        let clause = filter.where_clause(Timestamp::from_unix(0).unwrap());
        let expected =
            "SEARCH t USING COVERING INDEX tokens_of_grant (grant_id=? AND revoked_at=?)";
        for sql in [list_sql(&clause, "?3", "?4"), revocation_sql(&clause, "?2")] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let (mut plan, mut rows) = (Vec::new(), statement.raw_query());
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get::<_, String>(3).unwrap());
            }
            assert!(plan.iter().any(|line| line == expected), "{plan:?}");
        }
    }
}
