//! The schema and its history: what a file says it is, and how it begins.

use super::connect::not_a_database;
use super::{Error, Writer};
use crate::model::{KeyState, NewKey, StoreId, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use uuid::Uuid;

/// Marks a file as ours: "jetn".
const APPLICATION_ID: i64 = 0x6A65_746E;

/// The schema's history, append-only: the version of a file is how many of these it has seen.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_first.sql")];

/// What a new store begins with.
pub(crate) struct Beginning {
    /// Its random identity.
    pub(crate) id: StoreId,
    /// Its first key, for sessions and app tokens.
    pub(crate) key: NewKey,
    /// When it begins.
    pub(crate) now: Timestamp,
}

/// What a file says it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing yet.
    Blank,
    /// A store of the present version.
    Ours(StoreId),
}

fn version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Reads what the file says it is. It changes nothing; its caller holds a transaction, so that
/// all it reads is of one moment.
pub(super) fn identity(connection: &Connection, path: &Path) -> Result<Identity, Error> {
    let read = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = read("PRAGMA application_id").map_err(not_a_database(path))?;
    let found = read("PRAGMA user_version")?;
    if application == 0 && found == 0 && read("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(Identity::Blank);
    }
    if application != APPLICATION_ID {
        return Err(Error::Foreign(path.to_owned()));
    }
    if found > version() {
        return Err(Error::Newer { found, known: version() });
    }
    if found != version() {
        return Err(Error::Damaged(format!("schema version {found}")));
    }
    let id: [u8; 16] = connection.query_row("SELECT store_id FROM store", [], |row| row.get(0))?;
    Ok(Identity::Ours(StoreId::new(Uuid::from_bytes(id))))
}

/// Makes the schema, the identity and the first key, unless another process was faster.
pub(super) fn begin(
    connection: &Connection,
    path: &Path,
    beginning: &Beginning,
) -> Result<(StoreId, bool), Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if let Identity::Ours(id) = identity(&transaction, path)? {
        return Ok((id, false));
    }
    for migration in MIGRATIONS {
        transaction.execute_batch(migration)?;
    }
    transaction.execute(
        "INSERT INTO store (one, store_id, created_at) VALUES (1, ?1, ?2)",
        (beginning.id.bytes(), beginning.now.unix()),
    )?;
    Writer::on(&transaction).add_key(&beginning.key, KeyState::Active, beginning.now)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version())?;
    transaction.commit()?;
    Ok((beginning.id, true))
}
