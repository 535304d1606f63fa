//! Queries for tokens: lists, counts, bulk revocation.

use super::{COLUMNS, TABLES, token_from_row};
use crate::model::{
    AppName, Lifetime, Page, PageRequest, RecordedToken, Timestamp, TokenId, TokenKind,
    TokenStatus, UserId,
};
use crate::store::sql::{WhereClause, limit_plus_one};
use crate::store::{Error, Reader, Writer};
use rusqlite::ToSql;

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
    /// Only tokens that expire within this time and have no successor.
    pub(crate) expiring_within: Option<Lifetime>,
    /// Only tokens issued before this time.
    pub(crate) issued_before: Option<Timestamp>,
}

impl TokenFilter {
    fn where_clause(&self, now: Timestamp) -> WhereClause {
        let mut clause = WhereClause::new();
        if let Some(owner) = self.owner {
            clause.and("g.owner_id = :owner", ":owner", owner.0);
        }
        if let Some(kind) = self.kind {
            clause.and("g.kind = :kind", ":kind", kind.name().to_owned());
        }
        if let Some(app) = &self.app {
            clause.and("g.app = :app", ":app", app.as_str().to_owned());
        }
        if let Some(status) = self.status {
            clause.and(status_condition(status), ":now", now.unix());
        }
        if let Some(lifetime) = self.expiring_within {
            let latest_expiry = now.unix().saturating_add(lifetime.seconds());
            clause.and("t.grace_until IS NULL AND t.expires_at <= :end", ":end", latest_expiry);
        }
        if let Some(before) = self.issued_before {
            clause.and("t.issued_at < :before", ":before", before.unix());
        }
        clause
    }
}

fn status_condition(status: TokenStatus) -> &'static str {
    match status {
        TokenStatus::Live => {
            "t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > :now)
                AND (t.expires_at IS NULL OR t.expires_at > :now)"
        }
        TokenStatus::Superseded => {
            "t.revoked_at IS NULL AND t.grace_until > :now AND (t.expires_at IS NULL OR t.expires_at > :now)"
        }
        TokenStatus::Expired => {
            "t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > :now)
                AND t.expires_at <= :now"
        }
        TokenStatus::Revoked => "(t.revoked_at IS NOT NULL OR t.grace_until <= :now)",
    }
}

impl Reader<'_> {
    /// Returns a page of tokens in the order of row ids.
    pub(crate) fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<RecordedToken>, Error> {
        let total = page.count_total(|| self.count_tokens(filter, now))?;
        let (skip, after, take) = page.sql_window();
        let take = limit_plus_one(take);
        let clause = filter.where_clause(now);
        let mut values = clause.values();
        values.extend::<[(&str, &dyn ToSql); 3]>([
            (":after", &after),
            (":take", &take),
            (":skip", &skip),
        ]);
        let mut statement = self.connection.prepare(&list_sql(&clause))?;
        let rows = statement
            .query_map(values.as_slice(), |row| Ok(token_from_row(row)))?
            .map(|row| row.map_err(Error::from)?)
            .collect::<Result<_, Error>>()?;
        Ok(Page::new(page, rows, total, |token: &RecordedToken| token.id.0))
    }

    /// Returns the number of tokens that match the filter.
    pub(crate) fn count_tokens(&self, filter: &TokenFilter, now: Timestamp) -> Result<i64, Error> {
        let clause = filter.where_clause(now);
        let sql = format!("SELECT count(*) FROM {TABLES} WHERE {}", clause.sql());
        Ok(self.connection.query_row(&sql, clause.values().as_slice(), |row| row.get(0))?)
    }

    /// Returns the ids of at most `max_tokens` matching tokens that are not revoked yet, ascending.
    pub(crate) fn revocable_tokens(
        &self,
        filter: &TokenFilter,
        now: Timestamp,
        max_tokens: usize,
    ) -> Result<Vec<TokenId>, Error> {
        let clause = filter.where_clause(now);
        let sql = format!("{} LIMIT {max_tokens}", revocable_sql(&clause));
        let mut statement = self.connection.prepare(&sql)?;
        let ids = statement.query_map(clause.values().as_slice(), |row| row.get(0))?;
        let mut ids = ids.collect::<Result<Vec<TokenId>, _>>()?;
        ids.sort_unstable_by_key(|id| id.0);
        Ok(ids)
    }
}

impl Writer<'_> {
    /// Revokes the tokens that are not revoked yet, and returns their number.
    pub(crate) fn revoke_tokens(&self, ids: &[TokenId], now: Timestamp) -> Result<usize, Error> {
        let sql = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        ids.iter().map(|id| Ok(statement.execute((id, now.unix()))?)).sum()
    }

    /// Revokes all recorded tokens of a user, and returns their number.
    pub(crate) fn revoke_user_tokens(&self, owner: UserId, now: Timestamp) -> Result<usize, Error> {
        let filter = TokenFilter { owner: Some(owner), ..TokenFilter::default() };
        let clause = filter.where_clause(now);
        let mut values = clause.values();
        let now = now.unix();
        values.push((":now", &now));
        // The changed rows can be scattered over many pages. With a small cache, SQLite would write
        // the same page to the WAL repeatedly.
        self.connection.pragma_update(None, "cache_size", -16_384)?;
        Ok(self.connection.execute(&revocation_sql(&clause), values.as_slice())?)
    }
}

/// Returns the query for a list. The subquery selects the ids, from a covering index if possible.
fn list_sql(clause: &WhereClause) -> String {
    format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE t.id IN
             (SELECT t.id FROM {TABLES} WHERE {} AND t.id > :after
              ORDER BY t.id LIMIT :take OFFSET :skip)
         ORDER BY t.id",
        clause.sql()
    )
}

fn revocation_sql(clause: &WhereClause) -> String {
    format!("UPDATE tokens SET revoked_at = :now WHERE id IN ({})", revocable_sql(clause))
}

/// Returns the query for the ids of tokens that are not revoked yet.
fn revocable_sql(clause: &WhereClause) -> String {
    format!("SELECT t.id FROM {TABLES} WHERE {} AND t.revoked_at IS NULL", clause.sql())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn owner_filter_uses_grant_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let (owner, status) = (Some(UserId(1)), Some(TokenStatus::Live));
        let filter = TokenFilter { owner, status, ..TokenFilter::default() };
        let clause = filter.where_clause(Timestamp::from_unix(0).unwrap());
        let expected =
            "SEARCH t USING COVERING INDEX tokens_of_grant (grant_id=? AND revoked_at=?)";
        for sql in [list_sql(&clause), revocation_sql(&clause)] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let (mut plan, mut rows) = (Vec::new(), statement.raw_query());
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get::<_, String>(3).unwrap());
            }
            assert!(plan.iter().any(|line| line == expected), "{plan:?}");
        }
    }
}
