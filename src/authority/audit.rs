//! Queries of the audit log, for admins.

use super::accounts::user_not_found;
use super::{Caller, Error};
use crate::model::{AuditEvent, Page, PageRequest, Role, UserId, UserRef};
pub(crate) use crate::store::EventFilter;
use crate::store::Store;

fn authorize_read(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, "only admins can see the audit log")
}

/// Returns the id of the user whose events are requested. A deleted user can only be selected by
/// id.
pub(crate) fn find_actor(
    store: &mut Store,
    caller: &Caller,
    user_ref: &UserRef,
) -> Result<UserId, Error> {
    authorize_read(caller)?;
    let user = store.read(|tx| match user_ref {
        UserRef::Id(id) => tx.find_user_including_deleted(*id),
        UserRef::Uid(_) | UserRef::Email(_) | UserRef::Name(_) => tx.find_user(user_ref),
    })?;
    user.map(|user| user.id).ok_or_else(|| user_not_found(user_ref))
}

/// Returns a page of events.
pub(crate) fn list_events(
    store: &mut Store,
    caller: &Caller,
    filter: &EventFilter,
    page: PageRequest,
) -> Result<Page<AuditEvent>, Error> {
    authorize_read(caller)?;
    Ok(store.read(|tx| tx.events(filter, page))?)
}
