//! Tables of a store in a PostgreSQL database: detection of the schema version, and creation of a
//! new store. A schema is a namespace of PostgreSQL; the schema version is the version of the
//! tables.

use super::client::Client;
use super::{ServerAddress, ServerError};
use crate::model::{KeyState, StoreId, Timestamp, Untrusted, escape};
use crate::store::connection::Connection;
use crate::store::migrations::MIGRATIONS;
use crate::store::roles::quote_identifier;
use crate::store::sql::required_time;
use crate::store::transaction::{WriteSummary, Writer};
use crate::store::values::values;
use crate::store::{Error, InitialRows};

/// SQL that creates the tables of the latest schema version.
const SCHEMA: &str = include_str!("schema.sql");

/// Minimum version of PostgreSQL in the format of `server_version_num`: version 15.
const MIN_SERVER_VERSION: i64 = 150_000;

/// Properties of a store and of its server when the store was opened.
#[derive(Debug, Clone)]
pub(super) struct ServerState {
    pub(super) store_id: StoreId,
    /// Time of the server when the store was opened.
    pub(super) server_time: Timestamp,
    /// Set if the server is a standby, or if transactions are read-only by default.
    pub(super) is_read_only: bool,
}

impl ServerAddress {
    /// Returns the name of the schema that contains the tables, if the address names a schema.
    pub(in crate::store) fn schema(&self) -> Option<&str> {
        self.parameters.get("schema")
    }
}

/// Loads the state within the open transaction of the caller. Returns an error if the server or the
/// schema version is not supported. If the store is missing, returns [`Error::Damaged`] for the
/// missing table, column or row: the caller can then call [`diagnose`] to find the cause.
pub(super) fn load_state(connection: Connection<'_>) -> Result<ServerState, Error> {
    let sql = "SELECT store_id, version,
            CAST(trunc(extract(epoch FROM clock_timestamp())) AS BIGINT),
            pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on',
            version(), CAST(current_setting('server_version_num') AS BIGINT),
            current_setting('server_encoding')
        FROM store WHERE app = 'jeton'";
    connection.query_row(sql, &[], |row| {
        check_server(&row.get::<String>(4)?, row.get(5)?, &row.get::<String>(6)?)?;
        check_schema_version(row.get(1)?)?;
        Ok(ServerState {
            store_id: StoreId::new(row.get(0)?),
            server_time: required_time(row.get(2)?)?,
            is_read_only: row.get(3)?,
        })
    })
}

/// Returns an error with the reason why the current schema has no store: an unsupported server, no
/// access to the schema, no table with the name of a table of jeton ([`ServerError::NoStore`]), or
/// such tables but no table `store` ([`ServerError::ForeignTables`]). Returns `Ok` if the schema
/// has a table with the name `store`.
pub(super) fn diagnose(connection: Connection<'_>, address: &ServerAddress) -> Result<(), Error> {
    let sql = "SELECT version(), CAST(current_setting('server_version_num') AS BIGINT),
        current_setting('server_encoding')";
    connection.query_row(sql, &[], |row| {
        check_server(&row.get::<String>(0)?, row.get(1)?, &row.get::<String>(2)?)
    })?;
    check_schema_access(connection, address.schema().unwrap_or("public"))?;
    // `information_schema.tables` would hide tables on which the database user has no right.
    let sql = "SELECT count(*) FILTER (WHERE relname = 'store'), count(*) FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            AND relname IN ('store', 'users', 'user_blocks', 'keys', 'sessions', 'pairs', 'grants',
                'tokens', 'blocklist', 'settings', 'audit')";
    let (store_tables, all_tables): (i64, i64) =
        connection.query_row(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match (store_tables, all_tables) {
        (0, 0) => Err(ServerError::NoStore(address.to_display()).into()),
        (0, _) => Err(ServerError::ForeignTables(address.to_display()).into()),
        _ => Ok(()),
    }
}

/// Returns an error if the database user has no right to use the schema. PostgreSQL ignores such a
/// schema in the search path: without this check, the store would appear to be missing.
fn check_schema_access(connection: Connection<'_>, schema: &str) -> Result<(), Error> {
    let sql = "SELECT current_schema() IS NULL AND EXISTS (SELECT 1 FROM pg_namespace
        WHERE nspname = ?1 AND NOT has_schema_privilege(oid, 'USAGE'))";
    if connection.query_row(sql, values![schema], |row| row.get(0))? {
        let message = format!("permission denied for schema {}", escape(schema));
        return Err(ServerError::AccessDenied(message).into());
    }
    Ok(())
}

/// Returns an error for a server with which jeton is not tested. `product` is the result of
/// `version()`, `version` is the setting `server_version_num`, and `encoding` is the encoding of
/// the database.
fn check_server(product: &str, version: i64, encoding: &str) -> Result<(), Error> {
    for product_name in ["CockroachDB", "Yugabyte", "-YB-"] {
        if product.contains(product_name) {
            return Err(ServerError::Unsupported(format!(
                "{} found, expected PostgreSQL: jeton is not tested with other servers",
                if product_name == "-YB-" { "YugabyteDB" } else { product_name }
            ))
            .into());
        }
    }
    if version < MIN_SERVER_VERSION {
        let found = version / 10_000;
        return Err(ServerError::Unsupported(format!(
            "PostgreSQL {found} found, expected version 15 or later"
        ))
        .into());
    }
    if encoding != "UTF8" {
        let message = format!("database encoding {encoding} found, expected UTF8");
        return Err(ServerError::Unsupported(message).into());
    }
    Ok(())
}

fn check_schema_version(found: i64) -> Result<(), Error> {
    let expected = latest_schema_version();
    match found {
        found if found > expected => Err(Error::NewerSchema { found, expected }),
        found if found < expected => Err(Error::OlderSchema { found, expected }),
        _ => Ok(()),
    }
}

/// Creates the schema and the tables as [`create_schema`] does, and adds the store id and the first
/// key. Returns a summary of the changes, or `None` if the schema already has a table `store`, for
/// example because another process has created the store.
pub(super) fn initialize_store(
    client: &Client,
    connection: Connection<'_>,
    address: &ServerAddress,
    schema_name: Option<&str>,
    initial_rows: &InitialRows,
) -> Result<Option<WriteSummary>, Error> {
    if !create_schema(client, connection, address, schema_name)? {
        return Ok(None);
    }
    connection.execute(
        "INSERT INTO store (one, app, version, store_id, created_at)
         VALUES (1, 'jeton', ?1, ?2, ?3)",
        values![latest_schema_version(), initial_rows.id, initial_rows.now],
    )?;
    let writer = Writer::new(connection);
    writer.add_key(&initial_rows.key, KeyState::Active, initial_rows.now)?;
    writer.note_target(Some(Untrusted::new("the new store")));
    Ok(Some(writer.into_summary()))
}

/// Creates the schema `schema_name` if it is missing, and then the tables. Returns `false` if the
/// schema already has a table `store`.
pub(super) fn create_schema(
    client: &Client,
    connection: Connection<'_>,
    address: &ServerAddress,
    schema_name: Option<&str>,
) -> Result<bool, Error> {
    match diagnose(connection, address) {
        Err(Error::Server(ServerError::NoStore(_))) => {}
        other => return other.map(|()| false),
    }
    // `CREATE SCHEMA IF NOT EXISTS` needs the right to create schemas even if the schema exists.
    let is_missing_sql = "SELECT NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = ?1)";
    if let Some(schema) = schema_name
        && connection.query_row(is_missing_sql, values![schema], |row| row.get(0))?
    {
        client.execute_batch(&format!("CREATE SCHEMA {}", quote_identifier(schema)))?;
    }
    client.execute_batch(SCHEMA)?;
    Ok(true)
}

/// Returns the latest schema version, which is the number of migrations.
pub(in crate::store) fn latest_schema_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_accepted_only_with_supported_product_version_and_encoding() {
        let postgres = "PostgreSQL 15.13 on x86_64-pc-linux-gnu";
        assert!(check_server(postgres, 150_013, "UTF8").is_ok());
        for (product, version, encoding, message) in [
            ("PostgreSQL 14.2 on x86_64", 140_002, "UTF8", "PostgreSQL 14 found"),
            (postgres, 150_013, "LATIN1", "database encoding LATIN1 found"),
            ("CockroachDB CCL v24.1.0 (x86_64)", 130_000, "UTF8", "CockroachDB found"),
            ("PostgreSQL 15.2-YB-2.25.0.0-b0 on x86_64", 150_002, "UTF8", "YugabyteDB found"),
        ] {
            let error = check_server(product, version, encoding).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
