//! All accounts at once, for a file.

use super::super::{Act, Caller, Error};
use crate::model::{PasswordHash, Role, User};
use crate::store::Store;

const ADMINS_ONLY: &str = "only admins export accounts";

/// Refuses whoever may not export accounts.
pub(crate) fn may_export(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, ADMINS_ONLY)
}

/// The users that are there, in the order of their ids. It is written down that their hashes were
/// given out, where they are wanted.
pub(crate) fn export(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    with_hashes: bool,
) -> Result<Vec<(User, Option<PasswordHash>)>, Error> {
    may_export(caller)?;
    let users = store.read(|tx| tx.users_to_export(with_hashes))?;
    if with_hashes {
        let by = Some(caller.user.id);
        caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
            Ok(act.done(tx, by, "password hashes".to_owned(), users.len())?)
        })?;
    }
    Ok(users)
}
