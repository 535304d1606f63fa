//! What is done to accounts that exist: seen, changed, disabled, deleted. The last admin stays.

use super::super::principal::needs;
use super::super::{Act, Caller, Error, Thing};
use crate::model::{DisplayName, Email, Page, Paged, Quota, Role, User, UserId, UserName, UserRef};
use crate::store::{self, Reader, Store, UserFilter, Writer};

const ADMINS_CHANGE: &str = "only admins change accounts";
const ADMINS_DELETE: &str = "only admins delete accounts";

/// Another one, or none in its place.
#[derive(Debug, Clone)]
pub(crate) struct Other<T>(pub(crate) Option<T>);

/// Other names for a user; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renaming {
    /// The user name.
    pub(crate) username: Option<Other<UserName>>,
    /// The e-mail address.
    pub(crate) email: Option<Other<Email>>,
    /// The display name.
    pub(crate) name: Option<Other<DisplayName>>,
}

impl<T> Other<T> {
    /// What is there then.
    fn after<'o>(this: Option<&'o Self>, before: Option<&'o T>) -> Option<&'o T> {
        this.map_or(before, |Self(other)| other.as_ref())
    }
}

/// The users that are there and pass the filter. Display names and roles are the admins' to see, so
/// nobody else searches by them.
pub(crate) fn list(
    store: &mut Store,
    caller: &Caller,
    filter: &UserFilter,
    page: Page,
) -> Result<Paged<User>, Error> {
    if filter.role.is_some() || filter.disabled.is_some() {
        caller.needs(Role::Admin, "only admins see roles and status")?;
    }
    let by_name = caller.user.role == Role::Admin;
    let filter = UserFilter { by_name, ..filter.clone() };
    Ok(store.read(|tx| tx.users(&filter, page))?)
}

/// One user: oneself, or anybody for an admin.
pub(crate) fn show(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<User, Error> {
    store.read(|tx| oneself_or_any(tx, &caller.user, who, "only admins see other accounts"))
}

/// The user of that name, if it is the caller or the caller is an admin. Whoever is neither is
/// refused with that sentence before being told whether the name exists.
pub(in crate::authority) fn oneself_or_any(
    tx: &Reader<'_>,
    caller: &User,
    who: &UserRef,
    refusal: &'static str,
) -> Result<User, Error> {
    let found = tx.find_user(who)?;
    if found.as_ref().is_none_or(|user| user.id != caller.id) {
        needs(caller, Role::Admin, refusal)?;
    }
    found.ok_or_else(|| not_found(who))
}

/// Gives a user another role; the user, and whether it had another.
pub(crate) fn set_role(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
    role: Role,
) -> Result<(User, bool), Error> {
    change(store, act, caller, who, |tx, user| {
        if role != Role::Admin {
            may_go(tx, user)?;
        }
        tx.set_role(user.id, role)?;
        Ok(user.role != role)
    })
}

/// Gives a user a quota of its own, or with `None` the store's; the user, and whether it had
/// another. Tokens that are too many then stay.
pub(crate) fn set_quota(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
    quota: Option<Quota>,
) -> Result<(User, bool), Error> {
    change(store, act, caller, who, |tx, user| {
        tx.set_quota(user.id, quota)?;
        Ok(user.quota != quota)
    })
}

/// Gives a user other names; the user, and whether it had others. One to log in by must stay.
pub(crate) fn rename(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
    to: &Renaming,
) -> Result<(User, bool), Error> {
    let renamed = change(store, act, caller, who, |tx, user| {
        let username = Other::after(to.username.as_ref(), user.username.as_ref());
        let email = Other::after(to.email.as_ref(), user.email.as_ref());
        let name = Other::after(to.name.as_ref(), user.name.as_ref());
        if username.is_none() && email.is_none() {
            return Err(Error::Usage("a username or an e-mail address must stay".to_owned()));
        }
        tx.set_names(user.id, username, email, name)?;
        Ok((username, email.map(Email::as_str), name)
            != (user.username.as_ref(), user.email.as_ref().map(Email::as_str), user.name.as_ref()))
    });
    match renamed {
        Err(Error::Store(store::Error::Taken)) => Err(Error::UserExists),
        other => other,
    }
}

/// Keeps a user from logging in and ends its sessions; the user, and how many if it was not
/// disabled before.
pub(crate) fn disable(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
) -> Result<(User, Option<usize>), Error> {
    let mut ended = 0;
    let (user, changed) = change(store, act, caller, who, |tx, user| {
        if user.disabled_at.is_some() {
            return Ok(false);
        }
        may_go(tx, user)?;
        tx.set_disabled(user.id, Some(act.now))?;
        ended = tx.end_sessions_of(user.id, None, "disabled", act.now)?;
        Ok(true)
    })?;
    Ok((user, changed.then_some(ended)))
}

/// Lets a user log in again; the user, and whether it was disabled.
pub(crate) fn enable(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
) -> Result<(User, bool), Error> {
    change(store, act, caller, who, |tx, user| {
        tx.set_disabled(user.id, None)?;
        Ok(user.disabled_at.is_some())
    })
}

/// Changes a user and writes it down; the user after it, and whether anything is other than before.
fn change(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    who: &UserRef,
    mut work: impl FnMut(&Writer<'_>, &User) -> Result<bool, Error>,
) -> Result<(User, bool), Error> {
    caller.change(store, Role::Admin, ADMINS_CHANGE, |tx| {
        let user = existing(tx, who)?;
        let changed = work(tx, &user)?;
        done(tx, act, caller, user.id, usize::from(changed))?;
        Ok((existing(tx, &UserRef::Id(user.id))?, changed))
    })
}

/// The user that the caller may delete.
pub(crate) fn deletable(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<User, Error> {
    caller.needs(Role::Admin, ADMINS_DELETE)?;
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
    let revoked = caller.change(store, Role::Admin, ADMINS_DELETE, |tx| {
        let user = existing(tx, &UserRef::Id(user.id))?;
        may_go(tx, &user)?;
        tx.end_sessions_of(user.id, None, "deleted", act.now)?;
        let revoked = tx.revoke_tokens_of(user.id, act.now)?;
        tx.remove_user(user.id, act.now)?;
        done(tx, act, caller, user.id, 1)?;
        Ok(revoked)
    })?;
    store.erase_deleted();
    Ok(revoked)
}

fn done(
    tx: &Writer<'_>,
    act: &Act,
    caller: &Caller,
    user: UserId,
    count: usize,
) -> Result<(), store::Error> {
    act.done(tx, Some(caller.user.id), format!("user {user}"), count)
}

fn may_go(tx: &Reader<'_>, user: &User) -> Result<(), Error> {
    let counts = user.role == Role::Admin && user.disabled_at.is_none();
    if counts && tx.count_admins()? <= 1 { Err(Error::LastAdmin) } else { Ok(()) }
}

/// The user of that name, or the refusal that says so.
pub(in crate::authority) fn existing(tx: &Reader<'_>, who: &UserRef) -> Result<User, Error> {
    tx.find_user(who)?.ok_or_else(|| not_found(who))
}

/// There is no user of that name.
pub(in crate::authority) fn not_found(who: &UserRef) -> Error {
    Error::NotFound { thing: Thing::User, shown: Some(who.shown()) }
}
