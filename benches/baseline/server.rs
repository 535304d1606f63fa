//! Baselines with a store on a PostgreSQL server: one connection with one transaction.

use crate::home::Outcome;
use tokio::runtime::Builder;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, NoTls};
use uuid::Uuid;

/// Inserts one token and commits: the indispensable store access of `token create`.
pub(super) fn commit_token(address: &str, schema: &str) -> Outcome<()> {
    let sql = format!(
        "BEGIN;
         INSERT INTO {schema}.tokens (jti, grant_id, key_id, issued_at, expires_at)
         VALUES ('{}', 1, 1, 1800000000, 4000000000);
         COMMIT",
        Uuid::now_v7()
    );
    run_connected(address, async |client| client.batch_execute(&sql).await)
}

/// Reads a token: the indispensable store access of `token verify`.
pub(super) fn read_token(address: &str, schema: &str, jti: &str) -> Outcome<()> {
    let sql = format!(
        "SELECT t.revoked_at, g.owner_id FROM {schema}.tokens t
         JOIN {schema}.grants g ON g.id = t.grant_id WHERE t.jti = $1"
    );
    let jti = Uuid::parse_str(jti)?;
    let rows = run_connected(address, async |client| {
        client.query_typed(&sql, &[(&jti, Type::UUID)]).await
    })?;
    if rows.len() == 1 { Ok(()) } else { Err("no such token".into()) }
}

/// Connects to the server at `address`, calls `run_statements` with the client, and then drops the
/// connection.
fn run_connected<T>(
    address: &str,
    run_statements: impl AsyncFnOnce(&Client) -> Result<T, Error>,
) -> Outcome<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
        tokio::spawn(connection);
        Ok(run_statements(&client).await?)
    })
}
