//! Checks of rows, for `store check` and before a restore. The rows of most tables are converted by
//! the functions that other commands use: a row is faulty if the conversion fails. Keys and
//! password hashes have additional checks.

use super::audit::event_from_row;
use super::keys::{self, key_from_row};
use super::sessions::{SELECT_PAIR, pair_from_row};
use super::tokens::{self, token_from_row};
use super::users::{self, user_from_row};
use super::values::Row;
use super::{Error, Reader};
use crate::model::{KeySpec, PasswordHash, SessionEndReason};

/// Checks that need cryptography. Each function returns a description of the fault of a stored
/// value, or `None` for a valid value.
pub(crate) struct CryptoChecks {
    /// Check of a key.
    pub(crate) check_key: fn(&KeySpec) -> Option<String>,
    /// Check of a password hash.
    pub(crate) check_hash: fn(&PasswordHash) -> Option<String>,
    /// Check of the text in the column `costliest_hash`: the PHC string of the password hash with
    /// the highest cost, without salt and hash.
    pub(crate) check_costliest_hash: fn(&str) -> Option<String>,
}

/// Maximum number of reported rows per table.
const MAX_REPORTED_ROWS: usize = 100;

/// Tables whose ids can be exhausted.
const TABLES_WITH_IDS: [&str; 7] =
    ["users", "keys", "sessions", "pairs", "grants", "tokens", "audit"];

/// Query that counts the users in each block, except deleted users. A block is a range of 1,024
/// consecutive row ids.
const ACTUAL_BLOCK_COUNTS: &str =
    "SELECT id >> 10, count(*) FROM users WHERE deleted_at IS NULL GROUP BY id >> 10";
/// Query for the same numbers in the table `user_blocks`, which triggers update.
const STORED_BLOCK_COUNTS: &str = "SELECT block, present FROM user_blocks WHERE present <> 0";

/// Returns descriptions of rows that commands cannot use, of an invalid `costliest_hash`, of wrong
/// counts in `user_blocks`, and of exhausted ids.
pub(super) fn find_faults(tx: &Reader<'_>, checks: &CryptoChecks) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    let sql = format!("SELECT {}, password FROM users", users::COLUMNS);
    tx.check_table("users", &sql, &mut faults, |row| {
        user_from_row(row)?;
        let hash = row.get::<Option<String>>(10)?.map(PasswordHash::new);
        Ok(hash.and_then(|hash| (checks.check_hash)(&hash)))
    })?;
    faults
        .extend(tx.costliest_hash_class()?.and_then(|class| (checks.check_costliest_hash)(&class)));
    let sql = format!("SELECT {} FROM keys", keys::COLUMNS);
    tx.check_table("keys", &sql, &mut faults, |row| {
        Ok((checks.check_key)(&key_from_row(row)?.spec))
    })?;
    let sql = "SELECT id, end_reason FROM sessions WHERE end_reason IS NOT NULL";
    tx.check_table("sessions", sql, &mut faults, |row| {
        SessionEndReason::parse(&row.get::<String>(1)?)?;
        Ok(None)
    })?;
    tx.check_table("pairs", SELECT_PAIR, &mut faults, |row| pair_from_row(row).map(|_| None))?;
    let sql = format!(
        "SELECT {} FROM {}",
        tokens::TOKEN_AND_GRANT_COLUMNS,
        tokens::TOKEN_AND_GRANT_TABLES
    );
    tx.check_table("tokens", &sql, &mut faults, |row| token_from_row(row).map(|_| None))?;
    let sql =
        "SELECT id, at, user_id, NULL, os_uid, action, target_kind, target_id, detail, outcome,
        count FROM audit";
    tx.check_table("audit", sql, &mut faults, |row| event_from_row(row).map(|_| None))?;
    let sql = format!(
        "SELECT EXISTS (SELECT * FROM ({ACTUAL_BLOCK_COUNTS}) AS a EXCEPT SELECT * FROM ({STORED_BLOCK_COUNTS}) AS b)
             OR EXISTS (SELECT * FROM ({STORED_BLOCK_COUNTS}) AS a EXCEPT SELECT * FROM ({ACTUAL_BLOCK_COUNTS}) AS b)"
    );
    if tx.connection.query_row(&sql, &[], |row| row.get(0))? {
        faults.push("wrong numbers of users in the table `user_blocks`".to_owned());
    }
    for table in TABLES_WITH_IDS {
        faults.extend(tx.connection.id_exhaustion_fault(table)?);
    }
    Ok(faults)
}

impl Reader<'_> {
    /// Calls `check_row` with each row of the query `sql`, and adds a description of each fault to
    /// `faults`. Stops after [`MAX_REPORTED_ROWS`] faults. The first column of the query must be
    /// the row id. `table` is the name of the table in the descriptions.
    fn check_table(
        &self,
        table: &str,
        sql: &str,
        faults: &mut Vec<String>,
        check_row: impl Fn(&Row<'_>) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        let max_faults = faults.len() + MAX_REPORTED_ROWS;
        self.connection.for_each_row(sql, &[], |row| {
            let fault = match check_row(row) {
                Ok(fault) => fault,
                Err(Error::Damaged(fault)) => Some(fault),
                Err(error) => return Err(error),
            };
            if let Some(fault) = fault {
                faults.push(format!("row {} of `{table}`: {fault}", row.get::<i64>(0)?));
            }
            Ok(faults.len() < max_faults)
        })
    }
}
