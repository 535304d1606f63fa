//! Queries for shell completion. Most of these queries return texts, such as usernames, that start
//! with a given prefix. Each query reads a limited number of rows, so that its time does not depend
//! on the size of the store.

use super::values::values;
use super::{Error, Reader};
use crate::model::{Sid, Timestamp, TokenId, UserId};

/// Maximum number of texts, tokens or sessions that a query returns.
const MAX_RESULTS: usize = 50;

/// Maximum number of rows that a query searches if no index covers its condition. The searched rows
/// are the latest rows of the table, or of one of the [`id_ranges`].
const MAX_SEARCHED_ROWS: usize = 2_000;

/// Returns the SQL condition that the text in `column` is in a range. The parameters `?1` and `?2`
/// are the bounds that [`prefix_range`] returns. The database can use an index for this condition.
fn prefix_condition(column: &str) -> String {
    format!("{column} >= ?1 AND {column} < ?2")
}

/// Returns the two bounds of a range of texts that start with `prefix`. The lower bound is in the
/// range, and the upper bound is not. The range lacks the texts in which U+10FFFF, the last code
/// point of Unicode, follows the prefix.
fn prefix_range(prefix: &str) -> (&str, String) {
    (prefix, format!("{prefix}{}", char::MAX))
}

impl Reader<'_> {
    /// Returns the usernames that start with `prefix`, then the e-mail addresses that start with
    /// `prefix` and belong to users without such a username. Case-insensitive.
    pub(crate) fn complete_user(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let prefix = prefix.to_lowercase();
        let mut names = self.complete_text(&username_sql(), &prefix)?;
        names.extend(self.complete_text(&email_sql(), &prefix)?);
        Ok(names)
    }

    /// Returns the applications, and the subjects of recorded test tokens, that start with
    /// `prefix`. Searches only the latest grants.
    pub(crate) fn complete_app(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let sql = format!(
            "SELECT DISTINCT app
             FROM (SELECT app FROM grants ORDER BY id DESC LIMIT {MAX_SEARCHED_ROWS}) AS latest
             WHERE {} ORDER BY app LIMIT {MAX_RESULTS}",
            prefix_condition("app")
        );
        self.complete_text(&sql, prefix)
    }

    /// Returns the granted permissions that start with `prefix`. Searches only the latest grants.
    pub(crate) fn complete_permission(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let sql = format!(
            "SELECT DISTINCT value
             FROM (SELECT permissions FROM grants ORDER BY id DESC LIMIT {MAX_SEARCHED_ROWS}) AS latest,
                 {}
             WHERE {} ORDER BY value LIMIT {MAX_RESULTS}",
            self.connection.json_texts_sql("permissions"),
            prefix_condition("value")
        );
        self.complete_text(&sql, prefix)
    }

    /// Returns the live and superseded tokens whose ids start with `digits`, each with its
    /// application, or with its subject for a test token. The tokens are in the order of
    /// [`id_ranges`]; within a range, the latest token is first.
    pub(crate) fn complete_token(
        &self,
        digits: &str,
        now: Timestamp,
    ) -> Result<Vec<(TokenId, String)>, Error> {
        let sql = format!(
            "SELECT t.id, g.app
             FROM (SELECT * FROM tokens WHERE id BETWEEN ?1 AND ?2
                   ORDER BY id DESC LIMIT {MAX_SEARCHED_ROWS}) t
                 JOIN grants g ON g.id = t.grant_id
             WHERE t.revoked_at IS NULL AND (t.grace_until IS NULL OR t.grace_until > ?3)
                 AND (t.expires_at IS NULL OR t.expires_at > ?3)
             ORDER BY t.id DESC LIMIT {MAX_RESULTS}"
        );
        let mut tokens = Vec::new();
        for (first, last) in id_ranges(digits) {
            let values = values![first, last, now];
            tokens.extend(
                self.connection.query_all(&sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?,
            );
            if tokens.len() >= MAX_RESULTS {
                break;
            }
        }
        tokens.truncate(MAX_RESULTS);
        Ok(tokens)
    }

    /// Returns the latest sessions that can be refreshed, each with its owner.
    pub(crate) fn latest_sessions(&self, now: Timestamp) -> Result<Vec<(Sid, UserId)>, Error> {
        let sql = format!(
            "SELECT s.sid, s.user_id
             FROM (SELECT * FROM sessions ORDER BY id DESC LIMIT {MAX_SEARCHED_ROWS}) s
                 JOIN pairs p ON p.session_id = s.id AND p.spent_at IS NULL
             WHERE s.ended_at IS NULL AND p.refresh_expires_at > ?1
             ORDER BY s.id DESC LIMIT {MAX_RESULTS}"
        );
        self.connection
            .query_all(&sql, values![now], |row| Ok((Sid::new(row.get(0)?), row.get(1)?)))
    }

    fn complete_text(&self, sql: &str, prefix: &str) -> Result<Vec<String>, Error> {
        let (first, end) = prefix_range(prefix);
        self.connection.query_all(sql, values![first, &end], |row| row.get(0))
    }
}

fn username_sql() -> String {
    let condition = prefix_condition("username");
    format!("SELECT username FROM users WHERE {condition} ORDER BY username LIMIT {MAX_RESULTS}")
}

/// Returns the query for e-mail addresses. The limit is in the subquery. With a limit of the outer
/// query, the search would read all matching rows if every user with a matching address also had a
/// matching username.
fn email_sql() -> String {
    format!(
        "SELECT email
         FROM (SELECT * FROM users WHERE {} ORDER BY email_key LIMIT {MAX_RESULTS}) AS matching
         WHERE username IS NULL OR NOT ({})",
        prefix_condition("email_key"),
        prefix_condition("username")
    )
}

/// Returns the ranges of the ids whose decimal digits start with `digits`, each as first and last
/// id. The first range has the ids with the fewest digits.
fn id_ranges(digits: &str) -> Vec<(i64, i64)> {
    if digits.is_empty() {
        return vec![(1, i64::MAX)];
    }
    let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let mut range = digits.parse::<i64>().ok().filter(|_| is_number).map(|id| (id, id));
    let mut ranges = Vec::new();
    while let Some((first, last)) = range {
        ranges.push((first, last));
        range =
            first.checked_mul(10).map(|first| (first, last.saturating_mul(10).saturating_add(9)));
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn create_database(rows_sql: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("migrations/0001_first.sql")).unwrap();
        connection.execute_batch(rows_sql).unwrap();
        connection
    }

    fn add_user(connection: &Connection, username: Option<&str>, email: Option<&str>) {
        let sql =
            "INSERT INTO users (uid, username, email, email_key, role, created_at, password_at)
                   VALUES (randomblob(16), ?1, ?2, lower(?2), 'user', 0, 0)";
        connection.execute(sql, (username, email)).unwrap();
    }

    #[test]
    fn user_completion_finds_each_user_once_by_case_insensitive_prefix() {
        let connection = create_database("");
        for (username, email) in [
            (Some("john"), Some("john@example.com")),
            (Some("zoe"), Some("Joan@example.com")),
            (None, Some("jo@example.com")),
            (Some("jo"), None),
            (Some("ada"), None),
        ] {
            add_user(&connection, username, email);
        }
        let complete = |prefix| Reader::sqlite(&connection).complete_user(prefix).unwrap();
        assert_eq!(complete("jo"), ["jo", "john", "jo@example.com", "Joan@example.com"]);
        assert_eq!(complete("JO"), complete("jo"));
        assert_eq!(complete("john@"), ["john@example.com"]);
        assert_eq!(complete(""), ["ada", "jo", "john", "zoe", "jo@example.com"]);
        assert!(complete("%").is_empty() && complete("jo_").is_empty());
    }

    #[test]
    fn user_completion_uses_indexes() {
        let connection = create_database("");
        for sql in [username_sql(), email_sql()] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan = statement.query_map(["a", "b"], |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = plan.map(Result::unwrap).collect();
            assert!(plan.iter().any(|step| step.starts_with("SEARCH users USING")), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }

    #[test]
    fn app_and_permission_completion_return_values_of_latest_grants() {
        let connection = create_database(
            "INSERT INTO users (id, uid, username, role, created_at, password_at)
                 VALUES (1, randomblob(16), 'ada', 'admin', 0, 0);
             INSERT INTO grants (owner_id, kind, app, permissions)
                 VALUES (1, 'app', 'oldest', json_array('read:oldest'));
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO grants (owner_id, kind, app, permissions)
                 SELECT 1, 'app', 'app ' || i, json_array('read:' || (i % 2), 'jeton:mint') FROM n;",
        );
        let tx = Reader::sqlite(&connection);
        assert_eq!(tx.complete_app("app 199").unwrap().len(), 11);
        assert_eq!(tx.complete_app("").unwrap().len(), MAX_RESULTS);
        assert!(tx.complete_app("old").unwrap().is_empty());
        assert_eq!(tx.complete_permission("read").unwrap(), ["read:0", "read:1"]);
        assert_eq!(tx.complete_permission("").unwrap(), ["jeton:mint", "read:0", "read:1"]);
    }

    #[test]
    fn id_ranges_contain_numbers_with_the_prefix() {
        assert_eq!(id_ranges("12")[..3], [(12, 12), (120, 129), (1_200, 1_299)]);
        assert_eq!(id_ranges("9").last(), Some(&(9_000_000_000_000_000_000, i64::MAX)));
        assert_eq!(id_ranges(""), [(1, i64::MAX)]);
        for digits in ["0", "a", "-1", "+1", "99999999999999999999"] {
            assert!(id_ranges(digits).is_empty(), "{digits}");
        }
    }
}
