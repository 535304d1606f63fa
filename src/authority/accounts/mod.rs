//! Accounts: who may have one, log in, and go.

mod administration;
mod draft;
mod export;
mod import;

pub(crate) use administration::{
    Other, Renaming, deletable, delete, disable, enable, list, rename, set_quota, set_role, show,
};
pub(super) use administration::{existing, not_found, oneself_or_any};
pub(crate) use export::{Export, export, may_export};
pub(crate) use import::{Drafts, Imported, import, may_import};

use super::act::Trace;
use super::principal::{needs, write_for};
use super::{Act, Caller, Error, Proven};
use crate::crypto;
use crate::model::{
    Account, DisplayName, Email, Password, PasswordHash, Role, Timestamp, User, UserName, UserRef,
};
use crate::store::{self, Reader, Store, Writer};

/// What somebody wants to register with.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// The user name.
    pub(crate) username: Option<UserName>,
    /// The e-mail address.
    pub(crate) email: Option<Email>,
    /// The display name.
    pub(crate) name: Option<DisplayName>,
    /// The password.
    pub(crate) password: Password,
    /// The role that is asked for.
    pub(crate) role: Role,
}

/// What somebody logs in with; a name that cannot be one is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    /// The name or e-mail address.
    pub(crate) login: Option<UserRef>,
    /// The password.
    pub(crate) password: Option<Password>,
}

impl Registration {
    fn account(&self, now: Timestamp, password: PasswordHash) -> Account {
        Account {
            uid: crypto::uid(),
            username: self.username.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            password: Some(password),
            role: self.role,
            quota: None,
            disabled_at: None,
            created_at: now,
        }
    }

    fn names(&self) -> Vec<UserRef> {
        logins(self.username.as_ref(), self.email.as_ref())
    }
}

/// The names that somebody can log in by.
fn logins(username: Option<&UserName>, email: Option<&Email>) -> Vec<UserRef> {
    let username = username.cloned().map(UserRef::Name);
    username.into_iter().chain(email.cloned().map(UserRef::Email)).collect()
}

/// Whose some names are.
enum Whose {
    /// Nobody has any of them.
    Nobodys,
    /// One user has them all.
    Ones(User),
    /// Somebody has one of them, and nobody all.
    Mixed,
}

impl Whose {
    fn of(tx: &Reader<'_>, names: &[UserRef]) -> Result<Self, store::Error> {
        let found = names.iter().map(|who| tx.find_user(who)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = found.iter().flatten().next() else { return Ok(Self::Nobodys) };
        let is_first = |other: &Option<User>| other.as_ref().is_some_and(|o| o.id == first.id);
        let is_one = found.iter().all(is_first);
        Ok(if is_one { Self::Ones(first.clone()) } else { Self::Mixed })
    }

    fn one(self) -> Option<User> {
        match self {
            Self::Ones(user) => Some(user),
            Self::Nobodys | Self::Mixed => None,
        }
    }
}

/// Adds an account; the first of a store becomes admin whatever it asked for. `exist_ok`: an
/// account with just these names is left as it is. Whether it is new.
pub(crate) fn register(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    wish: &Registration,
    exist_ok: bool,
) -> Result<(User, bool), Error> {
    store.read(|tx| may_register(tx, caller.map(|caller| &caller.user), wish))?;
    let same = |store: &mut Store| store.read(|tx| Whose::of(tx, &wish.names())).map(Whose::one);
    if exist_ok && let Some(user) = same(store)? {
        return Ok((user, false));
    }
    store.read(|tx| long_enough(tx, &wish.password))?;
    let account = wish.account(act.now, crypto::hash(&wish.password)?);
    let principal = caller.map(|caller| &caller.principal);
    let added = write_for(store, principal, |tx, user| {
        may_register(tx, user, wish)?;
        long_enough(tx, &wish.password)?;
        let role = if tx.has_users()? { wish.role } else { Role::Admin };
        add(tx, act, caller, &Account { role, ..account.clone() })
    });
    match added {
        Ok(user) => Ok((user, true)),
        Err(Error::Store(store::Error::Taken)) => match same(store)?.filter(|_| exist_ok) {
            Some(user) => Ok((user, false)),
            None => Err(Error::UserExists),
        },
        Err(error) => Err(error),
    }
}

/// Adds one account; without a caller it is its own doing.
fn add(
    tx: &Writer<'_>,
    act: &Act,
    caller: Option<&Caller>,
    account: &Account,
) -> Result<User, Error> {
    let id = tx.add_user(account, act.now)?;
    let actor = caller.map_or(id, |caller| caller.user.id);
    act.done(tx, Some(actor), format!("user {id}"), 1)?;
    existing(tx, &UserRef::Id(id))
}

fn may_register(tx: &Reader<'_>, user: Option<&User>, wish: &Registration) -> Result<(), Error> {
    let is_admin = user.is_some_and(|user| user.role == Role::Admin);
    if is_admin || !tx.has_users()? {
        return Ok(());
    }
    if wish.role > Role::User {
        return Err(Error::Forbidden("only admins give a role"));
    }
    if !tx.policy()?.register_open {
        return Err(Error::Forbidden("only admins register accounts here"));
    }
    Ok(())
}

/// Refuses a user who is not an admin, and a missing user once the store has users: until then the
/// owner of its file may do everything.
pub(super) fn admin_or_founder(
    tx: &Reader<'_>,
    user: Option<&User>,
    refusal: &'static str,
) -> Result<(), Error> {
    match user {
        Some(user) => needs(user, Role::Admin, refusal),
        None if tx.has_users()? => Err(Error::Forbidden(refusal)),
        None => Ok(()),
    }
}

/// Whether the store has its first user.
pub(crate) fn is_founded(store: &mut Store) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.has_users())?)
}

/// Adds the first admin of a store that has no users yet, who can begin a session then.
pub(crate) fn found(store: &mut Store, act: &Act, wish: &Registration) -> Result<Proven, Error> {
    let hash = crypto::hash(&wish.password)?;
    let account = Account { role: Role::Admin, ..wish.account(act.now, hash.clone()) };
    let user = store.write(|tx| {
        if tx.has_users()? {
            return Err(Error::StoreExists);
        }
        add(tx, act, None, &account)
    })?;
    Ok(Proven { user, hash, better: None, trace: Trace::Written })
}

/// Authenticates a user by password. All failures cost the same and have the same error: an unknown
/// name, a text that cannot be a name or a password, a user without a password, a wrong password,
/// and a disabled user. A hash with weaker parameters than today's is to be replaced.
pub(crate) fn log_in(store: &mut Store, credential: &Credential) -> Result<Proven, Error> {
    let (found, costliest) = store.read(|tx| {
        let user = credential.login.as_ref().map(|who| tx.find_user(who)).transpose()?.flatten();
        let hash = user.as_ref().map(|user| tx.find_password(user.id)).transpose()?.flatten();
        Ok::<_, Error>((user.zip(hash), tx.costliest_hash()?))
    })?;
    let costliest = crypto::HashClass::costliest(costliest.as_deref())?;
    let password = credential.password.as_ref();
    let hash = found.as_ref().map(|(_, hash)| hash);
    let right = hash.map_or(Ok(false), |hash| crypto::matches(password, hash))?;
    match (&found, password) {
        (Some((user, hash)), Some(password)) if right && user.disabled_at.is_none() => {
            let better = crypto::is_weak(hash).then(|| crypto::hash(password)).transpose()?;
            let (user, hash) = (user.clone(), hash.clone());
            Ok(Proven { user, hash, better, trace: Trace::Missing })
        }
        _ => {
            crypto::complete_work(password, hash, &costliest)?;
            Err(Error::LoginInvalid)
        }
    }
}

/// Gives the caller another password and ends the other sessions; how many.
pub(crate) fn change_password(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    current: &Password,
    new: &Password,
) -> Result<usize, Error> {
    let hash = store.read(|tx| tx.find_password(caller.user.id))?;
    if !hash.as_ref().map_or(Ok(false), |hash| crypto::matches(Some(current), hash))? {
        return Err(Error::WrongPassword);
    }
    store.read(|tx| long_enough(tx, new))?;
    replace_password(store, act, Some((caller, hash)), &caller.user, new)
}

/// The user who is to get another password without a session, before anybody is asked for it.
pub(crate) fn recoverable(store: &mut Store, who: &UserRef) -> Result<User, Error> {
    store.read(|tx| existing(tx, who))
}

/// Gives a user another password without a session, which whoever can write the file could do
/// anyway; ends all its sessions; how many.
pub(crate) fn recover(
    store: &mut Store,
    act: &Act,
    who: &UserRef,
    new: &Password,
) -> Result<(User, usize), Error> {
    let user = recoverable(store, who)?;
    store.read(|tx| long_enough(tx, new))?;
    let ended = replace_password(store, act, None, &user, new)?;
    Ok((user, ended))
}

/// Replaces a password: of the caller, if it still is the one whose hash was checked, or without a
/// session.
fn replace_password(
    store: &mut Store,
    act: &Act,
    caller: Option<(&Caller, Option<PasswordHash>)>,
    user: &User,
    new: &Password,
) -> Result<usize, Error> {
    let hash: PasswordHash = crypto::hash(new)?;
    let (caller, checked) = caller.unzip();
    let by = caller.map(|caller| caller.user.id);
    let keep = caller.map(|caller| caller.session.sid);
    let ended = write_for(store, caller.map(|caller| &caller.principal), |tx, principal| {
        let user = match principal {
            Some(user) => user.clone(),
            None => existing(tx, &UserRef::Id(user.id))?,
        };
        long_enough(tx, new)?;
        if checked.is_some() && checked != Some(tx.find_password(user.id)?) {
            return Err(Error::WrongPassword);
        }
        tx.set_password(user.id, &hash, act.now)?;
        let ended = tx.end_sessions_of(user.id, keep, "password", act.now)?;
        act.done(tx, by, format!("user {}", user.id), 1)?;
        Ok(ended)
    })?;
    store.erase_deleted();
    Ok(ended)
}

fn long_enough(tx: &Reader<'_>, password: &Password) -> Result<(), Error> {
    let least = tx.policy()?.password_min_length;
    if password.length() < least {
        return Err(Error::Usage(format!("the password has fewer than {least} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
