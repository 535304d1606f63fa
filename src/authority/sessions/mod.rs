//! Sessions: one login, one family of refresh tokens.

mod administration;
mod pair;

pub(crate) use administration::{list, revoke, revoke_all};
pub(super) use pair::end_after;
use pair::{again, new_pair, signed};

use super::act::Trace;
use super::principal::BearerCredential;
use super::verification::{Record, Verdict};
use super::{Act, Checks, Error, Principal, Reason, Wanted, verify};
use crate::crypto;
use crate::model::{Jti, Key, PasswordHash, Policy, Session, Sid, Timestamp, TokenKind, User};
use crate::store::{NewPair, PairOfSession, Reader, Store, Writer};
use secrecy::SecretString;
use std::ops::Deref;

/// The principal of a session.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) principal: Principal,
    /// The session the access token belongs to.
    pub(crate) session: Session,
    /// The expiry of the access token.
    pub(crate) access_expires_at: Timestamp,
}

impl From<Caller> for Principal {
    fn from(caller: Caller) -> Self {
        caller.principal
    }
}

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// The two tokens of a session, signed.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// The session.
    pub(crate) sid: Sid,
    /// Whose it is.
    pub(crate) user: User,
    /// The access token.
    pub(crate) access: SecretString,
    /// The refresh token.
    pub(crate) refresh: SecretString,
    /// The access token's end.
    pub(crate) access_expires_at: Timestamp,
    /// The refresh token's end.
    pub(crate) refresh_expires_at: Timestamp,
}

/// The identities that the next pair will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    /// Its access token's.
    pub(crate) access: Jti,
    /// Its refresh token's.
    pub(crate) refresh: Jti,
}

impl Next {
    /// Fresh ones.
    pub(crate) fn fresh() -> Self {
        Self { access: crypto::jti(), refresh: crypto::jti() }
    }
}

/// How often signing starts again because the key was changed meanwhile.
pub(super) const ATTEMPTS: usize = 5;

/// Who holds this access token.
pub(crate) fn authenticate(
    store: &mut Store,
    now: Timestamp,
    access: &str,
) -> Result<Caller, Error> {
    let checks = Checks::only(Wanted::Only(TokenKind::Access), now);
    let verdict = verify(store, access, &checks)?.accepted()?;
    match (verdict.record, verdict.owner, verdict.key) {
        (Record::Session(found), Some(user), Some(key)) => Ok(Caller {
            principal: Principal {
                user,
                credential: BearerCredential::Access(found.pair.access),
                key,
                now,
            },
            session: found.session,
            access_expires_at: found.pair.access_expires_at,
        }),
        _ => Err(Error::refused(Reason::UnknownToken)),
    }
}

/// Somebody whose password was right a moment ago.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    /// Who it is.
    pub(super) user: User,
    /// The hash that the password was right for.
    pub(super) hash: PasswordHash,
    /// A hash with today's parameters, where that one is weaker.
    pub(super) better: Option<PasswordHash>,
    /// Whether the session has a row in the audit of its own.
    pub(super) trace: Trace,
}

/// Begins a session in the place of the one that its client has, which ends with the same commit;
/// whether that was open. `keep` gets the signed tokens before they are good for anything: their
/// client writes them down first, so that no instant leaves an open session that nobody has.
pub(crate) fn begin<E: From<Error>>(
    store: &mut Store,
    act: &Act,
    proven: &Proven,
    replaced: Option<Sid>,
    mut keep: impl FnMut(&Tokens) -> Result<(), E>,
) -> Result<(Tokens, bool), E> {
    let sid = crypto::sid();
    let next = Next::fresh();
    for _ in 0..ATTEMPTS {
        let (policy, key) = store.read(signing)?;
        let end = end_after(act.now, policy.session_ttl)?;
        let pair = new_pair(&policy, &key, next, act.now, end)?;
        let tokens = signed(&key, &policy, &proven.user, sid, true, &pair)?;
        keep(&tokens)?;
        let begun = store.write(|tx| {
            if !tx.is_active(key.id)? {
                return Ok(None);
            }
            still_proven(tx, proven)?;
            tx.add_session(sid, proven.user.id, end, &pair)?;
            if proven.trace == Trace::Missing {
                act.done(tx, Some(proven.user.id), format!("session {sid}"), 1)?;
            }
            match replaced.map(|old| tx.find_session(old)).transpose()?.flatten() {
                Some(old) => Ok(Some(tx.end_session(old.id, "replaced", act.now)?)),
                None => Ok(Some(false)),
            }
        })?;
        if let Some(replaced) = begun {
            return Ok((tokens, replaced));
        }
    }
    Err(Error::KeyChanges.into())
}

/// A password that was changed meanwhile is not right any more, and nobody is deleted or disabled.
fn still_proven(tx: &Writer<'_>, proven: &Proven) -> Result<(), Error> {
    let id = proven.user.id;
    let present = tx.find_user_row(id)?;
    let is_there = present.is_some_and(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
    if !is_there || tx.find_password(id)?.as_ref() != Some(&proven.hash) {
        return Err(Error::LoginInvalid);
    }
    if let Some(better) = &proven.better {
        tx.strengthen_password(id, better)?;
    }
    Ok(())
}

/// Whether a session that its client wrote down was begun, or the client was interrupted before.
pub(crate) fn was_begun(store: &mut Store, sid: Sid) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.find_session(sid))?.is_some())
}

/// What a presented refresh token led to, inside the transaction.
enum Turn {
    /// Spent, the successors recorded.
    Spent,
    /// It was spent for the very successors its client wrote down: they are signed again.
    Interrupted(PairOfSession),
    /// It was spent for others: the session is over.
    Reused,
    /// The key was changed meanwhile.
    KeyChanged,
}

/// Trades a refresh token for the pair `next`, once (contract, *Refresh*). A spent token ends its
/// session, unless `next` is what it was spent for: then those two are signed again from their
/// row, with the same identities and times.
pub(crate) fn refresh(
    store: &mut Store,
    act: &Act,
    refresh: &str,
    next: Next,
) -> Result<Tokens, Error> {
    for _ in 0..ATTEMPTS {
        let checks = Checks::only(Wanted::Only(TokenKind::Refresh), act.now);
        let verdict = verify(store, refresh, &checks)?;
        let (policy, key) = store.read(signing)?;
        let (old, user) = presented(verdict)?;
        let pair = new_pair(&policy, &key, next, act.now, old.session.expires_at)?;
        match store.write(|tx| turn(tx, act, &old, &pair))? {
            Turn::Spent => {
                return signed(&key, &policy, &user, old.session.sid, false, &pair);
            }
            Turn::Interrupted(found) => {
                return signed(&key, &policy, &user, old.session.sid, false, &again(&found, &key));
            }
            Turn::Reused => return Err(Error::refused(Reason::Reused)),
            Turn::KeyChanged => {}
        }
    }
    Err(Error::KeyChanges)
}

/// The row behind a refresh token that may be presented: nothing is wrong with it, but that it
/// may be spent, and then its age does not matter either.
fn presented(verdict: Verdict) -> Result<(PairOfSession, User), Error> {
    let spent = matches!(&verdict.record, Record::Session(f) if f.pair.spent_at.is_some());
    let forgiven = |reason: &Reason| spent && matches!(reason, Reason::Revoked | Reason::Expired);
    if !verdict.reasons.iter().all(forgiven) {
        verdict.accepted()?;
        return Err(Error::refused(Reason::UnknownToken));
    }
    match (verdict.record, verdict.owner) {
        (Record::Session(found), Some(user)) => Ok((found, user)),
        _ => Err(Error::refused(Reason::UnknownToken)),
    }
}

fn turn(tx: &Writer<'_>, act: &Act, old: &PairOfSession, pair: &NewPair) -> Result<Turn, Error> {
    if !tx.is_active(pair.key)? {
        return Ok(Turn::KeyChanged);
    }
    if tx.session_has_ended(old.session.id)? {
        return Err(Error::refused(Reason::SessionEnded));
    }
    let target = format!("session {}", old.session.sid);
    if tx.replace_pair(old, pair)? {
        act.done(tx, Some(old.session.user), target, 1)?;
        return Ok(Turn::Spent);
    }
    let successor = tx.find_successor(old.pair.id)?;
    let known = successor
        .filter(|found| found.pair.access == pair.access && found.pair.refresh == pair.refresh);
    if let Some(found) = known {
        return Ok(Turn::Interrupted(found));
    }
    tx.end_session(old.session.id, "reuse", act.now)?;
    act.note(tx, Some(old.session.user), Some(target), Reason::Reused.word(), 1)?;
    Ok(Turn::Reused)
}

/// Ends the session of an access token, whether that has expired or not; whether it was open.
pub(crate) fn end(store: &mut Store, act: &Act, access: &str) -> Result<bool, Error> {
    let checks = Checks::only(Wanted::Only(TokenKind::Access), act.now);
    let verdict = verify(store, access, &checks)?;
    let Record::Session(found) = &verdict.record else {
        verdict.accepted()?;
        return Err(Error::refused(Reason::UnknownToken));
    };
    let (id, user) = (found.session.id, found.session.user);
    let target = format!("session {}", found.session.sid);
    store.write(|tx| {
        let ended = tx.end_session(id, "logout", act.now)?;
        act.done(tx, Some(user), target.clone(), usize::from(ended))?;
        Ok(ended)
    })
}

/// The active key and the settings, of one moment.
pub(super) fn signing(tx: &Reader<'_>) -> Result<(Policy, Key), Error> {
    Ok((tx.policy()?, tx.active_app_key()?))
}

#[cfg(test)]
mod tests;
