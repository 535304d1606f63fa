//! Look-up of many tokens by `jti` on a server. The number of queries does not depend on the number
//! of tokens.

use super::lookup::{TOKEN_COLUMNS, grant_from_row, token_with_grant};
use crate::model::{GrantRowId, Jti, KeyRowId};
use crate::store::columns::Column;
use crate::store::postgres::Client;
use crate::store::sql::digest_sql;
use crate::store::values::Row;
use crate::store::{Error, Reader};
use std::collections::HashSet;
use std::sync::Arc;

impl Reader<'_> {
    /// Loads the tokens with these `jti`s into `prefetched_tokens`. For each `jti` without a token,
    /// loads the revocation entries.
    pub(super) fn load_tokens(&self, client: &Client, jtis: &[Jti]) -> Result<(), Error> {
        let rows = client.query_arrays(
            &format!("SELECT {TOKEN_COLUMNS}, grant_id FROM tokens WHERE jti = ANY(?1)"),
            &[Column::Uuid(jtis.iter().map(|jti| Some(jti.uuid())).collect())],
        )?;
        let tokens = rows.iter().map(|row| {
            let row = Row::Postgres(row);
            Ok((row.get(TOKEN_COLUMN_COUNT)?, row))
        });
        let tokens = tokens.collect::<Result<Vec<(GrantRowId, Row<'_>)>, Error>>()?;
        self.load_grants(client, tokens.iter().map(|(grant, _)| *grant))?;
        let mut prefetched = self.prefetched_tokens.borrow_mut();
        prefetched.tokens.extend(jtis.iter().map(|jti| (*jti, None)));
        for (grant, row) in tokens {
            if let Some(grant) = self.grants.borrow().get(&grant) {
                let token = token_with_grant(&row, Arc::clone(grant))?;
                prefetched.tokens.insert(token.jti, Some(token));
            }
        }
        let unrecorded =
            jtis.iter().filter(|jti| matches!(prefetched.tokens.get(*jti), Some(None)));
        let unrecorded_jtis: Vec<_> = unrecorded.map(|jti| Some(jti.to_string())).collect();
        if !unrecorded_jtis.is_empty() {
            prefetched.blocklist.extend(load_blocklist(client, unrecorded_jtis)?);
        }
        Ok(())
    }

    /// Loads those grants of `ids` that this transaction has not read yet.
    fn load_grants(
        &self,
        client: &Client,
        ids: impl Iterator<Item = GrantRowId>,
    ) -> Result<(), Error> {
        let mut grants = self.grants.borrow_mut();
        let missing: HashSet<_> = ids.filter(|id| !grants.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let rows = client.query_arrays(
            "SELECT id, owner_id, app, permissions, audience, claims, kind FROM grants
             WHERE id = ANY(?1)",
            &[Column::Integer(missing.into_iter().map(|id| Some(id.0)).collect())],
        )?;
        for row in &rows {
            let row = Row::Postgres(row);
            grants.insert(row.get(0)?, Arc::new(grant_from_row(&row, 1)?));
        }
        Ok(())
    }
}

/// Number of [`TOKEN_COLUMNS`]. The query for tokens selects `grant_id` after these columns, at
/// this position.
const TOKEN_COLUMN_COUNT: usize = 7;

/// Returns the revocation entries of these `jti`s, for all keys.
fn load_blocklist(
    client: &Client,
    jtis: Vec<Option<String>>,
) -> Result<Vec<(KeyRowId, Jti)>, Error> {
    let sql = format!(
        "SELECT blocklist.key_id, blocklist.jti FROM unnest(?1) AS asked(jti) CROSS JOIN keys
         JOIN blocklist ON blocklist.key_id = keys.id AND blocklist.digest = {}",
        digest_sql("asked.jti")
    );
    let rows = client.query_arrays(&sql, &[Column::Text(jtis)])?;
    let mut entries = Vec::new();
    for row in &rows {
        let row = Row::Postgres(row);
        if let Some(jti) = Jti::parse(&row.get::<String>(1)?) {
            entries.push((row.get(0)?, jti));
        }
    }
    Ok(entries)
}
