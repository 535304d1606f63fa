//! Baselines with a store in a SQLite file: only the SQL statements of a command, with the SQLite
//! settings of jeton.

use crate::home::Outcome;
use aws_lc_rs::rand;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::Duration;
use uuid::{Builder, Uuid};

/// Maximum number of rows that one INSERT adds.
const ROWS_PER_INSERT: usize = 50;

/// Maximum number of tokens that one transaction adds.
const ADDED_PER_TRANSACTION: u32 = 8_000;

/// Maximum number of tokens that one transaction of a bulk change processes: `revoke_tokens`
/// revokes the tokens, and `prune_tokens` checks the expiry of the tokens.
const PROCESSED_PER_TRANSACTION: u32 = 5_000;

/// Time that `revoke_tokens` and `prune_tokens` use as the current time, in Unix seconds. The time
/// is after the expiry of the tokens that a benchmark inserts as expired, and before the expiry of
/// all other tokens.
const NOW: i64 = 1_790_000_000;

/// Generator of ascending UUIDs of version 7. Each id contains the creation time of the generator,
/// a counter of 26 bits, and 48 random bits.
pub(super) struct IdGenerator {
    /// Creation time of the generator, in Unix milliseconds.
    created_at_ms: u64,
    /// Number of ids generated so far.
    counter: u32,
    /// Random bytes that no id contains yet. The bytes for 1,024 ids are generated at once.
    unused_random: Vec<u8>,
}

impl IdGenerator {
    pub(super) fn new() -> Outcome<Self> {
        let created_at_ms = u64::try_from(jiff::Timestamp::now().as_millisecond())?;
        Ok(Self { created_at_ms, counter: 0, unused_random: Vec::new() })
    }

    pub(super) fn next_id(&mut self) -> Outcome<Uuid> {
        if self.unused_random.is_empty() {
            self.unused_random.resize(6 * 1024, 0);
            rand::fill(&mut self.unused_random)?;
        }
        let [_, _, third, fourth] = self.counter.to_be_bytes();
        let [_, _, first, second] = (self.counter >> 14).to_be_bytes();
        self.counter += 1;
        // The builder replaces the upper bits of the first byte with the version, and the upper
        // bits of the third byte with the variant.
        let mut bytes = [first, second, third, fourth, 0, 0, 0, 0, 0, 0];
        let start = self.unused_random.len() - 6;
        bytes[4..].copy_from_slice(&self.unused_random[start..]);
        self.unused_random.truncate(start);
        Ok(Builder::from_unix_timestamp_millis(self.created_at_ms, &bytes).into_uuid())
    }
}

/// Opens the store with the settings of `src/store/connect.rs` that affect the speed.
pub(crate) fn open_store(store: &Path) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(store, flags)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 100)?;
    let mut wal_path = store.as_os_str().to_owned();
    wal_path.push("-wal");
    if std::fs::metadata(wal_path).is_ok_and(|metadata| metadata.len() > 400 * 1024) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    Ok(connection)
}

/// Opens the store for bulk inserts. SQLite copies the WAL into the store file when the WAL has
/// 1,000 pages (the default of SQLite), and when the connection is closed.
fn open_for_bulk_inserts(store: &Path) -> Outcome<Connection> {
    let connection = open_store(store)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    Ok(connection)
}

fn begin_write(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new(connection, TransactionBehavior::Immediate)
}

/// Inserts one token and commits: the indispensable store access of `token create`.
pub(crate) fn commit_token(connection: &mut Connection) -> Outcome<()> {
    let transaction = begin_write(connection)?;
    transaction.execute(
        "INSERT INTO tokens (jti, grant_id, key_id, issued_at, expires_at)
         VALUES (?1, 1, 1, 1800000000, 4000000000)",
        [Uuid::now_v7().as_bytes()],
    )?;
    Ok(transaction.commit()?)
}

/// Reads a token: the indispensable store access of `token verify`.
pub(super) fn read_token(connection: &Connection, jti: &str) -> Outcome<()> {
    connection.query_row(
        "SELECT t.revoked_at, g.owner_id FROM tokens t JOIN grants g ON g.id = t.grant_id
         WHERE t.jti = ?1",
        [Uuid::parse_str(jti)?.as_bytes()],
        |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?)),
    )?;
    Ok(())
}

/// Returns an INSERT of `row_count` rows. `table_with_columns` is the table with its columns, such
/// as `users (uid, email)`. `row_values` is the list of values of each row, such as `(?, ?)`.
fn insert_sql(table_with_columns: &str, row_values: &str, row_count: usize) -> String {
    format!("INSERT INTO {table_with_columns} VALUES {}", vec![row_values; row_count].join(", "))
}

/// Adds tokens with ascending `jti`s. Each statement inserts several tokens.
pub(super) fn add_tokens(store: &Path, count: u32) -> Outcome<()> {
    let mut connection = open_for_bulk_inserts(store)?;
    let mut ids = IdGenerator::new()?;
    let table_with_columns = "tokens (jti, grant_id, key_id, issued_at, expires_at)";
    for start in (0..count).step_by(usize::try_from(ADDED_PER_TRANSACTION)?) {
        let mut remaining = usize::try_from(ADDED_PER_TRANSACTION.min(count - start))?;
        let transaction = begin_write(&mut connection)?;
        while remaining > 0 {
            let row_count = remaining.min(ROWS_PER_INSERT);
            let sql =
                insert_sql(table_with_columns, "(?, 1, 1, 1800000000, 4000000000)", row_count);
            let mut statement = transaction.prepare_cached(&sql)?;
            for index in 1..=row_count {
                statement.raw_bind_parameter(index, ids.next_id()?.as_bytes())?;
            }
            statement.raw_execute()?;
            remaining -= row_count;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Adds users without passwords. All users are added in one transaction, because `users import`
/// adds either all users of a file or none.
pub(super) fn add_users(store: &Path, count: u32) -> Outcome<()> {
    let mut connection = open_for_bulk_inserts(store)?;
    let mut ids = IdGenerator::new()?;
    let table_with_columns =
        "users (uid, username, email, email_key, role, created_at, password_at)";
    let row_values = "(?, ?, ?, ?, 'user', 1800000000, 1800000000)";
    let transaction = begin_write(&mut connection)?;
    let numbers: Vec<u32> = (1..=count).collect();
    for chunk in numbers.chunks(ROWS_PER_INSERT) {
        let mut statement =
            transaction.prepare_cached(&insert_sql(table_with_columns, row_values, chunk.len()))?;
        for (index, number) in chunk.iter().enumerate() {
            let email = format!("user{number:07}@example.com");
            statement.raw_bind_parameter(index * 4 + 1, ids.next_id()?.as_bytes())?;
            statement.raw_bind_parameter(index * 4 + 2, format!("user{number:07}"))?;
            statement.raw_bind_parameter(index * 4 + 3, &email)?;
            statement.raw_bind_parameter(index * 4 + 4, &email)?;
        }
        statement.raw_execute()?;
    }
    Ok(transaction.commit()?)
}

/// Revokes the tokens of a user: the indispensable work of `token revoke --user`.
pub(super) fn revoke_tokens(store: &Path, owner_id: i64) -> Outcome<()> {
    let mut connection = open_store(store)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    loop {
        let transaction = begin_write(&mut connection)?;
        let changed_count = transaction
            .prepare_cached(
                "UPDATE tokens SET revoked_at = ?1 WHERE id IN
                 (SELECT t.id FROM tokens t JOIN grants g ON g.id = t.grant_id
                  WHERE g.owner_id = ?2 AND t.revoked_at IS NULL LIMIT ?3)",
            )?
            .execute((NOW, owner_id, PROCESSED_PER_TRANSACTION))?;
        transaction.commit()?;
        if changed_count == 0 {
            return Ok(());
        }
    }
}

/// Removes expired tokens: the indispensable work of `store prune`.
pub(super) fn prune_tokens(store: &Path) -> Outcome<()> {
    let mut connection = open_store(store)?;
    let last_id: u32 = connection.query_row("SELECT max(id) FROM tokens", [], |row| row.get(0))?;
    for start in (0..last_id).step_by(usize::try_from(PROCESSED_PER_TRANSACTION)?) {
        let transaction = begin_write(&mut connection)?;
        transaction
            .prepare_cached("DELETE FROM tokens WHERE id > ?1 AND id <= ?2 AND expires_at < ?3")?
            .execute((start, start + PROCESSED_PER_TRANSACTION, NOW))?;
        transaction.commit()?;
    }
    Ok(())
}
