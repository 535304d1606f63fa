//! Import of accounts from a file, all or none. An error about a row states the line of the row,
//! except [`Error::UserExists`].

use super::super::principal::write_as_optional_principal;
use super::super::{AuditContext, Caller, Error};
use super::administration::IfExists;
use super::import_existing::{find_existing, taken_name_error, update_existing};
use super::import_observer::{ImportObserver, ImportStep};
pub(crate) use super::import_row::GeneratedPassword;
use super::import_row::ImportRow;
pub(crate) use super::import_rows::{ImportRows, UnknownFields};
use super::require_admin_or_empty_store;
use crate::crypto::HashClass;
use crate::model::{EventDetail, EventSubject, PasswordHash, Role, TargetKind, User, UserRef};
use crate::store::{self, Reader, Store, Writer};

const ADMINS_ONLY: &str = "only admins can import accounts";

/// Maximum number of accounts that one SQL statement adds.
const INSERT_SIZE: usize = 50;

/// An account that an import created or updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountChange {
    /// The username, or else the e-mail address, escaped.
    pub(crate) login: String,
    /// The names of the changed fields; `None` for a new account.
    pub(crate) changed_fields: Option<Vec<&'static str>>,
}

/// The outcome of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ImportOutcome {
    /// The number of new accounts.
    pub(crate) created_count: usize,
    /// The number of new accounts without a password.
    pub(crate) passwordless_count: usize,
    /// The number of existing accounts that were updated.
    pub(crate) updated_count: usize,
    /// The number of rows whose accounts already exist and are unchanged, or were deleted during
    /// the import.
    pub(crate) unchanged_count: usize,
    /// The number of unchanged existing accounts that differ from their rows.
    pub(crate) differing_count: usize,
    /// The line number of the first row that differs from its unchanged existing account.
    pub(crate) first_differing_line: Option<u64>,
    /// The new and the updated accounts; `None` unless [`ImportRows::lists_changes`] is set.
    pub(crate) changes: Option<Vec<AccountChange>>,
}

impl ImportOutcome {
    /// Counts a new account, and calls [`raise_costliest_hash_class`] for its password hash, if
    /// any.
    fn count_new(&mut self, tx: &Writer<'_>, import_row: &ImportRow) -> Result<(), Error> {
        self.created_count += 1;
        self.note_change(import_row, None);
        match &import_row.new_user.password_hash {
            Some(hash) => raise_costliest_hash_class(tx, hash)?,
            None => self.passwordless_count += 1,
        }
        Ok(())
    }

    /// Counts an existing account as updated, or as unchanged if `changed_fields` is empty.
    fn count_updated(&mut self, import_row: &ImportRow, changed_fields: Vec<&'static str>) {
        if changed_fields.is_empty() {
            self.unchanged_count += 1;
        } else {
            self.updated_count += 1;
            self.note_change(import_row, Some(changed_fields));
        }
    }

    fn note_change(&mut self, import_row: &ImportRow, changed_fields: Option<Vec<&'static str>>) {
        if let Some(changes) = &mut self.changes {
            let login = import_row.user_refs().first().map(UserRef::to_display);
            changes.extend(login.map(|login| AccountChange { login, changed_fields }));
        }
    }

    /// Counts an account that is left unchanged.
    fn count_unchanged(&mut self, import_row: &ImportRow, user: &User) {
        self.unchanged_count += 1;
        if import_row.differs_from(user) {
            self.differing_count += 1;
            self.first_differing_line.get_or_insert(import_row.line);
        }
    }
}

/// Refuses the import of accounts by a caller who is not an admin.
pub(crate) fn authorize_import(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Adds accounts, all or none, with the roles in the file. `if_exists` is the treatment of existing
/// accounts. Only admins may import. While the store has no users, `caller` may be `None`: then any
/// process that can write to the store may import.
pub(crate) fn import(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    import_rows: &mut ImportRows,
    if_exists: IfExists,
    observer: &ImportObserver<'_>,
) -> Result<ImportOutcome, Error> {
    store.read(|tx| {
        require_admin_or_empty_store(tx, caller.map(|caller| &caller.user), ADMINS_ONLY)
    })?;
    hash_row_passwords(store, import_rows, if_exists, observer)?;
    write_as_optional_principal(store, caller.map(|caller| &caller.principal), |tx, user| {
        require_admin_or_empty_store(tx, user, ADMINS_ONLY)?;
        let outcome = apply_all_rows(tx, audit, import_rows, if_exists, observer)?;
        let caller_id = caller.map(|caller| caller.user.id);
        let subject = EventSubject::several(TargetKind::User, EventDetail::objects("users"));
        audit.record(tx, caller_id, subject, outcome.created_count + outcome.updated_count)?;
        Ok(outcome)
    })
}

/// Hashes the passwords of new accounts, if any. Called before the transaction of
/// [`apply_all_rows`], because hashing is slow. All rows are checked before the first password is
/// hashed, so that an invalid row is reported at once.
pub(in crate::authority) fn hash_row_passwords(
    store: &mut Store,
    import_rows: &ImportRows,
    if_exists: IfExists,
    observer: &ImportObserver<'_>,
) -> Result<(), Error> {
    if import_rows.unhashed_count > 0 {
        store.read(|tx| import_rows.check_rows(tx, if_exists, observer))?;
        import_rows.hash_passwords(store, if_exists, observer)?;
    }
    Ok(())
}

/// Adds the accounts of the rows. `if_exists` is the treatment of existing accounts. Fails if the
/// store has no active admin afterwards.
pub(in crate::authority) fn apply_all_rows(
    tx: &Writer<'_>,
    audit: &AuditContext,
    import_rows: &mut ImportRows,
    if_exists: IfExists,
    observer: &ImportObserver<'_>,
) -> Result<ImportOutcome, Error> {
    ensure_generated_passwords_apply(tx, import_rows)?;
    let had_admin = tx.count_active_admins()? > 0;
    let changes = import_rows.lists_changes.then(Vec::new);
    let mut outcome = ImportOutcome { changes, ..ImportOutcome::default() };
    let mut row_count = 0;
    import_rows.for_each_batch(|rows| {
        let mut batches = rows.chunks(INSERT_SIZE);
        batches.try_for_each(|rows| apply_rows(tx, audit, rows, if_exists, &mut outcome))?;
        row_count += rows.len();
        Ok(observer(ImportStep::RowsApplied(row_count))?)
    })?;
    if tx.count_active_admins()? == 0 {
        return Err(if had_admin { Error::NoAdminLeft } else { Error::NoAdmin });
    }
    Ok(outcome)
}

/// Refuses an import with a generated password for an account that now exists: another command
/// created the account after the password was generated. Otherwise, the admin would get a password
/// that is not the password of the account.
fn ensure_generated_passwords_apply(
    tx: &Reader<'_>,
    import_rows: &ImportRows,
) -> Result<(), Error> {
    for generated in &import_rows.generated_passwords {
        if tx.find_user(&generated.login)?.is_some() {
            return Err(Error::UserExists);
        }
    }
    Ok(())
}

/// Adds the accounts of the rows with one SQL statement if all accounts are new. Otherwise, applies
/// each row with [`apply_row`].
fn apply_rows(
    tx: &Writer<'_>,
    audit: &AuditContext,
    rows: &[ImportRow],
    if_exists: IfExists,
    outcome: &mut ImportOutcome,
) -> Result<(), Error> {
    // During hashing, `hash_passwords` replaced the password of each new account by a hash: a row
    // with a password is the row of an account that existed during hashing.
    if rows.iter().all(|row| row.password.is_none()) {
        let new_users: Vec<_> = rows.iter().map(|row| &row.new_user).collect();
        match tx.add_users(&new_users, audit.now) {
            Ok(_) => return rows.iter().try_for_each(|row| outcome.count_new(tx, row)),
            Err(store::Error::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rows.iter().try_for_each(|row| apply_row(tx, audit, row, if_exists, outcome))
}

/// Adds one account. An existing account is refused, updated or left unchanged, depending on
/// `if_exists`.
fn apply_row(
    tx: &Writer<'_>,
    audit: &AuditContext,
    import_row: &ImportRow,
    if_exists: IfExists,
    outcome: &mut ImportOutcome,
) -> Result<(), Error> {
    let is_unhashed = import_row.password.is_some();
    if !is_unhashed {
        match tx.add_user(&import_row.new_user, audit.now) {
            Ok(_) => return outcome.count_new(tx, import_row),
            Err(store::Error::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match find_existing(tx, import_row, if_exists)? {
        Some(user) if if_exists == IfExists::Update => {
            let changed_fields = update_existing(tx, audit, import_row, &user)?;
            outcome.count_updated(import_row, changed_fields);
        }
        Some(user) => outcome.count_unchanged(import_row, &user),
        // The account existed during hashing and has been deleted since.
        None if is_unhashed => outcome.unchanged_count += 1,
        // No user has a name of the row, but a deleted user has its uid.
        None => return Err(taken_name_error(tx, import_row, if_exists)?),
    }
    Ok(())
}

/// Sets the costliest hash class of the store to the class of `hash`, if the verification of a
/// password costs more with this class than with the current class. A hash class is an algorithm
/// with its version and parameters. A failed login costs as much as a hash of the costliest class.
fn raise_costliest_hash_class(tx: &Writer<'_>, hash: &PasswordHash) -> Result<(), Error> {
    let old_costliest = HashClass::from_stored(tx.costliest_hash_class()?.as_deref())?;
    let costliest = old_costliest.clone().choose_costlier(HashClass::from_hash(hash)?);
    if costliest != old_costliest {
        tx.set_costliest_hash_class(costliest.to_stored().as_deref())?;
    }
    Ok(())
}
