//! Reading what was done and what was refused: for admins.

use super::accounts::not_found;
use super::{Caller, Error};
use crate::model::{AuditEvent, Page, Paged, Role, UserId, UserRef};
use crate::store::{EventFilter, Store};

/// So many are read at a time where all are wanted.
const BATCH: i64 = 1_000;

fn may_read(caller: &Caller) -> Result<(), Error> {
    caller.needs(Role::Admin, "only admins see the audit")
}

/// Whose doings are meant. A deleted user did what it did, and is named by its id.
pub(crate) fn actor(store: &mut Store, caller: &Caller, who: &UserRef) -> Result<UserId, Error> {
    may_read(caller)?;
    let user = store.read(|tx| match who {
        UserRef::Id(id) => tx.find_user_row(*id),
        UserRef::Uid(_) | UserRef::Email(_) | UserRef::Name(_) => tx.find_user(who),
    })?;
    user.map(|user| user.id).ok_or_else(|| not_found(who))
}

/// A page of events.
pub(crate) fn list(
    store: &mut Store,
    caller: &Caller,
    filter: &EventFilter,
    page: Page,
) -> Result<Paged<AuditEvent>, Error> {
    may_read(caller)?;
    Ok(store.read(|tx| tx.events(filter, page))?)
}

/// The next of many events, behind the one of that id; none at the end.
pub(crate) fn next(
    store: &mut Store,
    caller: &Caller,
    filter: &EventFilter,
    after: Option<i64>,
) -> Result<Vec<AuditEvent>, Error> {
    may_read(caller)?;
    Ok(store.read(|tx| tx.some_events(filter, after, 0, BATCH))?)
}
