//! Looking at sessions and ending them, one's own or those of others.

use super::super::principal::{needs, write_as};
use super::super::{Act, Caller, Error, Thing};
use crate::model::{OpenSession, Owned, Role, Session, Sid, UserId};
use crate::store::Store;

const ADMINS_END: &str = "only admins end the sessions of others";

/// The sessions that can still be used: one's own, or anybody's for an admin.
pub(crate) fn list(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    user: Option<UserId>,
) -> Result<Vec<Owned<OpenSession>>, Error> {
    if user != Some(caller.user.id) {
        caller.needs(Role::Admin, "only admins see the sessions of others")?;
    }
    Ok(store.read(|tx| {
        let open = tx.open_sessions(user, act.now)?;
        open.into_iter().map(|open| tx.owned(open.session.user, open)).collect::<Result<_, _>>()
    })?)
}

/// Ends sessions by their ids, all of them or, if one is not there or not the caller's, none.
/// Which of them were open.
pub(crate) fn revoke(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    sids: &[Sid],
) -> Result<Vec<(Sid, bool)>, Error> {
    write_as(store, caller, |tx, user| {
        let mut found: Vec<Session> = Vec::with_capacity(sids.len());
        for sid in sids {
            let session = tx.find_session(*sid)?;
            // Only admins are told which sessions of others exist.
            if session.as_ref().is_none_or(|session| session.user != user.id) {
                needs(user, Role::Admin, ADMINS_END)?;
            }
            found.push(session.ok_or_else(|| Error::NotFound {
                thing: Thing::Session,
                shown: Some(sid.to_string()),
            })?);
        }
        let mut ended = Vec::with_capacity(found.len());
        for session in found {
            ended.push((session.sid, tx.end_session(session.id, "revoked", act.now)?));
        }
        let names: Vec<String> = sids.iter().map(|sid| format!("session {sid}")).collect();
        let count = ended.iter().filter(|(_, changed)| *changed).count();
        act.done(tx, Some(caller.user.id), names.join(", "), count)?;
        Ok(ended)
    })
}

/// Ends all sessions of a user, the caller's own if it is one; how many.
pub(crate) fn revoke_all(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    user: UserId,
) -> Result<usize, Error> {
    let role = if user == caller.user.id { Role::User } else { Role::Admin };
    caller.change(store, role, ADMINS_END, |tx| {
        let ended = tx.end_sessions_of(user, None, "revoked", act.now)?;
        act.done(tx, Some(caller.user.id), format!("sessions of user {user}"), ended)?;
        Ok(ended)
    })
}
