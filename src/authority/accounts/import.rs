//! Accounts from a file: all of them or none, and the line that is wrong is named.

use super::super::principal::write_for;
use super::super::{Act, Caller, Error};
use super::draft::{Draft, MEMBERS, draft, name_key, rows_within};
use super::{Whose, admin_or_founder};
use crate::crypto::{self, HashClass};
use crate::model::{BadLine, Password, PasswordHash, Role, Row, SpreadsheetRows, Timestamp, User};
use crate::store::{self, Reader, Scratch, Store, Writer};
use std::io::BufRead;

const ADMINS_ONLY: &str = "only admins import accounts";

/// Rows that are read from the scratch at once.
const BATCH: usize = 500;

/// Passwords that are hashed at once.
const HASHED: usize = 256;

/// Accounts as a file has them: rows of which each makes an account, and no two the same.
#[derive(Debug)]
pub(crate) struct Drafts {
    rows: Scratch,
    now: Timestamp,
    count: usize,
    /// The number of accounts whose password is to be hashed.
    plain: usize,
    has_admin: bool,
}

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
    pub(crate) fn read(input: impl BufRead, now: Timestamp) -> Result<Self, Error> {
        let rows = SpreadsheetRows::begin(input, "password")?;
        let is_none = |name: &&String| !MEMBERS.contains(&name.as_str());
        if let Some((column, _)) = (1..).zip(rows.columns()).find(|(_, name)| is_none(name)) {
            // Without a line of names it may be a password that stands there.
            let why = format!("column {column} is none of {}", MEMBERS.join(", "));
            return Err(BadLine { line: 1, why }.into());
        }
        let mut drafts = Self { rows: Scratch::new()?, now, count: 0, plain: 0, has_admin: false };
        for row in rows {
            rows_within(row?).into_iter().try_for_each(|row| drafts.add(row))?;
        }
        Ok(drafts)
    }

    fn add(&mut self, row: Row) -> Result<(), Error> {
        self.rows.push(&row)?;
        let draft = self.draft(row)?;
        for name in &draft.names() {
            if let Some(first) = self.rows.take_name(&name_key(name), draft.line)? {
                let why = format!("a name or uid of it stands on line {first} already");
                return Err(BadLine { line: draft.line, why }.into());
            }
        }
        self.count += 1;
        self.plain += usize::from(draft.password.is_some());
        self.has_admin |= draft.account.role == Role::Admin && draft.account.disabled_at.is_none();
        Ok(())
    }

    fn draft(&self, row: Row) -> Result<Draft, BadLine> {
        let line = row.line;
        draft(row, self.now).map_err(|why| BadLine { line, why })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Refuses a file that would leave a store that has no users yet without an admin.
    pub(crate) fn need_an_admin(&self) -> Result<(), Error> {
        if self.has_admin { Ok(()) } else { Err(Error::NoAdmin) }
    }

    /// Calls `take` with the number of each row and the row, in their order.
    fn each(&self, mut take: impl FnMut(i64, Row) -> Result<(), Error>) -> Result<(), Error> {
        let mut last = 0;
        loop {
            let batch = self.rows.after(last, BATCH)?;
            let Some((number, _)) = batch.last() else { return Ok(()) };
            last = *number;
            batch.into_iter().try_for_each(|(number, row)| take(number, row))?;
        }
    }

    /// Refuses rows that are there already, unless they may be, and passwords that are too short:
    /// hashing takes long.
    fn check(&self, tx: &Reader<'_>, exist_ok: bool) -> Result<(), Error> {
        let least = tx.policy()?.password_min_length;
        self.each(|_, row| {
            let draft = self.draft(row)?;
            match Whose::of(tx, &draft.names())? {
                Whose::Nobodys => {}
                Whose::Ones(_) if exist_ok => return Ok(()),
                Whose::Ones(_) | Whose::Mixed => return Err(exists(tx, &draft)?),
            }
            if draft.password.is_some_and(|password| password.length() < least) {
                let why = format!("the password has fewer than {least} characters");
                return Err(BadLine { line: draft.line, why }.into());
            }
            Ok(())
        })
    }

    /// Replaces passwords by their hashes, `done` after each; with `exist_ok` only those of accounts
    /// that are not there yet.
    fn hash(
        &self,
        store: &mut Store,
        exist_ok: bool,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), Error> {
        let mut plain: Vec<(i64, Row, Password)> = Vec::new();
        let hash = |plain: &mut Vec<(i64, Row, Password)>| {
            let passwords: Vec<&Password> = plain.iter().map(|(.., password)| password).collect();
            let hashes = crypto::hash_all(&passwords, done)?;
            for ((number, mut row, _), hash) in plain.drain(..).zip(hashes) {
                row.claims.remove("password");
                row.claims.insert("password_hash".to_owned(), hash.expose().into());
                self.rows.replace(number, &row)?;
            }
            Ok::<_, Error>(())
        };
        self.each(|number, row| {
            let draft = self.draft(row.clone())?;
            let names = draft.names();
            if let Some(password) = draft.password
                && (!exist_ok || matches!(store.read(|tx| Whose::of(tx, &names))?, Whose::Nobodys))
            {
                plain.push((number, row, password));
            }
            if plain.len() < HASHED { Ok(()) } else { hash(&mut plain) }
        })?;
        hash(&mut plain)
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
    drafts: &Drafts,
    exist_ok: bool,
    done: &(dyn Fn() + Sync),
) -> Result<Imported, Error> {
    store.read(|tx| admin_or_founder(tx, caller.map(|caller| &caller.user), ADMINS_ONLY))?;
    (drafts.plain..drafts.count).for_each(|_| done());
    if drafts.plain > 0 {
        store.read(|tx| drafts.check(tx, exist_ok))?;
        drafts.hash(store, exist_ok, done)?;
    }
    write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
        admin_or_founder(tx, user, ADMINS_ONLY)?;
        let mut imported = Imported::default();
        drafts.each(|_, row| add(tx, act, &drafts.draft(row)?, exist_ok, &mut imported))?;
        if tx.count_admins()? == 0 {
            return Err(Error::NoAdmin);
        }
        let by = caller.map(|caller| caller.user.id);
        act.done(tx, by, "users".to_owned(), imported.new)?;
        Ok(imported)
    })
}

/// Adds an account, unless it is there already.
fn add(
    tx: &Writer<'_>,
    act: &Act,
    draft: &Draft,
    exist_ok: bool,
    imported: &mut Imported,
) -> Result<(), Error> {
    if draft.password.is_some() {
        // It may be there, and was when passwords were hashed.
        match Whose::of(tx, &draft.names())?.one() {
            Some(user) => imported.count_known(draft, &user),
            None => imported.known += 1,
        }
        return Ok(());
    }
    match tx.add_user(&draft.account, act.now) {
        Ok(_) => {
            imported.new += 1;
            match &draft.account.password {
                Some(hash) => raise_costliest_hash(tx, hash)?,
                None => imported.without_password += 1,
            }
        }
        Err(store::Error::Taken) => match Whose::of(tx, &draft.names())?.one() {
            Some(user) if exist_ok => imported.count_known(draft, &user),
            _ => return Err(exists(tx, draft)?),
        },
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Stores the class of an added hash, if it costs more than the stored class.
fn raise_costliest_hash(tx: &Writer<'_>, hash: &PasswordHash) -> Result<(), Error> {
    let stored = HashClass::costliest(tx.costliest_hash()?.as_deref())?;
    let costliest = stored.clone().costlier(HashClass::of(hash)?);
    if costliest != stored {
        tx.set_costliest_hash(costliest.stored().as_deref())?;
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
