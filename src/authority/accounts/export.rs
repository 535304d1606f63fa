//! All accounts at once, for a file.

use super::super::{Act, Caller, Error};
use crate::model::{PasswordHash, Role, Row, User};
use crate::store::{Scratch, Store};
use serde_json::{Map, Value};

const ADMINS_ONLY: &str = "only admins export accounts";

/// Rows that are read from the scratch at once.
const BATCH: usize = 1_000;

/// Rows with the accounts of one moment.
#[derive(Debug)]
pub(crate) struct Export {
    rows: Scratch,
    last: i64,
    /// The number of accounts.
    pub(crate) count: usize,
}

impl Export {
    /// Returns the next rows; none at the end.
    pub(crate) fn next(&mut self) -> Result<Vec<Map<String, Value>>, Error> {
        let rows = self.rows.after(self.last, BATCH)?;
        self.last = rows.last().map_or(self.last, |(number, _)| *number);
        Ok(rows.into_iter().map(|(_, row)| row.claims).collect())
    }
}

/// Refuses whoever may not export accounts.
pub(crate) fn may_export(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)
}

/// Exports the users that are there, in the order of their ids, each as the row that `shape` makes of
/// it. That their hashes were given out is recorded, where they are wanted.
pub(crate) fn export(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    with_hashes: bool,
    shape: impl Fn(User, Option<PasswordHash>) -> Map<String, Value>,
) -> Result<Export, Error> {
    may_export(caller)?;
    let mut export = Export { rows: Scratch::new()?, last: 0, count: 0 };
    store.read(|tx| {
        tx.each_user_to_export(with_hashes, |user, hash| {
            export.count += 1;
            export.rows.push(&Row { line: 0, claims: shape(user, hash) })
        })
    })?;
    if with_hashes {
        let by = Some(caller.user.id);
        caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
            Ok(act.done(tx, by, "password hashes".to_owned(), export.count)?)
        })?;
    }
    Ok(export)
}
