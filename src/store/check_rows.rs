//! Every stored row, converted as the commands convert it, for `store check`.

use super::audit::event;
use super::keys::{self, key};
use super::sessions::{JOINED, pair};
use super::tokens::{self, token};
use super::users::{self, user};
use super::{Error, Reader};
use crate::model::{NewKey, PasswordHash};
use rusqlite::Row;

/// The tests of stored values that need cryptography: each returns what is wrong.
pub(crate) struct Tests {
    /// The test of a key.
    pub(crate) key: fn(&NewKey) -> Option<String>,
    /// The test of a password hash.
    pub(crate) hash: fn(&PasswordHash) -> Option<String>,
    /// The test of the class of the costliest password hash.
    pub(crate) costliest_hash: fn(&str) -> Option<String>,
}

/// The most rows of a table that are named.
const MOST_NAMED: usize = 100;

const NUMBERED: [&str; 7] = ["users", "keys", "sessions", "pairs", "grants", "tokens", "audit"];

/// The users of each block, as the rows of `users` and as those of `user_blocks` have them.
const COUNTED: &str =
    "SELECT id >> 10, count(*) FROM users WHERE deleted_at IS NULL GROUP BY id >> 10";
const BLOCKS: &str = "SELECT block, present FROM user_blocks WHERE present <> 0";

/// Returns the faults of rows that no command could use.
pub(super) fn faults(tx: &Reader<'_>, tests: &Tests) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    let sql = format!("SELECT {}, password FROM users", users::COLUMNS);
    tx.convert("users", &sql, &mut faults, |row| {
        user(row)?;
        let hash = row.get::<_, Option<String>>("password")?.map(PasswordHash::new);
        Ok(hash.and_then(|hash| (tests.hash)(&hash)))
    })?;
    faults.extend(tx.costliest_hash()?.and_then(|class| (tests.costliest_hash)(&class)));
    let sql = format!("SELECT {} FROM keys", keys::COLUMNS);
    tx.convert("keys", &sql, &mut faults, |row| Ok((tests.key)(&key(row)?.spec)))?;
    tx.convert("pairs", JOINED, &mut faults, |row| pair(row).map(|_| None))?;
    let sql = format!("SELECT {} FROM {}", tokens::COLUMNS, tokens::TABLES);
    tx.convert("tokens", &sql, &mut faults, |row| token(row).map(|_| None))?;
    let sql = "SELECT id, at, user_id, NULL, os_uid, action, target, outcome, count FROM audit";
    tx.convert("audit", sql, &mut faults, |row| event(row).map(|_| None))?;
    let sql = format!(
        "SELECT EXISTS (SELECT * FROM ({COUNTED}) EXCEPT SELECT * FROM ({BLOCKS}))
             OR EXISTS (SELECT * FROM ({BLOCKS}) EXCEPT SELECT * FROM ({COUNTED}))"
    );
    if tx.number(&sql)? != 0 {
        faults.push("the counts in `user_blocks` are wrong".to_owned());
    }
    for table in NUMBERED {
        faults.extend(tx.no_id_left(table)?);
    }
    Ok(faults)
}

impl Reader<'_> {
    fn convert(
        &self,
        table: &str,
        sql: &str,
        faults: &mut Vec<String>,
        test: impl Fn(&Row<'_>) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        let most = faults.len() + MOST_NAMED;
        let mut statement = self.sql.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()?
            && faults.len() < most
        {
            let why = match test(row) {
                Ok(why) => why,
                Err(Error::Damaged(why)) => Some(why),
                Err(error) => return Err(error),
            };
            if let Some(why) = why {
                faults.push(format!("row {} of `{table}`: {why}", row.get::<_, i64>(0)?));
            }
        }
        Ok(())
    }
}
