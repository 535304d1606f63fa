//! Statistics of a PostgreSQL server, of the connection, and of the schema that contains the store.

use crate::store::connection::Connection;
use crate::store::{Error, ServerStats};

/// Loads the properties of the server and of this connection, and the size of all tables in the
/// schema of the store, with their indexes.
pub(in crate::store) fn load_stats(connection: Connection<'_>) -> Result<ServerStats, Error> {
    let sql = "SELECT current_setting('server_version'), CAST(session_user AS TEXT),
            coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE),
            pg_is_in_recovery(), current_setting('synchronous_standby_names'),
            (SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT)
             FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace =
                 (SELECT oid FROM pg_namespace WHERE nspname = current_schema()))";
    connection.query_row(sql, &[], |row| {
        Ok(ServerStats {
            version: row.get(0)?,
            user: row.get(1)?,
            has_tls: row.get(2)?,
            is_standby: row.get(3)?,
            synchronous_standbys: row.get(4)?,
            bytes: row.get(5)?,
        })
    })
}
