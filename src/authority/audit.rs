//! Queries of the audit log, for admins.

use super::abbreviation::{find_key, find_session};
use super::accounts::user_not_found;
use super::{Caller, Error};
use crate::model::{
    AuditEvent, EventTarget, Page, PageRequest, Role, SidPrefix, TargetKind, UserId, UserRef,
};
pub(crate) use crate::store::EventFilter;
use crate::store::Store;

fn authorize_read(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, "only admins can see the audit log")
}

/// Returns the id of the actor: the user whose events are requested. A deleted user can only be
/// selected by row id ([`UserRef::Id`]).
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

/// Returns `target`, which filters events, with the full id in place of an abbreviated key id or
/// session id. The id of an object that does not exist is unchanged: the audit log may still have
/// events of a deleted object.
pub(crate) fn resolve_target(
    store: &mut Store,
    caller: &Caller,
    target: EventTarget,
) -> Result<EventTarget, Error> {
    authorize_read(caller)?;
    store.read(|tx| {
        let Some(id) = target.id() else { return Ok(target) };
        let full_target = match (target.kind, SidPrefix::parse(id)) {
            (TargetKind::Key, _) => find_key(tx, id)?.map(|key| EventTarget::key(&key.spec.kid)),
            (TargetKind::Session, Ok(prefix)) => {
                find_session(tx, &prefix, None)?.map(|session| EventTarget::session(session.sid))
            }
            _ => None,
        };
        Ok(full_target.unwrap_or(target))
    })
}

/// Returns a page of events.
pub(crate) fn list_events(
    store: &mut Store,
    caller: &Caller,
    filter: &EventFilter,
    page: PageRequest,
) -> Result<Page<AuditEvent>, Error> {
    authorize_read(caller)?;
    Ok(store.read_after_writers(|tx| tx.events(filter, page))?)
}
