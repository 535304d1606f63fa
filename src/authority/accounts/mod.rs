//! Accounts: who may have one, log in, and go.

use super::act::Trace;
use super::{Act, Caller, Error, Proven, Thing};
use crate::crypto;
use crate::model::{
    Account, Email, Foreign, Page, Paged, Password, PasswordHash, Role, Sid, User, UserId,
    UserName, UserRef,
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
    pub(crate) name: Option<Foreign>,
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
    fn hashed(&self) -> Result<Account, Error> {
        Ok(Account {
            username: self.username.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            password: crypto::hash(&self.password)?,
        })
    }

    /// The user who has all the names that were given.
    fn find_same(&self, tx: &Reader<'_>) -> Result<Option<User>, Error> {
        let names =
            [self.username.clone().map(UserRef::Name), self.email.clone().map(UserRef::Email)];
        let mut same: Option<User> = None;
        for who in names.iter().flatten() {
            match (tx.find_user(who)?, &same) {
                (Some(user), None) => same = Some(user),
                (Some(user), Some(first)) if user.id == first.id => {}
                _ => return Ok(None),
            }
        }
        Ok(same)
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
    store.read(|tx| may_register(tx, caller, wish))?;
    if exist_ok && let Some(user) = store.read(|tx| wish.find_same(tx))? {
        return Ok((user, false));
    }
    long_enough(store, &wish.password)?;
    let account = wish.hashed()?;
    let uid = crypto::uid();
    let added = store.write(|tx| {
        may_register(tx, caller, wish)?;
        let role = if tx.has_users()? { wish.role } else { Role::Admin };
        let user = tx.add_user(uid, &account, role, act.now)?;
        let actor = caller.map_or(user.id, |caller| caller.user.id);
        act.done(tx, Some(actor), format!("user {}", user.id), 1)?;
        Ok(user)
    });
    match added {
        Ok(user) => Ok((user, true)),
        Err(Error::Store(store::Error::Taken)) => {
            let same = store.read(|tx| wish.find_same(tx))?;
            match same.filter(|_| exist_ok) {
                Some(user) => Ok((user, false)),
                None => Err(Error::UserExists),
            }
        }
        Err(error) => Err(error),
    }
}

fn may_register(
    tx: &Reader<'_>,
    caller: Option<&Caller>,
    wish: &Registration,
) -> Result<(), Error> {
    let is_admin = caller.is_some_and(|caller| caller.user.role == Role::Admin);
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

/// Whether the store has its first user.
pub(crate) fn is_founded(store: &mut Store) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.has_users())?)
}

/// Adds the first admin of a store that has no users yet, who can begin a session then.
pub(crate) fn found(store: &mut Store, act: &Act, wish: &Registration) -> Result<Proven, Error> {
    let account = wish.hashed()?;
    let uid = crypto::uid();
    let user = store.write(|tx| {
        if tx.has_users()? {
            return Err(Error::StoreExists);
        }
        let user = tx.add_user(uid, &account, Role::Admin, act.now)?;
        act.done(tx, Some(user.id), format!("user {}", user.id), 1)?;
        Ok(user)
    })?;
    Ok(Proven { user, hash: account.password, better: None, trace: Trace::Written })
}

/// Who has that password. An unknown name, a wrong password and a disabled user cost the same and
/// are told in the same words. A hash with weaker parameters than today's is to be replaced.
pub(crate) fn log_in(store: &mut Store, credential: &Credential) -> Result<Proven, Error> {
    let found = store.read(|tx| {
        let user = credential.login.as_ref().map(|who| tx.find_user(who)).transpose()?.flatten();
        let hash = user.as_ref().map(|user| tx.find_password(user.id)).transpose()?.flatten();
        Ok::<_, Error>(user.zip(hash))
    })?;
    let hash = found.as_ref().map(|(_, hash)| hash);
    let right = crypto::matches(credential.password.as_ref(), hash);
    match (found, &credential.password) {
        (Some((user, hash)), Some(password)) if right && user.disabled_at.is_none() => {
            let is_weak = crypto::is_weak(&hash);
            let better = is_weak.then(|| crypto::hash(password)).transpose()?;
            Ok(Proven { user, hash, better, trace: Trace::Missing })
        }
        _ => Err(Error::LoginInvalid),
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
    if !crypto::matches(Some(current), hash.as_ref()) {
        return Err(Error::WrongPassword);
    }
    long_enough(store, new)?;
    let by = Some(caller.user.id);
    replace_password(store, act, by, &caller.user, new, Some(caller.session.sid))
}

/// Gives a user another password without a session, which whoever can write the file could do
/// anyway; ends all its sessions; how many.
pub(crate) fn recover(
    store: &mut Store,
    act: &Act,
    who: &UserRef,
    new: &Password,
) -> Result<(User, usize), Error> {
    let user = store.read(|tx| existing(tx, who))?;
    long_enough(store, new)?;
    let ended = replace_password(store, act, None, &user, new, None)?;
    Ok((user, ended))
}

fn replace_password(
    store: &mut Store,
    act: &Act,
    by: Option<UserId>,
    user: &User,
    new: &Password,
    keep: Option<Sid>,
) -> Result<usize, Error> {
    let hash: PasswordHash = crypto::hash(new)?;
    store.write(|tx| {
        tx.set_password(user.id, &hash, act.now)?;
        let ended = tx.end_sessions_of(user.id, keep, "password", act.now)?;
        act.done(tx, by, format!("user {}", user.id), 1)?;
        Ok(ended)
    })
}

fn long_enough(store: &mut Store, password: &Password) -> Result<(), Error> {
    let least = store.read(|tx| tx.policy())?.password_min_length;
    if password.length() < least {
        return Err(Error::Usage(format!("the password has fewer than {least} characters")));
    }
    Ok(())
}

/// The users that are there.
pub(crate) fn list(store: &mut Store, page: Page) -> Result<Paged<User>, Error> {
    Ok(store.read(|tx| tx.users(page))?)
}

/// One user: oneself, or anybody for an admin.
pub(crate) fn show(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<User, Error> {
    store.read(|tx| oneself_or_any(tx, caller, who, "only admins see other accounts"))
}

/// The user of that name, if it is the caller or the caller is an admin. Whoever is neither is
/// refused with that sentence before being told whether the name exists.
pub(super) fn oneself_or_any(
    tx: &Reader<'_>,
    caller: &Caller,
    who: &UserRef,
    refusal: &'static str,
) -> Result<User, Error> {
    let found = tx.find_user(who)?;
    if found.as_ref().is_none_or(|user| user.id != caller.user.id) {
        caller.needs(Role::Admin, refusal)?;
    }
    found.ok_or_else(|| not_found(who))
}

/// The user that the caller may delete.
pub(crate) fn deletable(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<User, Error> {
    caller.needs(Role::Admin, "only admins delete accounts")?;
    store.read(|tx| {
        let user = existing(tx, who)?;
        may_go(tx, &user)?;
        Ok(user)
    })
}

/// Deletes a user: names freed, sessions ended, tokens revoked, the nameless row kept; how many
/// tokens.
pub(crate) fn delete(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    user: &User,
) -> Result<usize, Error> {
    caller.needs(Role::Admin, "only admins delete accounts")?;
    store.write(|tx: &Writer<'_>| {
        let user = existing(tx, &UserRef::Id(user.id))?;
        may_go(tx, &user)?;
        tx.end_sessions_of(user.id, None, "deleted", act.now)?;
        let revoked = tx.revoke_tokens_of(user.id, act.now)?;
        tx.remove_user(user.id, act.now)?;
        act.done(tx, Some(caller.user.id), format!("user {}", user.id), 1)?;
        Ok(revoked)
    })
}

fn may_go(tx: &Reader<'_>, user: &User) -> Result<(), Error> {
    let counts = user.role == Role::Admin && user.disabled_at.is_none();
    if counts && tx.count_admins()? <= 1 { Err(Error::LastAdmin) } else { Ok(()) }
}

/// The user of that name, or the refusal that says so.
pub(super) fn existing(tx: &Reader<'_>, who: &UserRef) -> Result<User, Error> {
    tx.find_user(who)?.ok_or_else(|| not_found(who))
}

/// There is no user of that name.
pub(super) fn not_found(who: &UserRef) -> Error {
    Error::NotFound { thing: Thing::User, shown: who.shown() }
}

#[cfg(test)]
mod tests;
