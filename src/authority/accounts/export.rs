//! Export of all accounts.

use super::super::{AuditContext, Caller, Error};
use crate::model::{EventDetail, EventSubject, PasswordHash, Role, Row, TargetKind, User};
use crate::store::{ScratchDatabase, Store};
use serde_json::{Map, Value};

const ADMINS_ONLY: &str = "only admins can export accounts";

/// Maximum number of rows that are read from the scratch database, a temporary database, at a time.
const MAX_BATCH_ROWS: usize = 1_000;

/// The choice to omit or include the password hashes in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordHashes {
    Omit,
    Include,
}

/// A snapshot of all accounts, as rows.
#[derive(Debug)]
pub(crate) struct UserExport {
    rows: ScratchDatabase,
    /// The number of the row in the scratch database that was returned last.
    last_row_number: i64,
    /// The number of accounts.
    pub(crate) count: usize,
}

impl UserExport {
    /// Returns the next rows, or an empty list after the last row.
    pub(crate) fn next_batch(&mut self) -> Result<Vec<Map<String, Value>>, Error> {
        let rows = self.rows.rows_after(self.last_row_number, MAX_BATCH_ROWS)?;
        self.last_row_number = rows.last().map_or(self.last_row_number, |(number, _)| *number);
        Ok(rows.into_iter().map(|(_, row)| row.fields).collect())
    }
}

/// Refuses the export of accounts to a caller who is not an admin.
pub(crate) fn authorize_export(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Exports the existing users, sorted by id, each as the row that `to_row` returns. An export with
/// password hashes is recorded in the audit log.
pub(crate) fn export(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    password_hashes: PasswordHashes,
    to_row: impl Fn(User, Option<PasswordHash>) -> Map<String, Value>,
) -> Result<UserExport, Error> {
    authorize_export(caller)?;
    let with_hashes = password_hashes == PasswordHashes::Include;
    let mut export = UserExport { rows: ScratchDatabase::new()?, last_row_number: 0, count: 0 };
    store.read(|tx| {
        tx.for_each_user(with_hashes, |user, hash| {
            export.count += 1;
            export.rows.push(&Row { line: 0, fields: to_row(user, hash) })
        })
    })?;
    if with_hashes {
        let caller_id = Some(caller.user.id);
        caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
            let detail = EventDetail::objects("password hashes");
            let subject = EventSubject::several(TargetKind::User, detail);
            Ok(audit.record(tx, caller_id, subject, export.count)?)
        })?;
    }
    Ok(export)
}
