//! Recording of tokens.

use super::super::connection::Connection;
#[cfg(feature = "postgres")]
use super::super::sql::grant_digest_sql;
use super::super::values::{Value, values};
use super::super::{Error, Writer};
use crate::model::{Grant, GrantRowId, Jti, KeyRowId, Timestamp, TokenId, TokenOrigin, Untrusted};
use std::borrow::Cow;
use std::sync::LazyLock;

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

/// Number of rows of a statement that records many tokens. More rows are not faster.
const ROWS_PER_INSERT: usize = 50;

static INSERT_TOKEN_SQL: LazyLock<String> = LazyLock::new(|| insert_tokens_sql(1));
static INSERT_TOKENS_SQL: LazyLock<String> = LazyLock::new(|| insert_tokens_sql(ROWS_PER_INSERT));

/// Returns the statement that inserts tokens with different `jti`s and otherwise equal values.
fn insert_tokens_sql(row_count: usize) -> String {
    let row = |index: usize| format!("(?{}, ?1, ?2, ?3, ?4, ?5, ?6)", index + 7);
    let rows: Vec<String> = (0..row_count).map(row).collect();
    format!(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, first_issued_at, run_jti)
             VALUES {}",
        rows.join(", ")
    )
}

impl Writer<'_> {
    /// Records a token, and its grant if the store has no equal grant.
    pub(crate) fn add_token(&self, new: &NewToken) -> Result<TokenId, Error> {
        self.add_tokens(new, &[new.jti])
    }

    /// Records a token for each `jti`, with everything else as in `model`. Returns the row id of the
    /// last token: the ids are consecutive.
    pub(crate) fn add_tokens(&self, model: &NewToken, jtis: &[Jti]) -> Result<TokenId, Error> {
        let grant = self.find_or_add_grant(&model.grant)?;
        let mut last_id = TokenId(0);
        let (full_chunks, remainder) = jtis.as_chunks::<ROWS_PER_INSERT>();
        for jtis in full_chunks {
            last_id = self.insert_tokens(model, grant, jtis)?;
        }
        for jti in remainder {
            last_id = self.insert_tokens(model, grant, std::slice::from_ref(jti))?;
        }
        Ok(last_id)
    }

    /// Records tokens with one statement.
    fn insert_tokens(
        &self,
        model: &NewToken,
        grant: GrantRowId,
        jtis: &[Jti],
    ) -> Result<TokenId, Error> {
        let sql = match jtis {
            [_] => &INSERT_TOKEN_SQL,
            _ => &INSERT_TOKENS_SQL,
        };
        let shared_values = values![
            grant,
            model.key,
            model.issued_at,
            model.expires_at,
            model.origin.first_issued_at,
            model.origin.run_token,
        ];
        let jti_values = jtis.iter().map(|jti| Value::from(*jti));
        let values: Vec<Value<'_>> = shared_values.iter().cloned().chain(jti_values).collect();
        let id = self.connection.insert_rows("tokens", sql, &values, jtis.len())?;
        self.note_tokens(jtis);
        Ok(TokenId(id))
    }

    fn find_or_add_grant(&self, grant: &Grant) -> Result<GrantRowId, Error> {
        let permissions = to_json_array(&grant.permissions);
        let audience = to_json_array(&grant.audience);
        let claims = serde_json::Value::from(grant.claims.clone()).to_string();
        let (owner, kind, app) = (grant.owner_id, grant.kind.name(), grant.app.as_str());
        let values = values![owner, kind, app, &permissions, &audience, &claims];
        let (select, insert) = grant_statements(self.connection);
        match self.connection.query_optional(&select, values, |row| row.get(0))? {
            Some(grant_id) => Ok(grant_id),
            None => Ok(GrantRowId(self.insert("grants", &insert, values)?)),
        }
    }
}

/// Returns the statements that find and insert a grant.
fn grant_statements(connection: Connection<'_>) -> (Cow<'static, str>, Cow<'static, str>) {
    match connection {
        Connection::Sqlite(_) => (
            Cow::Borrowed(
                "SELECT id FROM grants WHERE owner_id = ?1 AND kind = ?2 AND app = ?3
                     AND permissions = ?4 AND audience = ?5 AND claims = ?6",
            ),
            Cow::Borrowed(
                "INSERT INTO grants (owner_id, kind, app, permissions, audience, claims)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            ),
        ),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => {
            let digest = grant_digest_sql("?1, ?2, ?3, ?4, ?5, ?6");
            (
                Cow::Owned(format!("SELECT id FROM grants WHERE digest = {digest}")),
                Cow::Owned(format!(
                    "INSERT INTO grants (owner_id, kind, app, permissions, audience, claims, digest)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, {digest})"
                )),
            )
        }
    }
}

fn to_json_array(texts: &[Untrusted]) -> String {
    serde_json::Value::from(texts.iter().map(Untrusted::as_str).collect::<Vec<_>>()).to_string()
}
