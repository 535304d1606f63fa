//! Statements that begin a transaction. The client queues these statements, and sends them together
//! with the next statement of the transaction.

use super::client::{Client, TRANSACTION_ID_COLUMN};
use super::config::ConnectionConfig;
use crate::model::StoreId;
use crate::store::roles::quote_identifier;
use crate::store::transaction::WriteLock;
use std::time::Instant;

/// Key of the write lock while no store exists: the ASCII codes of `jeton`.
pub(super) const CREATION_LOCK_KEY: i64 = 0x6a_65_74_6f_6e;

/// Begins a transaction with the next statement. The transaction reads an unchanging snapshot, and
/// waits for the lock of a table until the deadline.
pub(super) fn begin_read(client: &Client, config: &ConnectionConfig, deadline: Instant) {
    client.set_deadline(deadline);
    client.queue_read_begin(&format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;{}{}",
        set_schema_sql(config),
        limit_lock_wait_sql(deadline),
    ));
}

/// Begins a write transaction with the next statement. The transaction acquires the write lock with
/// the key `lock_key`. The commit is durable, even if `synchronous_commit` is off by default on the
/// server.
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

/// Waits, with the next statement, for the end of all open write transactions.
pub(super) fn await_writers(client: &Client, lock_key: i64, deadline: Instant) {
    client.set_deadline(deadline);
    let take_lock = take_lock_sql(WriteLock::Exclusive, lock_key, deadline);
    client.queue_batch(&format!("BEGIN; {take_lock}; COMMIT"));
}

/// Returns the statements that acquire a write lock, and wait for the lock until the deadline at
/// most.
fn take_lock_sql(lock: WriteLock, lock_key: i64, deadline: Instant) -> String {
    let function = match lock {
        WriteLock::Exclusive => "pg_advisory_xact_lock",
        WriteLock::Shared => "pg_advisory_xact_lock_shared",
    };
    format!("{}; SELECT {function}({lock_key})", limit_lock_wait_sql(deadline))
}

/// Returns the statement that limits each wait for a lock of the current transaction.
fn limit_lock_wait_sql(deadline: Instant) -> String {
    let wait = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
    format!("SET LOCAL lock_timeout = {wait}")
}

/// Returns the statement that selects the schema of the address for the current transaction, or an
/// empty text if the address names no schema. A connection pooler would lose a setting for the
/// whole connection.
pub(super) fn set_schema_sql(config: &ConnectionConfig) -> String {
    config.schema.as_deref().map_or_else(String::new, |schema| {
        format!("SET LOCAL search_path = {};", quote_identifier(schema))
    })
}

/// Returns the key of the write lock: 64 bits of the store id, so that the stores of one database have
/// different locks.
pub(super) fn lock_key(id: StoreId) -> i64 {
    let (high, low) = id.uuid().as_u64_pair();
    (high ^ low).cast_signed()
}
