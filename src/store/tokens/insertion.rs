//! Recording of tokens.

use super::super::{Error, Writer};
use crate::model::{Grant, GrantRowId, Jti, KeyRowId, Timestamp, TokenId, TokenOrigin, Untrusted};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;
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
    /// Records a token, and its grant if no token has the same grant.
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
        let mut statement = self.connection.prepare_cached(match jtis {
            [_] => &INSERT_TOKEN_SQL,
            _ => &INSERT_TOKENS_SQL,
        })?;
        let shared_values = params![
            grant,
            model.key,
            model.issued_at.unix(),
            model.expires_at.map(Timestamp::unix),
            model.origin.first_issued_at.map(Timestamp::unix),
            model.origin.run_token.map(Jti::bytes),
        ];
        for (index, value) in (1..).zip(shared_values) {
            statement.raw_bind_parameter(index, value)?;
        }
        for (index, jti) in (shared_values.len() + 1..).zip(jtis) {
            statement.raw_bind_parameter(index, jti.bytes())?;
        }
        let id = self.inserted_id("tokens", statement.raw_execute())?;
        self.note_tokens(jtis);
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
}

fn to_json_array(texts: &[Untrusted]) -> String {
    Value::from(texts.iter().map(Untrusted::as_str).collect::<Vec<_>>()).to_string()
}
