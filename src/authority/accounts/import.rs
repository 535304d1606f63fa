//! Accounts from a file: all of them or none, and the line that is wrong is named.

use super::super::principal::write_for;
use super::super::{Act, Caller, Error};
use super::draft::{Draft, MEMBERS, draft, name_key, rows_within};
use super::{Whose, admin_or_founder};
use crate::crypto;
use crate::model::{
    Account, BadLine, Password, Role, Row, Timestamp, User, columns_of_spreadsheet,
    each_row_of_spreadsheet,
};
use crate::store::{self, Reader, Store, Writer};
use std::collections::HashMap;

const ADMINS_ONLY: &str = "only admins import accounts";

/// Accounts as a file has them.
#[derive(Debug)]
pub(crate) struct Drafts(Vec<Draft>);

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Imported {
    /// How many accounts are new.
    pub(crate) new: usize,
    /// How many of them have no password.
    pub(crate) without_password: usize,
    /// How many were there before.
    pub(crate) known: usize,
    /// How many of those are other than their row says.
    pub(crate) other: usize,
    /// The line of the first of them.
    pub(crate) first_other: Option<u64>,
}

impl Imported {
    /// Counts one that was there before.
    fn count_known(&mut self, draft: &Draft, user: &User) {
        self.known += 1;
        if draft.differs_from(user) {
            self.other += 1;
            self.first_other.get_or_insert(draft.line);
        }
    }
}

impl Drafts {
    /// Reads a file: JSON Lines or CSV. What a row says of passwords is not repeated in an error.
    pub(crate) fn read(bytes: &[u8], now: Timestamp) -> Result<Self, BadLine> {
        let columns = columns_of_spreadsheet(bytes)?;
        let is_none = |name: &&String| !MEMBERS.contains(&name.as_str());
        if let Some((column, _)) = (1..).zip(&columns).find(|(_, name)| is_none(name)) {
            // Without a line of names it may be a password that stands there.
            let why = format!("column {column} is none of {}", MEMBERS.join(", "));
            return Err(BadLine { line: 1, why });
        }
        let mut drafts = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        let mut add = |row: Row| {
            let line = row.line;
            let draft = draft(row, now).map_err(|why| BadLine { line, why })?;
            for name in &draft.names() {
                if let Some(first) = seen.insert(name_key(name), line) {
                    let why = format!("a name or uid of it stands on line {first} already");
                    return Err(BadLine { line, why });
                }
            }
            drafts.push(draft);
            Ok(())
        };
        each_row_of_spreadsheet(bytes, "password", |row| {
            rows_within(row).into_iter().try_for_each(&mut add)
        })?;
        Ok(Self(drafts))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Refuses a file that would leave a store that has no users yet without an admin.
    pub(crate) fn need_an_admin(&self) -> Result<(), Error> {
        let is_admin =
            |account: &Account| account.role == Role::Admin && account.disabled_at.is_none();
        if self.0.iter().any(|draft| is_admin(&draft.account)) {
            return Ok(());
        }
        Err(Error::NoAdmin)
    }

    /// Leaves out those that are there already, if they may be; what became of them.
    fn leave_out_known(&mut self, tx: &Reader<'_>, exist_ok: bool) -> Result<Imported, Error> {
        let mut new = Vec::with_capacity(self.0.len());
        let mut imported = Imported::default();
        for draft in self.0.drain(..) {
            match Whose::of(tx, &draft.names())? {
                Whose::Nobodys => new.push(draft),
                Whose::Ones(user) if exist_ok => imported.count_known(&draft, &user),
                Whose::Ones(_) | Whose::Mixed => return Err(exists(tx, &draft)?),
            }
        }
        self.0 = new;
        Ok(imported)
    }

    /// Hashes the passwords, `done` after each account.
    fn hash(&mut self, done: &(dyn Fn() + Sync)) -> Result<(), Error> {
        let passwords: Vec<&Password> =
            self.0.iter().filter_map(|draft| draft.password.as_ref()).collect();
        (passwords.len()..self.0.len()).for_each(|_| done());
        let hashes = crypto::hash_all(&passwords, done)?;
        let plain = self.0.iter_mut().filter(|draft| draft.password.is_some());
        for (draft, hash) in plain.zip(hashes) {
            draft.account.password = Some(hash);
        }
        Ok(())
    }
}

/// Refuses whoever may not import accounts.
pub(crate) fn may_import(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)
}

/// Adds accounts, all or none, with the roles that the file gives them. `exist_ok`: one with just
/// these names that is there already is left as it is. Only admins import, and whoever owns the
/// file as long as the store has no users: `caller` is `None` then. `done` is called after each
/// account whose password is hashed, by whatever thread did it.
pub(crate) fn import(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    mut drafts: Drafts,
    exist_ok: bool,
    done: &(dyn Fn() + Sync),
) -> Result<Imported, Error> {
    let (known, least) = store.read(|tx| {
        admin_or_founder(tx, caller.map(|caller| &caller.user), ADMINS_ONLY)?;
        Ok::<_, Error>((drafts.leave_out_known(tx, exist_ok)?, tx.policy()?.password_min_length))
    })?;
    let short = |draft: &&Draft| draft.password.as_ref().is_some_and(|p| p.length() < least);
    if let Some(Draft { line, .. }) = drafts.0.iter().find(short) {
        let why = format!("the password has fewer than {least} characters");
        return Err(BadLine { line: *line, why }.into());
    }
    drafts.hash(done)?;
    write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
        admin_or_founder(tx, user, ADMINS_ONLY)?;
        let mut imported = known;
        for draft in &drafts.0 {
            add(tx, act, draft, exist_ok, &mut imported)?;
        }
        if tx.count_admins()? == 0 {
            return Err(Error::NoAdmin);
        }
        let by = caller.map(|caller| caller.user.id);
        act.done(tx, by, "users".to_owned(), imported.new)?;
        Ok(imported)
    })
}

/// Adds one of them, unless another process was faster.
fn add(
    tx: &Writer<'_>,
    act: &Act,
    draft: &Draft,
    exist_ok: bool,
    imported: &mut Imported,
) -> Result<(), Error> {
    match tx.add_user(&draft.account, act.now) {
        Ok(_) => {
            imported.new += 1;
            imported.without_password += usize::from(draft.account.password.is_none());
        }
        Err(store::Error::Taken) => match Whose::of(tx, &draft.names())?.one() {
            Some(user) if exist_ok => imported.count_known(draft, &user),
            _ => return Err(exists(tx, draft)?),
        },
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Which names of the row somebody has.
fn exists(tx: &Reader<'_>, draft: &Draft) -> Result<Error, store::Error> {
    let mut taken = Vec::new();
    for name in &draft.names() {
        if tx.find_user(name)?.is_some() {
            taken.push(name.shown());
        }
    }
    let line = draft.line;
    if taken.is_empty() {
        let why = "its `uid` was of a user who is deleted: leave it out, and it gets another";
        return Ok(BadLine { line, why: why.to_owned() }.into());
    }
    Ok(Error::RowExists { line, taken })
}
