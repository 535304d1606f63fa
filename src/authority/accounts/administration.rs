//! What is done to accounts that exist: seen, changed, disabled, deleted. The last admin stays.

use super::super::{Act, Caller, Error, Thing};
use crate::model::{Page, Paged, Role, User, UserRef};
use crate::store::{Reader, Store, UserFilter, Writer};

/// The users that are there and pass the filter. Display names and roles are the admins' to see, so
/// nobody else searches by them.
pub(crate) fn list(
    store: &mut Store,
    caller: &Caller,
    filter: &UserFilter,
    page: Page,
) -> Result<Paged<User>, Error> {
    if filter.role.is_some() {
        caller.needs(Role::Admin, "only admins see roles")?;
    }
    let by_name = caller.user.role == Role::Admin;
    let filter = UserFilter { by_name, ..filter.clone() };
    Ok(store.read(|tx| tx.users(&filter, page))?)
}

/// One user: oneself, or anybody for an admin.
pub(crate) fn show(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<User, Error> {
    store.read(|tx| oneself_or_any(tx, caller, who, "only admins see other accounts"))
}

/// The user of that name, if it is the caller or the caller is an admin. Whoever is neither is
/// refused with that sentence before being told whether the name exists.
pub(in crate::authority) fn oneself_or_any(
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
pub(in crate::authority) fn existing(tx: &Reader<'_>, who: &UserRef) -> Result<User, Error> {
    tx.find_user(who)?.ok_or_else(|| not_found(who))
}

/// There is no user of that name.
pub(in crate::authority) fn not_found(who: &UserRef) -> Error {
    Error::NotFound { thing: Thing::User, shown: who.shown() }
}
