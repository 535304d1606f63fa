//! Many tokens at once: listed in pages, counted, taken back.

use super::{COLUMNS, TABLES, token};
use crate::model::{
    AppName, Lifetime, Page, Paged, RecordedToken, Status, Timestamp, TokenKind, UserId,
};
use crate::store::condition::Condition;
use crate::store::users::one_more;
use crate::store::{Error, Reader, Writer};
use rusqlite::ToSql;

/// Which tokens are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenFilter {
    /// Only this user's.
    pub(crate) owner: Option<UserId>,
    /// Only those of this kind.
    pub(crate) kind: Option<TokenKind>,
    /// Only this application's.
    pub(crate) app: Option<AppName>,
    /// Only those of this status; `Live` includes the superseded.
    pub(crate) status: Option<Status>,
    /// Only those that end within that time and were not renewed.
    pub(crate) ending_within: Option<Lifetime>,
    /// Only those made before that.
    pub(crate) issued_before: Option<Timestamp>,
}

impl TokenFilter {
    fn condition(&self, now: Timestamp) -> Condition {
        let mut all = Condition::open();
        if let Some(owner) = self.owner {
            all.and("g.owner_id = :owner", ":owner", owner.0);
        }
        if let Some(kind) = self.kind {
            all.and("g.kind = :kind", ":kind", kind.name().to_owned());
        }
        if let Some(app) = &self.app {
            all.and("g.app = :app", ":app", app.as_str().to_owned());
        }
        if let Some(status) = self.status {
            all.and(in_status(status), ":now", now.unix());
        }
        if let Some(time) = self.ending_within {
            let end = now.unix().saturating_add(time.seconds());
            all.and("t.grace_until IS NULL AND t.expires_at <= :end", ":end", end);
        }
        if let Some(time) = self.issued_before {
            all.and("t.issued_at < :before", ":before", time.unix());
        }
        all
    }
}

fn in_status(status: Status) -> &'static str {
    match status {
        Status::Live => {
            "t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > :now)
                AND (t.expires_at IS NULL OR t.expires_at > :now)"
        }
        Status::Superseded => {
            "t.revoked_at IS NULL AND t.grace_until > :now AND (t.expires_at IS NULL OR t.expires_at > :now)"
        }
        Status::Expired => {
            "t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > :now)
                AND t.expires_at <= :now"
        }
        Status::Revoked => "(t.revoked_at IS NOT NULL OR t.grace_until <= :now)",
    }
}

impl Reader<'_> {
    /// Tokens in the order of their rows.
    pub(crate) fn tokens(
        &self,
        filter: &TokenFilter,
        page: Page,
        now: Timestamp,
    ) -> Result<Paged<RecordedToken>, Error> {
        let total = page.total(|| self.count_tokens(filter, now))?;
        let (skip, after, take) = page.window();
        let take = one_more(take);
        let condition = filter.condition(now);
        let mut values = condition.values();
        values.extend::<[(&str, &dyn ToSql); 3]>([
            (":after", &after),
            (":take", &take),
            (":skip", &skip),
        ]);
        let mut statement = self.sql.prepare(&list(&condition))?;
        let rows = statement
            .query_map(values.as_slice(), |row| Ok(token(row)))?
            .map(|row| row.map_err(Error::from)?)
            .collect::<Result<_, Error>>()?;
        Ok(Paged::new(page, rows, total, |token: &RecordedToken| token.id.0))
    }

    /// How many there are.
    pub(crate) fn count_tokens(&self, filter: &TokenFilter, now: Timestamp) -> Result<i64, Error> {
        let condition = filter.condition(now);
        let sql = format!("SELECT count(*) FROM {TABLES} WHERE {}", condition.sql());
        Ok(self.sql.query_row(&sql, condition.values().as_slice(), |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Takes back those of them that were not; how many.
    pub(crate) fn revoke_tokens(
        &self,
        filter: &TokenFilter,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let condition = filter.condition(now);
        let mut values = condition.values();
        let now = now.unix();
        values.push((":now", &now));
        // Many rows touch pages here and there: without room for them each would go to the log
        // again and again.
        self.sql.pragma_update(None, "cache_size", -16_384)?;
        Ok(self.sql.execute(&revocation(&condition), values.as_slice())?)
    }
}

/// Which they are is looked up first, in an index alone where there is one that knows it.
fn list(condition: &Condition) -> String {
    format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE t.id IN
             (SELECT t.id FROM {TABLES} WHERE {} AND t.id > :after
              ORDER BY t.id LIMIT :take OFFSET :skip)
         ORDER BY t.id",
        condition.sql()
    )
}

fn revocation(condition: &Condition) -> String {
    format!(
        "UPDATE tokens SET revoked_at = :now WHERE id IN
             (SELECT t.id FROM {TABLES} WHERE {} AND t.revoked_at IS NULL)",
        condition.sql()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn the_tokens_of_one_user_are_found_without_those_of_others() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let (owner, status) = (Some(UserId(1)), Some(Status::Live));
        let filter = TokenFilter { owner, status, ..TokenFilter::default() };
        let condition = filter.condition(Timestamp::from_unix(0).unwrap());
        let found = "SEARCH t USING COVERING INDEX tokens_of_grant (grant_id=? AND revoked_at=?)";
        for sql in [list(&condition), revocation(&condition)] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let (mut plan, mut rows) = (Vec::new(), statement.raw_query());
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get::<_, String>(3).unwrap());
            }
            assert!(plan.iter().any(|line| line == found), "{plan:?}");
        }
    }
}
