//! Accounts from a file: all of them or none, and the line that is wrong is named.

use super::super::{Act, Caller, Error};
use super::{Whose, admin_or_founder, logins};
use crate::crypto;
use crate::model::{
    Account, BadLine, DisplayName, Email, Password, Quota, Role, Row, Timestamp, Uid, UserName,
    UserRef, columns, repeatable, rows_of_spreadsheet,
};
use crate::store::{self, Reader, Store, Writer};
use serde_json::{Map, Value};
use std::collections::HashMap;

const ADMINS_ONLY: &str = "only admins import accounts";

/// What a row may say.
const MEMBERS: [&str; 10] = [
    "uid",
    "username",
    "email",
    "name",
    "role",
    "quota",
    "disabled",
    "created_at",
    "password",
    "password_hash",
];

/// Accounts as a file has them.
#[derive(Debug)]
pub(crate) struct Drafts(Vec<Draft>);

#[derive(Debug)]
struct Draft {
    line: u64,
    account: Account,
    /// Who it would be: its names, and its uid if the file has one.
    names: Vec<UserRef>,
    password: Option<Password>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Imported {
    /// How many accounts are new.
    pub(crate) new: usize,
    /// How many of them have no password.
    pub(crate) without_password: usize,
    /// How many were there before.
    pub(crate) known: usize,
}

impl Drafts {
    /// Reads a file: JSON Lines or CSV. What a row says of passwords is not repeated in an error.
    pub(crate) fn read(bytes: &[u8], now: Timestamp) -> Result<Self, BadLine> {
        let columns = columns(bytes)?;
        if let Some(at) = columns.iter().position(|name| !MEMBERS.contains(&name.as_str())) {
            let why = format!("column {} is none of {}", at + 1, MEMBERS.join(", "));
            return Err(BadLine { line: 1, why });
        }
        let mut drafts = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        for row in rows_of_spreadsheet(bytes, "password")?.into_iter().flat_map(rows_within) {
            let line = row.line;
            let draft = draft(row, now).map_err(|why| BadLine { line, why })?;
            for name in &draft.names {
                if let Some(first) = seen.insert(name_key(name), line) {
                    let why = format!("a name or uid of it stands on line {first} already");
                    return Err(BadLine { line, why });
                }
            }
            drafts.push(draft);
        }
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

    /// Leaves out those that are there already, if they may be; how many are left out.
    fn leave_out_known(&mut self, tx: &Reader<'_>, exist_ok: bool) -> Result<usize, Error> {
        let mut new = Vec::with_capacity(self.0.len());
        let all = self.0.len();
        for draft in self.0.drain(..) {
            match Whose::of(tx, &draft.names)? {
                Whose::Nobodys => new.push(draft),
                Whose::Ones(_) if exist_ok => {}
                Whose::Ones(_) | Whose::Mixed => return Err(exists(tx, &draft)?),
            }
        }
        self.0 = new;
        Ok(all - self.0.len())
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
        admin_or_founder(tx, caller, ADMINS_ONLY)?;
        let known = drafts.leave_out_known(tx, exist_ok)?;
        Ok::<_, Error>((known, tx.policy()?.password_min_length))
    })?;
    let short = |draft: &&Draft| draft.password.as_ref().is_some_and(|p| p.length() < least);
    if let Some(Draft { line, .. }) = drafts.0.iter().find(short) {
        let why = format!("the password has fewer than {least} characters");
        return Err(BadLine { line: *line, why }.into());
    }
    drafts.hash(done)?;
    store.write(|tx| {
        admin_or_founder(tx, caller, ADMINS_ONLY)?;
        let mut imported = Imported { new: 0, without_password: 0, known };
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
        Err(store::Error::Taken) => match Whose::of(tx, &draft.names)?.one() {
            Some(_) if exist_ok => imported.known += 1,
            _ => return Err(exists(tx, draft)?),
        },
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// The rows of a list as `-o json` has it, where a row is such a list.
fn rows_within(row: Row) -> Vec<Row> {
    let items = match row.claims.get("items") {
        Some(Value::Array(items)) if row.claims.len() == 1 => items,
        _ => return vec![row],
    };
    let within = |item: &Value| Some(Row { line: row.line, claims: item.as_object()?.clone() });
    items.iter().map(within).collect::<Option<_>>().unwrap_or_else(|| vec![row.clone()])
}

/// Which names of the row somebody has.
fn exists(tx: &Reader<'_>, draft: &Draft) -> Result<Error, store::Error> {
    let mut taken = Vec::new();
    for name in &draft.names {
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

/// What a row says; an error says what is wrong with it.
fn draft(Row { line, mut claims }: Row, now: Timestamp) -> Result<Draft, String> {
    let members = &mut claims;
    let uid = text(members, "uid")?;
    let uid = uid.map(|text| Uid::parse(&text).ok_or("`uid` is not a UUID")).transpose()?;
    let username = checked(members, "username", UserName::parse)?;
    let email = checked(members, "email", Email::parse)?;
    let mut names = logins(username.as_ref(), email.as_ref());
    if names.is_empty() {
        return Err("a username or an e-mail address is needed".to_owned());
    }
    names.extend(uid.map(UserRef::Uid));
    let password = checked(members, "password", |text| Password::parse(text.to_owned()))?;
    let hash = checked(members, "password_hash", |text| crypto::foreign_hash(text.to_owned()))?;
    if password.is_some() && hash.is_some() {
        return Err("it has a password and a hash".to_owned());
    }
    let account = Account {
        uid: uid.unwrap_or_else(crypto::uid),
        username,
        email,
        name: checked(members, "name", DisplayName::parse)?,
        password: hash,
        role: checked(members, "role", Role::parse)?.unwrap_or(Role::User),
        quota: quota(members)?,
        disabled_at: is_disabled(members)?.then_some(now),
        created_at: checked(members, "created_at", Timestamp::parse)?.unwrap_or(now),
    };
    if let Some(name) = members.keys().next() {
        return Err(format!("`{}` is none of {}", repeatable(name), MEMBERS.join(", ")));
    }
    Ok(Draft { line, account, names, password })
}

/// What identifies somebody, in one form.
fn name_key(name: &UserRef) -> String {
    match name {
        UserRef::Email(email) => email.key(),
        UserRef::Id(_) | UserRef::Uid(_) | UserRef::Name(_) => name.shown(),
    }
}

/// Takes that member out; nothing where it is absent or null.
fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` is not text")),
    }
}

fn checked<T>(
    members: &mut Map<String, Value>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, crate::model::Invalid>,
) -> Result<Option<T>, String> {
    let text = text(members, name)?;
    text.map(|text| parse(&text)).transpose().map_err(|invalid| invalid.to_string())
}

fn quota(members: &mut Map<String, Value>) -> Result<Option<Quota>, String> {
    if let Some(Value::Number(number)) = members.get("quota") {
        let number = Value::from(number.to_string());
        members.insert("quota".to_owned(), number);
    }
    checked(members, "quota", Quota::parse)
}

fn is_disabled(members: &mut Map<String, Value>) -> Result<bool, String> {
    match members.remove("disabled") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(disabled)) => Ok(disabled),
        Some(Value::String(word)) if word == "true" => Ok(true),
        Some(Value::String(word)) if word == "false" => Ok(false),
        Some(_) => Err("`disabled` is neither `true` nor `false`".to_owned()),
    }
}
