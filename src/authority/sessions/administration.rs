//! Lookup, listing and revocation of sessions.

use super::super::abbreviation::find_session;
use super::super::principal::{require_role, write_as};
use super::super::resource_kind::ResourceKind;
use super::super::{AuditContext, Caller, Error};
use crate::model::{
    ActiveSession, EventDetail, EventSubject, EventTarget, Page, PageRequest, Role, Session,
    SessionEndReason, Sid, SidPrefix, TargetKind, Timestamp, User, UserId, UserRef, WithOwner,
};
use crate::store::{self, Reader, Store};

const ADMINS_ONLY: &str = "only admins can end sessions of other users";

/// Returns a page of the sessions that can still be refreshed: of one user, or of all users if
/// `user` is `None`. Only admins may see sessions of other users.
pub(crate) fn list_active(
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
        tx.active_sessions(user, page, audit.now)?
            .try_map(|active| tx.with_owner(active.session.user_id, active))
    })?)
}

/// Returns an open session with its user; `None` if the session is missing, ended or expired, or if
/// the user is disabled or deleted.
pub(crate) fn find_open(
    store: &mut Store,
    now: Timestamp,
    sid: Sid,
) -> Result<Option<(User, Session)>, Error> {
    Ok(store.read(|tx| {
        let is_open = |session: &Session| session.ended_at.is_none() && session.expires_at > now;
        let Some(session) = tx.find_session(sid)?.filter(is_open) else { return Ok(None) };
        let user = tx.find_user(&UserRef::Id(session.user_id))?;
        Ok::<_, store::Error>(
            user.filter(|user| user.disabled_at.is_none()).map(|user| (user, session)),
        )
    })?)
}

/// Ends the sessions whose ids start with `prefixes`. Each prefix must select exactly one of the
/// sessions that the caller may end, otherwise no session is ended. Admins may end all sessions,
/// and other callers may end only their own sessions. Returns each selected session id, with `true`
/// if this call ended the session.
pub(crate) fn revoke(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    prefixes: &[SidPrefix],
) -> Result<Vec<(Sid, bool)>, Error> {
    write_as(store, caller, |tx, user| {
        let mut sessions: Vec<Session> = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            sessions.push(load_session(tx, user, prefix)?);
        }
        let sids: Vec<Sid> = sessions.iter().map(|session| session.sid).collect();
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
            EventSubject::list(sids.into_iter().map(EventTarget::session)),
            count,
        )?;
        Ok(results)
    })
}

/// Returns the session whose id starts with `prefix`, among the sessions that the user may end.
fn load_session(tx: &Reader<'_>, user: &User, prefix: &SidPrefix) -> Result<Session, Error> {
    let owner = (user.role < Role::Admin).then_some(user.id);
    if let Some(session) = find_session(tx, prefix, owner)? {
        return Ok(session);
    }
    // Only admins can find out which sessions of other users exist.
    require_role(user, Role::Admin, ADMINS_ONLY)?;
    let name = Some(prefix.as_str().to_owned());
    Err(Error::NotFound { resource: ResourceKind::Session, name })
}

/// Ends all sessions of a user. Only admins may end sessions of other users. If the user is the
/// caller, the current session ends too. Returns the number of ended sessions.
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
