//! Recording of tokens on a server, and a check of the right to revoke recorded tokens. Two
//! statements with array parameters record any number of tokens.

use super::new_token::{GrantTexts, TokenGroup};
use crate::model::TokenId;
use crate::store::Error;
use crate::store::columns::Column;
use crate::store::connection::Connection;
use crate::store::postgres::{Client, ServerError};
use crate::store::sql::grant_digest_sql;
use crate::store::values::values;
use std::sync::LazyLock;
use uuid::Uuid;

/// Statement that inserts the grants that do not exist. All transactions insert new grants in the
/// order of the digests: two transactions with the same grants therefore cause no deadlock.
static INSERT_GRANTS_SQL: LazyLock<String> = LazyLock::new(|| {
    let columns = "owner_id, kind, app, permissions, audience, claims";
    let digest = grant_digest_sql(columns);
    format!(
        "INSERT INTO grants ({columns}, digest)
         SELECT {columns}, {digest} AS digest
         FROM unnest(?1, ?2, ?3, ?4, ?5, ?6) AS new({columns})
         ORDER BY digest
         ON CONFLICT DO NOTHING"
    )
});

/// Statement that inserts tokens. The parameters `?1` to `?6` are the columns of the grants, with
/// one grant for each [`TokenGroup`]. The parameters `?7` to `?13` are the columns of the tokens;
/// `?7` is the number of the group that contains the token.
static INSERT_TOKENS_SQL: LazyLock<String> = LazyLock::new(|| {
    let columns = "owner_id, kind, app, permissions, audience, claims";
    let new_columns = "new.owner_id, new.kind, new.app, new.permissions, new.audience, new.claims";
    let digest = grant_digest_sql(new_columns);
    format!(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at, first_issued_at, run_jti)
         SELECT token.jti, grants.id, token.key_id, token.issued_at, token.expires_at,
             token.first_issued_at, token.run_jti
         FROM unnest(?7, ?8, ?9, ?10, ?11, ?12, ?13) WITH ORDINALITY AS token(
                 group_number, jti, key_id, issued_at, expires_at, first_issued_at, run_jti, position)
             JOIN unnest(?1, ?2, ?3, ?4, ?5, ?6) WITH ORDINALITY AS new({columns}, group_number)
                 USING (group_number)
             JOIN grants ON grants.digest = {digest}
         ORDER BY token.position"
    )
});

/// Inserts tokens, all or none, and returns their row ids in the order of `groups` and of their
/// `jti`s.
pub(super) fn insert_tokens(
    client: &Client,
    groups: &[TokenGroup<'_>],
) -> Result<Vec<TokenId>, Error> {
    client.queue_arrays(&INSERT_GRANTS_SQL, grant_columns(groups));
    let mut columns = grant_columns(groups);
    columns.extend(token_columns(groups));
    let count = groups.iter().map(|group| group.jtis.len()).sum();
    let ids = client.insert_arrays(&INSERT_TOKENS_SQL, &columns, count)?;
    Ok(ids.into_iter().map(TokenId).collect())
}

/// Returns the columns of the grants, with one grant for each group.
fn grant_columns(groups: &[TokenGroup<'_>]) -> Vec<Column> {
    let (mut owners, mut kinds, mut apps) = (Vec::new(), Vec::new(), Vec::new());
    let (mut permissions, mut audiences, mut claims) = (Vec::new(), Vec::new(), Vec::new());
    for TokenGroup { common_row, .. } in groups {
        let texts = GrantTexts::new(&common_row.grant);
        owners.push(Some(common_row.grant.owner_id.0));
        kinds.push(Some(common_row.grant.kind.name().to_owned()));
        apps.push(Some(common_row.grant.app.as_str().to_owned()));
        permissions.push(Some(texts.permissions));
        audiences.push(Some(texts.audience));
        claims.push(Some(texts.claims));
    }
    let texts = [kinds, apps, permissions, audiences, claims].map(Column::Text);
    [Column::Integer(owners)].into_iter().chain(texts).collect()
}

/// Returns the columns of the tokens. The first column is the number of the group that contains the
/// token. Groups are numbered from 1.
fn token_columns(groups: &[TokenGroup<'_>]) -> [Column; 7] {
    let (mut group_numbers, mut jtis, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut issue_times, mut expiry_times, mut first_issue_times) =
        (Vec::new(), Vec::new(), Vec::new());
    let mut run_jtis: Vec<Option<Uuid>> = Vec::new();
    for (number, TokenGroup { common_row, jtis: group_jtis }) in (1..).zip(groups) {
        for jti in *group_jtis {
            group_numbers.push(Some(number));
            jtis.push(Some(jti.uuid()));
            keys.push(Some(common_row.key.0));
            issue_times.push(Some(common_row.issued_at.unix()));
            expiry_times.push(common_row.expires_at.map(|time| time.unix()));
            first_issue_times.push(common_row.origin.first_issued_at.map(|time| time.unix()));
            run_jtis.push(common_row.origin.first_run_jti.map(|jti| jti.uuid()));
        }
    }
    [
        Column::Integer(group_numbers),
        Column::Uuid(jtis),
        Column::Integer(keys),
        Column::Integer(issue_times),
        Column::Integer(expiry_times),
        Column::Integer(first_issue_times),
        Column::Uuid(run_jtis),
    ]
}

/// Returns an error if the database user has no right to revoke recorded tokens. Acquires no lock.
pub(super) fn require_right_to_revoke(connection: Connection<'_>) -> Result<(), Error> {
    let sql = "SELECT has_column_privilege('tokens', 'revoked_at', 'UPDATE')";
    if connection.query_row(sql, values![], |row| row.get(0))? {
        return Ok(());
    }
    Err(ServerError::AccessDenied("no right to revoke tokens".to_owned()).into())
}
