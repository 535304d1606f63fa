//! One row of a file as an account: what it may say, and what it says of somebody who is there.

use super::logins;
use crate::crypto;
use crate::model::{
    Account, DisplayName, Email, Invalid, OwnQuota, Password, Role, Row, Timestamp, Uid, User,
    UserName, UserRef, repeatable,
};
use serde_json::{Map, Value};

/// What a row may say.
pub(super) const MEMBERS: [&str; 10] = [
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

/// An account as a row has it.
#[derive(Debug)]
pub(super) struct Draft {
    /// Where it stands.
    pub(super) line: u64,
    /// What it becomes.
    pub(super) account: Account,
    /// Whether the file has its uid.
    has_uid: bool,
    /// The password to be hashed.
    pub(super) password: Option<Password>,
    said: Said,
}

/// What a row says itself; an account has the rest by default.
#[derive(Debug)]
struct Said {
    role: Option<Role>,
    quota: Option<OwnQuota>,
    is_disabled: Option<bool>,
}

impl Draft {
    /// Who it would be: its names, and its uid if the file has one.
    pub(super) fn names(&self) -> Vec<UserRef> {
        let mut names = logins(self.account.username.as_ref(), self.account.email.as_ref());
        names.extend(self.has_uid.then_some(UserRef::Uid(self.account.uid)));
        names
    }

    /// Whether the row says another role, quota or display name than the user of its names has, or
    /// that it is disabled where it is not. What the row does not say differs from nothing.
    pub(super) fn differs_from(&self, user: &User) -> bool {
        let said = &self.said;
        said.role.is_some_and(|role| role != user.role)
            || said.quota.is_some_and(|quota| quota.0 != user.quota)
            || said.is_disabled.is_some_and(|disabled| disabled != user.disabled_at.is_some())
            || self.account.name.as_ref().is_some_and(|name| Some(name) != user.name.as_ref())
    }
}

/// The rows of a list as `-o json` has it, where a row is such a list.
pub(super) fn rows_within(row: Row) -> Vec<Row> {
    let items = match row.claims.get("items") {
        Some(Value::Array(items)) if row.claims.len() == 1 => items,
        _ => return vec![row],
    };
    let within = |item: &Value| Some(Row { line: row.line, claims: item.as_object()?.clone() });
    items.iter().map(within).collect::<Option<_>>().unwrap_or_else(|| vec![row.clone()])
}

/// What a row says; an error says what is wrong with it.
pub(super) fn draft(Row { line, mut claims }: Row, now: Timestamp) -> Result<Draft, String> {
    let members = &mut claims;
    let uid = text(members, "uid")?;
    let uid = uid.map(|text| Uid::typed(&text).ok_or("`uid` is not a UUID")).transpose()?;
    let username = checked(members, "username", UserName::parse)?;
    let email = checked(members, "email", Email::parse)?;
    if username.is_none() && email.is_none() {
        return Err("a username or an e-mail address is needed".to_owned());
    }
    let password = checked(members, "password", |text| Password::parse(text.to_owned()))?;
    let hash = checked(members, "password_hash", |text| crypto::foreign_hash(text.to_owned()))?;
    if password.is_some() && hash.is_some() {
        return Err("it has a password and a hash".to_owned());
    }
    let said = Said {
        role: word(members, "role", Role::parse)?,
        quota: quota(members)?,
        is_disabled: is_disabled(members)?,
    };
    let account = Account {
        uid: uid.unwrap_or_else(crypto::uid),
        username,
        email,
        name: checked(members, "name", DisplayName::parse)?,
        password: hash,
        role: said.role.unwrap_or(Role::User),
        quota: said.quota.and_then(|quota| quota.0),
        disabled_at: said.is_disabled.unwrap_or(false).then_some(now),
        created_at: checked(members, "created_at", Timestamp::parse)?.unwrap_or(now),
    };
    if let Some(name) = members.keys().next() {
        return Err(format!("`{}` is none of {}", repeatable(name), MEMBERS.join(", ")));
    }
    Ok(Draft { line, account, has_uid: uid.is_some(), password, said })
}

/// What identifies somebody, in one form.
pub(super) fn name_key(name: &UserRef) -> String {
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
    what: &'static str,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Option<T>, String> {
    let value = text(members, what)?.map(|text| parse(&text)).transpose();
    value.map_err(|invalid| Invalid { what, ..invalid }.to_string())
}

/// A word of ours, which a spreadsheet may write in capitals.
fn word<T>(
    members: &mut Map<String, Value>,
    what: &'static str,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Option<T>, String> {
    checked(members, what, |text| parse(&text.to_ascii_lowercase()))
}

fn quota(members: &mut Map<String, Value>) -> Result<Option<OwnQuota>, String> {
    if let Some(Value::Number(number)) = members.get("quota") {
        let number = Value::from(number.to_string());
        members.insert("quota".to_owned(), number);
    }
    word(members, "quota", OwnQuota::parse)
}

fn is_disabled(members: &mut Map<String, Value>) -> Result<Option<bool>, String> {
    if let Some(Value::Bool(disabled)) = members.get("disabled") {
        let disabled = Value::from(disabled.to_string());
        members.insert("disabled".to_owned(), disabled);
    }
    word(members, "disabled", |text| {
        text.parse().map_err(|_| Invalid::new("disabled", "`true` or `false`"))
    })
}
