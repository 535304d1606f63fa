//! Look-ups of single tokens, and the conversion of rows to tokens.

use super::super::connection::Connection;
use super::super::sql::{optional_time, required_time};
use super::super::statement::Statement;
use super::super::values::{Row, Value, values};
use super::super::{Error, Reader};
use crate::model::{
    AppName, Grant, GrantRowId, Jti, RecordedToken, TokenId, TokenKind, Untrusted,
    parse_strict_object,
};
use std::borrow::Cow;
use std::sync::Arc;

/// The columns that [`token_from_row`] converts, in order.
pub(in crate::store) const TOKEN_AND_GRANT_COLUMNS: &str =
    "t.id, t.jti, t.issued_at, t.expires_at, t.revoked_at, t.grace_until, t.key_id,
    g.owner_id, g.app, g.permissions, g.audience, g.claims, g.kind";

/// The tables of [`TOKEN_AND_GRANT_COLUMNS`].
pub(in crate::store) const TOKEN_AND_GRANT_TABLES: &str =
    "tokens t JOIN grants g ON g.id = t.grant_id";

/// The columns that [`token_with_grant`] converts, in order.
#[cfg(feature = "postgres")]
pub(super) const TOKEN_COLUMNS: &str =
    "id, jti, issued_at, expires_at, revoked_at, grace_until, key_id";

/// Position of the first column of the grant in [`TOKEN_AND_GRANT_COLUMNS`]. In the query of
/// `select_token` for SQLite, the column at this position is `grant_id`.
const GRANT_OFFSET: usize = 7;

/// Returns the query for the token that fulfils a condition. The condition starts with a column
/// name of the table `tokens`. For SQLite, the result contains only the id of the grant: many
/// tokens share a grant, which [`Reader::find_grant`] reads once. For PostgreSQL, the result
/// contains the grant, because a second query would take longer.
macro_rules! select_token {
    ($connection:expr, $condition:literal) => {
        match $connection {
            Connection::Sqlite(_) => Cow::Borrowed(concat!(
                "SELECT id, jti, issued_at, expires_at, revoked_at, grace_until, key_id, grant_id
                 FROM tokens WHERE ",
                $condition
            )),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => Cow::<str>::Owned(format!(
                concat!("SELECT {} FROM {} WHERE t.", $condition),
                TOKEN_AND_GRANT_COLUMNS, TOKEN_AND_GRANT_TABLES
            )),
        }
    };
}

/// Look-up of many tokens by `jti`, with one prepared statement.
pub(crate) struct TokenLookup<'r> {
    reader: &'r Reader<'r>,
    statement: Statement<'r>,
}

impl TokenLookup<'_> {
    /// Returns the token with this `jti`.
    pub(crate) fn find(&mut self, jti: Jti) -> Result<Option<RecordedToken>, Error> {
        #[cfg(feature = "postgres")]
        if let Some(token) = self.reader.prefetched_tokens.borrow().find(jti) {
            return Ok(token.clone());
        }
        self.reader.token_from_query(&mut self.statement, jti.into())
    }
}

impl Reader<'_> {
    /// Returns the token with this row id.
    pub(crate) fn find_token(&self, id: TokenId) -> Result<Option<RecordedToken>, Error> {
        let mut statement = self.connection.prepare(&select_token!(self.connection, "id = ?1"))?;
        self.token_from_query(&mut statement, id.into())
    }

    /// Returns the token with this `jti`.
    pub(crate) fn find_token_by_jti(&self, jti: Jti) -> Result<Option<RecordedToken>, Error> {
        self.token_lookup()?.find(jti)
    }

    /// Prefetches the query of [`Reader::find_token`]: the query is sent to a server together with
    /// the next statement. Until a further statement is sent, a call of the method then needs no
    /// round trip. Does nothing for a file.
    pub(crate) fn prefetch_token(&self, id: TokenId) {
        let sql = || select_token!(self.connection, "id = ?1").into_owned();
        self.connection.prefetch(|| (sql(), vec![id.into()]));
    }

    /// Prefetches the query of [`Reader::find_token_by_jti`], as [`Reader::prefetch_token`] does.
    pub(crate) fn prefetch_token_by_jti(&self, jti: Jti) {
        let sql = || select_token!(self.connection, "jti = ?1").into_owned();
        self.connection.prefetch(|| (sql(), vec![jti.into()]));
    }

    /// Prepares the look-up of tokens by `jti`.
    pub(crate) fn token_lookup(&self) -> Result<TokenLookup<'_>, Error> {
        let statement = self.connection.prepare(&select_token!(self.connection, "jti = ?1"))?;
        Ok(TokenLookup { reader: self, statement })
    }

    /// Returns the token of a `select_token` statement, whose parameter is `value`.
    fn token_from_query(
        &self,
        statement: &mut Statement<'_>,
        value: Value<'_>,
    ) -> Result<Option<RecordedToken>, Error> {
        let token = statement.query_optional(&[value], |row| match self.connection {
            Connection::Sqlite(_) => {
                let grant = self.find_grant(row.get(GRANT_OFFSET)?)?;
                grant.map(|grant| token_with_grant(row, grant)).transpose()
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => token_from_row(row).map(Some),
        })?;
        Ok(token.flatten())
    }

    /// Returns the grant with this id. Reads the grant only once in a transaction: later calls
    /// return the same value.
    fn find_grant(&self, id: GrantRowId) -> Result<Option<Arc<Grant>>, Error> {
        if let Some(grant) = self.grants.borrow().get(&id) {
            return Ok(Some(Arc::clone(grant)));
        }
        let sql =
            "SELECT owner_id, app, permissions, audience, claims, kind FROM grants WHERE id = ?1";
        let grant = self
            .connection
            .prepare(sql)?
            .query_optional(values![id], |row| grant_from_row(row, 0))?;
        let Some(grant) = grant.map(Arc::new) else { return Ok(None) };
        self.grants.borrow_mut().insert(id, Arc::clone(&grant));
        Ok(Some(grant))
    }
}

/// Converts a row with the columns [`TOKEN_AND_GRANT_COLUMNS`].
pub(in crate::store) fn token_from_row(row: &Row<'_>) -> Result<RecordedToken, Error> {
    token_with_grant(row, Arc::new(grant_from_row(row, GRANT_OFFSET)?))
}

/// Converts the first seven columns of a row to a token with this grant.
pub(super) fn token_with_grant(row: &Row<'_>, grant: Arc<Grant>) -> Result<RecordedToken, Error> {
    Ok(RecordedToken {
        id: row.get(0)?,
        jti: Jti::new(row.get(1)?),
        issued_at: required_time(row.get(2)?)?,
        expires_at: optional_time(row.get(3)?)?,
        revoked_at: optional_time(row.get(4)?)?,
        grace_until: optional_time(row.get(5)?)?,
        key_row_id: row.get(6)?,
        grant,
    })
}

/// Converts the six columns of a grant, which start at the position `offset`.
pub(super) fn grant_from_row(row: &Row<'_>, offset: usize) -> Result<Grant, Error> {
    Ok(Grant {
        owner_id: row.get(offset)?,
        app: AppName::new_unchecked(row.get(offset + 1)?),
        permissions: parse_json_array(&row.get::<String>(offset + 2)?)?,
        audience: parse_json_array(&row.get::<String>(offset + 3)?)?,
        claims: parse_strict_object(row.get::<String>(offset + 4)?.as_bytes()).map_err(|_| {
            Error::Damaged("claims of a grant are not a valid JSON object".to_owned())
        })?,
        kind: TokenKind::parse_recorded(&row.get::<String>(offset + 5)?)?,
    })
}

fn parse_json_array(json: &str) -> Result<Vec<Untrusted>, Error> {
    let texts: Vec<String> = serde_json::from_str(json).map_err(|_| {
        let message = "permissions or audience of a grant is not a JSON array of strings";
        Error::Damaged(message.to_owned())
    })?;
    Ok(texts.into_iter().map(Untrusted::new).collect())
}
