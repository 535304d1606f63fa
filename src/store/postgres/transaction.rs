//! Statements that begin a transaction, or that wait for the end of write transactions. The client
//! queues these statements, and sends them together with the next statement.

use super::client::{Client, TRANSACTION_ID_COLUMN};
use super::config::ConnectionConfig;
use crate::model::StoreId;
use crate::store::roles::quote_identifier;
use crate::store::transaction::WriteLock;
use std::time::Instant;

/// Key of the write lock for the creation of a store, which has no store id yet. The key consists
/// of the ASCII codes of `jeton`.
pub(super) const CREATION_LOCK_KEY: i64 = 0x6a_65_74_6f_6e;

/// Queues the beginning of a read transaction. The transaction reads an unchanging snapshot. A
/// wait for the lock of a table takes at most the time until the deadline.
pub(super) fn begin_read(client: &Client, config: &ConnectionConfig, deadline: Instant) {
    client.set_deadline(deadline);
    client.queue_read_begin(&format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;{}{}",
        set_schema_sql(config),
        limit_lock_wait_sql(deadline),
    ));
}

/// Queues the beginning of a write transaction. The transaction acquires the write lock with the
/// key `lock_key`. The transaction enables `synchronous_commit` if this setting is off on the
/// server, so that its commit is durable.
pub(super) fn begin_write(
    client: &Client,
    config: &ConnectionConfig,
    lock: WriteLock,
    lock_key: i64,
    deadline: Instant,
) {
    client.set_deadline(deadline);
    client.queue_batch(&format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;{}{};
         SELECT set_config('synchronous_commit', 'on', true)
             WHERE current_setting('synchronous_commit') = 'off';
         SELECT pg_current_xact_id() AS {TRANSACTION_ID_COLUMN}",
        set_schema_sql(config),
        take_lock_sql(lock, lock_key, deadline),
    ));
}

/// Queues a transaction that waits for the end of all open write transactions of the store, until
/// the deadline at most.
pub(super) fn await_writers(client: &Client, lock_key: i64, deadline: Instant) {
    client.set_deadline(deadline);
    let take_lock = take_lock_sql(WriteLock::Exclusive, lock_key, deadline);
    client.queue_batch(&format!("BEGIN; {take_lock}; COMMIT"));
}

/// Returns the statements that acquire the write lock in the mode `lock`. The statements wait for
/// the lock until the deadline at most.
fn take_lock_sql(lock: WriteLock, lock_key: i64, deadline: Instant) -> String {
    let function = match lock {
        WriteLock::Exclusive => "pg_advisory_xact_lock",
        WriteLock::Shared => "pg_advisory_xact_lock_shared",
    };
    format!("{}; SELECT {function}({lock_key})", limit_lock_wait_sql(deadline))
}

/// Returns the statement that sets the lock timeout of the current transaction to the time until
/// the deadline.
fn limit_lock_wait_sql(deadline: Instant) -> String {
    let timeout_ms = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
    format!("SET LOCAL lock_timeout = {timeout_ms}")
}

/// Returns the statement that selects the configured schema for the current transaction, or an
/// empty text if neither the address nor the service names a schema. The statement does not select
/// the schema for the whole connection, because a pooler can use another connection for the next
/// transaction.
pub(super) fn set_schema_sql(config: &ConnectionConfig) -> String {
    config.schema.as_deref().map_or_else(String::new, |schema| {
        format!("SET LOCAL search_path = {};", quote_identifier(schema))
    })
}

/// Returns the key of the write lock of a store: a 64-bit value that is derived from the store id.
/// Stores with different ids therefore have different locks, even in the same database. A copy of a
/// store has the id, and thus the lock, of its source.
pub(super) fn lock_key(id: StoreId) -> i64 {
    let (high, low) = id.uuid().as_u64_pair();
    (high ^ low).cast_signed()
}
