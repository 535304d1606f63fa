//! Insertion of tokens and of their grants. A grant contains the properties that several tokens can
//! share.

use super::super::connection::Connection;
use super::super::values::{Value, values};
use super::super::{Error, SharedWriter};
use super::new_token::{GrantTexts, NewToken, TokenGroup};
#[cfg(feature = "postgres")]
use super::server;
use crate::model::{Grant, GrantRowId, Jti, TokenId};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Number of rows in each statement that inserts several tokens into a SQLite file. With more rows,
/// the insertion is not faster.
const ROWS_PER_INSERT: usize = 50;

static INSERT_TOKEN_SQL: LazyLock<String> = LazyLock::new(|| insert_tokens_sql(1));
static INSERT_TOKENS_SQL: LazyLock<String> = LazyLock::new(|| insert_tokens_sql(ROWS_PER_INSERT));

/// Returns the statement that inserts `row_count` tokens with different `jti`s and otherwise equal
/// values.
fn insert_tokens_sql(row_count: usize) -> String {
    let row = |index: usize| format!("(?{}, ?1, ?2, ?3, ?4, ?5, ?6)", index + 7);
    let rows: Vec<String> = (0..row_count).map(row).collect();
    format!(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, first_issued_at, run_jti)
             VALUES {}",
        rows.join(", ")
    )
}

impl SharedWriter<'_> {
    /// Records a token, and its grant if the store has no equal grant.
    pub(crate) fn add_token(&self, new: &NewToken) -> Result<TokenId, Error> {
        let ids = self.add_tokens(&[TokenGroup { common_row: new, jtis: &[new.jti] }])?;
        ids.first().copied().ok_or(Error::AlreadyExists)
    }

    /// Records the tokens of all groups, and each grant that the store does not have yet. Returns
    /// the row ids of the tokens in the order of `groups` and of their `jti`s. Returns
    /// [`Error::AlreadyExists`] if a `jti` is already recorded.
    pub(crate) fn add_tokens(&self, groups: &[TokenGroup<'_>]) -> Result<Vec<TokenId>, Error> {
        let ids = match self.connection {
            Connection::Sqlite(_) => self.insert_groups(groups)?,
            #[cfg(feature = "postgres")]
            Connection::Postgres(client) => server::insert_tokens(client, groups)?,
        };
        for group in groups {
            self.note_tokens(group.jtis);
        }
        Ok(ids)
    }

    /// Records the tokens of all groups in a SQLite file.
    fn insert_groups(&self, groups: &[TokenGroup<'_>]) -> Result<Vec<TokenId>, Error> {
        let mut ids = Vec::new();
        for TokenGroup { common_row, jtis } in groups {
            let grant = self.find_or_add_grant(&common_row.grant)?;
            let (full_chunks, remainder) = jtis.as_chunks::<ROWS_PER_INSERT>();
            for chunk in full_chunks {
                ids.extend(self.insert_tokens(common_row, grant, chunk)?.map(TokenId));
            }
            for jti in remainder {
                let one_jti = std::slice::from_ref(jti);
                ids.extend(self.insert_tokens(common_row, grant, one_jti)?.map(TokenId));
            }
        }
        Ok(ids)
    }

    /// Records tokens with one statement, and returns their row ids. `jtis` has one item or
    /// [`ROWS_PER_INSERT`] items.
    fn insert_tokens(
        &self,
        common_row: &NewToken,
        grant: GrantRowId,
        jtis: &[Jti],
    ) -> Result<RangeInclusive<i64>, Error> {
        let sql = match jtis {
            [_] => &INSERT_TOKEN_SQL,
            _ => &INSERT_TOKENS_SQL,
        };
        let shared_values = values![
            grant,
            common_row.key,
            common_row.issued_at,
            common_row.expires_at,
            common_row.origin.first_issued_at,
            common_row.origin.first_run_jti,
        ];
        let jti_values = jtis.iter().map(|jti| Value::from(*jti));
        let values: Vec<Value<'_>> = shared_values.iter().cloned().chain(jti_values).collect();
        let last_id = self.connection.insert_rows("tokens", sql, &values, jtis.len())?;
        // SQLite gives the rows of a statement consecutive ids.
        let count = i64::try_from(jtis.len()).unwrap_or(i64::MAX);
        Ok(last_id - count + 1..=last_id)
    }

    /// Returns the id of an equal grant in the store, or adds the grant and returns its id.
    fn find_or_add_grant(&self, grant: &Grant) -> Result<GrantRowId, Error> {
        let GrantTexts { permissions, audience, claims } = GrantTexts::new(grant);
        let (owner, kind, app) = (grant.owner_id, grant.kind.name(), grant.app.as_str());
        let values = values![owner, kind, app, &permissions, &audience, &claims];
        let select = "SELECT id FROM grants WHERE owner_id = ?1 AND kind = ?2 AND app = ?3
             AND permissions = ?4 AND audience = ?5 AND claims = ?6";
        let insert = "INSERT INTO grants (owner_id, kind, app, permissions, audience, claims)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        match self.connection.query_optional(select, values, |row| row.get(0))? {
            Some(grant_id) => Ok(grant_id),
            None => Ok(GrantRowId(self.insert("grants", insert, values)?)),
        }
    }
}
