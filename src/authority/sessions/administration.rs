//! Listing and revocation of sessions.

use super::super::error::ResourceKind;
use super::super::principal::{require_role, write_as};
use super::super::{AuditContext, Caller, Error};
use crate::model::{
    ActiveSession, EventDetail, EventSubject, EventTarget, Page, PageRequest, Role, Session,
    SessionEndReason, Sid, TargetKind, UserId, WithOwner,
};
use crate::store::Store;

const ADMINS_ONLY: &str = "only admins can end sessions of other users";

/// Returns a page of the open sessions of a user, or of all users. The user must be the caller
/// unless the caller is an admin.
pub(crate) fn list_open(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user: Option<UserId>,
    page: PageRequest,
) -> Result<Page<WithOwner<ActiveSession>>, Error> {
    if user != Some(caller.user.id) {
        caller.require_role(Role::Admin, "only admins can see sessions of other users")?;
    }
    Ok(store.read(|tx| {
        tx.open_sessions(user, page, audit.now)?
            .try_map(|active| tx.with_owner(active.session.user_id, active))
    })?)
}

/// Ends sessions, all or none: every session must exist, and belong to the caller unless the caller
/// is an admin. Returns for each session whether the session was open.
pub(crate) fn revoke(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    sids: &[Sid],
) -> Result<Vec<(Sid, bool)>, Error> {
    write_as(store, caller, |tx, user| {
        let mut sessions: Vec<Session> = Vec::with_capacity(sids.len());
        for sid in sids {
            let session = tx.find_session(*sid)?;
            // Only admins can find out which sessions of other users exist.
            if session.as_ref().is_none_or(|session| session.user_id != user.id) {
                require_role(user, Role::Admin, ADMINS_ONLY)?;
            }
            sessions.push(session.ok_or_else(|| Error::NotFound {
                resource: ResourceKind::Session,
                name: Some(sid.to_string()),
            })?);
        }
        let mut results = Vec::with_capacity(sessions.len());
        for session in sessions {
            results.push((
                session.sid,
                tx.end_session(session.id, SessionEndReason::Revoked, audit.now)?,
            ));
        }
        let count = results.iter().filter(|(_, changed)| *changed).count();
        audit.record(
            tx,
            Some(caller.user.id),
            EventSubject::list(sids.iter().copied().map(EventTarget::session)),
            count,
        )?;
        Ok(results)
    })
}

/// Ends all sessions of a user, including that of the caller. Returns the number of ended sessions.
pub(crate) fn revoke_all(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user: UserId,
) -> Result<usize, Error> {
    let role = if user == caller.user.id { Role::User } else { Role::Admin };
    caller.write_with_role(store, role, ADMINS_ONLY, |tx| {
        let ended_count = tx.end_user_sessions(user, None, SessionEndReason::Revoked, audit.now)?;
        let detail = EventDetail {
            owner: Some(EventTarget::user(user)),
            ..EventDetail::objects("sessions")
        };
        let subject = EventSubject::several(TargetKind::Session, detail);
        audit.record(tx, Some(caller.user.id), subject, ended_count)?;
        Ok(ended_count)
    })
}
