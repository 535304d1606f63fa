//! Import of accounts from a file, all or none. Errors contain the line number.

use super::super::principal::write_as_optional_principal;
use super::super::{AuditContext, Caller, Error};
use super::administration::{IfExists, NameOwner};
use super::import_row::{FIELDS, ImportRow, flatten_json_list, name_key, parse_import_row};
use super::require_admin_or_empty_store;
use crate::crypto::{self, HashClass};
use crate::model::{
    EventDetail, EventSubject, InvalidLine, Password, PasswordHash, Role, Row, SpreadsheetRows,
    TargetKind, Timestamp, User,
};
use crate::store::{self, Reader, ScratchDatabase, Store, Writer};
use std::io::BufRead;

const ADMINS_ONLY: &str = "only admins can import accounts";

/// Number of rows that are read from the scratch database at a time.
const BATCH_SIZE: usize = 500;

/// Number of passwords that are passed to the hashing threads at a time.
const HASH_BATCH_SIZE: usize = 256;

/// The valid rows of an import file, without duplicates.
#[derive(Debug)]
pub(crate) struct ImportRows {
    rows: ScratchDatabase,
    now: Timestamp,
    count: usize,
    /// The number of accounts with a password that has yet to be hashed.
    unhashed_count: usize,
    has_admin: bool,
}

/// The outcome of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ImportOutcome {
    /// The number of new accounts.
    pub(crate) created_count: usize,
    /// The number of new accounts without a password.
    pub(crate) passwordless_count: usize,
    /// The number of rows whose accounts already exist.
    pub(crate) existing_count: usize,
    /// The number of existing accounts that differ from their rows.
    pub(crate) differing_count: usize,
    /// The line of the first row that differs.
    pub(crate) first_differing_line: Option<u64>,
}

impl ImportOutcome {
    /// Counts an existing account.
    fn count_existing(&mut self, import_row: &ImportRow, user: &User) {
        self.existing_count += 1;
        if import_row.differs_from(user) {
            self.differing_count += 1;
            self.first_differing_line.get_or_insert(import_row.line);
        }
    }
}

impl ImportRows {
    /// Reads a JSON Lines or CSV file. Errors never contain the passwords of a row.
    pub(crate) fn from_reader(input: impl BufRead, now: Timestamp) -> Result<Self, Error> {
        let rows = SpreadsheetRows::new(input, "password")?;
        let is_unknown = |name: &&String| !FIELDS.contains(&name.as_str());
        if let Some((column, _)) = (1..).zip(rows.columns()).find(|(_, name)| is_unknown(name)) {
            // Without a header line the first line may contain a password.
            let reason = format!("unknown column {column}: expected one of {}", FIELDS.join(", "));
            return Err(InvalidLine { line: 1, reason }.into());
        }
        let mut import_rows = Self {
            rows: ScratchDatabase::new()?,
            now,
            count: 0,
            unhashed_count: 0,
            has_admin: false,
        };
        for row in rows {
            flatten_json_list(row?).into_iter().try_for_each(|row| import_rows.add_row(row))?;
        }
        Ok(import_rows)
    }

    fn add_row(&mut self, row: Row) -> Result<(), Error> {
        self.rows.push(&row)?;
        let import_row = self.parse_row(row)?;
        for name in &import_row.user_refs() {
            if let Some(first_line) = self.rows.reserve_name(&name_key(name), import_row.line)? {
                let reason = format!("name or uid already used on line {first_line}");
                return Err(InvalidLine { line: import_row.line, reason }.into());
            }
        }
        self.count += 1;
        self.unhashed_count += usize::from(import_row.password.is_some());
        self.has_admin |=
            import_row.new_user.role == Role::Admin && import_row.new_user.disabled_at.is_none();
        Ok(())
    }

    fn parse_row(&self, row: Row) -> Result<ImportRow, InvalidLine> {
        let line = row.line;
        parse_import_row(row, self.now).map_err(|reason| InvalidLine { line, reason })
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Refuses a file without an active admin. Called for the first import into a store without
    /// users.
    pub(crate) fn ensure_has_admin(&self) -> Result<(), Error> {
        if self.has_admin { Ok(()) } else { Err(Error::NoAdmin) }
    }

    /// Calls `visit` with the number and content of each row, in order.
    fn for_each_row(
        &self,
        mut visit: impl FnMut(i64, Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut last_number = 0;
        loop {
            let batch = self.rows.rows_after(last_number, BATCH_SIZE)?;
            let Some((number, _)) = batch.last() else { return Ok(()) };
            last_number = *number;
            batch.into_iter().try_for_each(|(number, row)| visit(number, row))?;
        }
    }

    /// Refuses passwords that are too short and, with [`IfExists::Refuse`], rows whose accounts
    /// already exist. Called before the slow hashing.
    fn check_rows(&self, tx: &Reader<'_>, if_exists: IfExists) -> Result<(), Error> {
        let min_length = tx.load_settings()?.password_min_length;
        self.for_each_row(|_, row| {
            let import_row = self.parse_row(row)?;
            match NameOwner::lookup(tx, &import_row.user_refs())? {
                NameOwner::Free => {}
                NameOwner::Single(_) if if_exists == IfExists::Skip => return Ok(()),
                NameOwner::Single(_) | NameOwner::Conflicting => {
                    return Err(row_exists_error(tx, &import_row)?);
                }
            }
            if import_row.password.is_some_and(|password| password.char_count() < min_length) {
                let reason = format!("password shorter than {min_length} characters");
                return Err(InvalidLine { line: import_row.line, reason }.into());
            }
            Ok(())
        })
    }

    /// Replaces passwords by their hashes and calls `on_hashed` after each password. With
    /// [`IfExists::Skip`] only the passwords of new accounts are hashed.
    fn hash_passwords(
        &self,
        store: &mut Store,
        if_exists: IfExists,
        on_hashed: &(dyn Fn() + Sync),
    ) -> Result<(), Error> {
        let mut pending: Vec<(i64, Row, Password)> = Vec::new();
        let hash_pending = |pending: &mut Vec<(i64, Row, Password)>| {
            let passwords: Vec<&Password> = pending.iter().map(|(.., password)| password).collect();
            let hashes = crypto::hash_passwords(&passwords, on_hashed)?;
            for ((number, mut row, _), hash) in pending.drain(..).zip(hashes) {
                row.fields.remove("password");
                row.fields.insert("password_hash".to_owned(), hash.expose().into());
                self.rows.replace(number, &row)?;
            }
            Ok::<_, Error>(())
        };
        self.for_each_row(|number, row| {
            let import_row = self.parse_row(row.clone())?;
            let refs = import_row.user_refs();
            if let Some(password) = import_row.password
                && (if_exists == IfExists::Refuse
                    || matches!(store.read(|tx| NameOwner::lookup(tx, &refs))?, NameOwner::Free))
            {
                pending.push((number, row, password));
            }
            if pending.len() < HASH_BATCH_SIZE { Ok(()) } else { hash_pending(&mut pending) }
        })?;
        hash_pending(&mut pending)
    }
}

/// Refuses the import of accounts by a caller who is not an admin.
pub(crate) fn authorize_import(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Adds accounts, all or none, with the roles in the file. With [`IfExists::Skip`] an existing
/// account with the same names is left unchanged. Only admins may import; while the store has no
/// users, the owner of the store file may import without a caller. `on_hashed` is called after each
/// hashed password, on the hashing thread, and once for each account that needs no hashing.
pub(crate) fn import(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    import_rows: &ImportRows,
    if_exists: IfExists,
    on_hashed: &(dyn Fn() + Sync),
) -> Result<ImportOutcome, Error> {
    store.read(|tx| {
        require_admin_or_empty_store(tx, caller.map(|caller| &caller.user), ADMINS_ONLY)
    })?;
    (import_rows.unhashed_count..import_rows.count).for_each(|_| on_hashed());
    if import_rows.unhashed_count > 0 {
        store.read(|tx| import_rows.check_rows(tx, if_exists))?;
        import_rows.hash_passwords(store, if_exists, on_hashed)?;
    }
    write_as_optional_principal(store, caller.map(|caller| &caller.principal), |tx, user| {
        require_admin_or_empty_store(tx, user, ADMINS_ONLY)?;
        let mut outcome = ImportOutcome::default();
        import_rows.for_each_row(|_, row| {
            apply_row(tx, audit, &import_rows.parse_row(row)?, if_exists, &mut outcome)
        })?;
        if tx.count_admins()? == 0 {
            return Err(Error::NoAdmin);
        }
        let caller_id = caller.map(|caller| caller.user.id);
        let subject = EventSubject::several(TargetKind::User, EventDetail::objects("users"));
        audit.record(tx, caller_id, subject, outcome.created_count)?;
        Ok(outcome)
    })
}

/// Adds an account, or counts an existing account.
fn apply_row(
    tx: &Writer<'_>,
    audit: &AuditContext,
    import_row: &ImportRow,
    if_exists: IfExists,
    outcome: &mut ImportOutcome,
) -> Result<(), Error> {
    if import_row.password.is_some() {
        // A row still has a password only if its account existed during hashing.
        match NameOwner::lookup(tx, &import_row.user_refs())?.into_single() {
            Some(user) => outcome.count_existing(import_row, &user),
            None => outcome.existing_count += 1,
        }
        return Ok(());
    }
    match tx.add_user(&import_row.new_user, audit.now) {
        Ok(_) => {
            outcome.created_count += 1;
            match &import_row.new_user.password_hash {
                Some(hash) => raise_costliest_hash(tx, hash)?,
                None => outcome.passwordless_count += 1,
            }
        }
        Err(store::Error::AlreadyExists) => {
            match NameOwner::lookup(tx, &import_row.user_refs())?.into_single() {
                Some(user) if if_exists == IfExists::Skip => {
                    outcome.count_existing(import_row, &user);
                }
                _ => return Err(row_exists_error(tx, import_row)?),
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Stores the class of an added hash, if hashes of this class cost more than hashes of the stored
/// class. A class is an algorithm with its version and parameters.
fn raise_costliest_hash(tx: &Writer<'_>, hash: &PasswordHash) -> Result<(), Error> {
    let stored = HashClass::from_stored(tx.costliest_hash_class()?.as_deref())?;
    let costliest = stored.clone().choose_costlier(HashClass::from_hash(hash)?);
    if costliest != stored {
        tx.set_costliest_hash_class(costliest.to_stored().as_deref())?;
    }
    Ok(())
}

/// Returns the error for a row with names of existing users.
fn row_exists_error(tx: &Reader<'_>, import_row: &ImportRow) -> Result<Error, store::Error> {
    let mut taken_names = Vec::new();
    for name in &import_row.user_refs() {
        if tx.find_user(name)?.is_some() {
            taken_names.push(name.to_display());
        }
    }
    let line = import_row.line;
    if taken_names.is_empty() {
        let reason = "`uid` belongs to a deleted user: omit it to assign a new one";
        return Ok(InvalidLine { line, reason: reason.to_owned() }.into());
    }
    Ok(Error::ImportedUserExists { line, taken_names })
}
