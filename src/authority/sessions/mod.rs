//! Sessions: one login, one family of refresh tokens.

mod administration;
mod pair;

pub(crate) use administration::{list, revoke, revoke_all};
pub(super) use pair::end_after;
use pair::{again, new_pair, signed};

use super::act::Trace;
use super::verification::{Record, Verdict};
use super::{Act, Checks, Error, Reason, Wanted, verify};
use crate::crypto;
use crate::model::{Jti, Key, Policy, Role, Session, Sid, Timestamp, TokenKind, User};
use crate::store::{NewPair, PairOfSession, Reader, Store, Writer};
use secrecy::SecretString;

/// Somebody with a good access token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is, as the row says now.
    pub(crate) user: User,
    /// The session the token belongs to.
    pub(crate) session: Session,
    /// The access token's end.
    pub(crate) access_expires_at: Timestamp,
}

impl Caller {
    /// Refuses, with that sentence, whoever has less than `role`.
    pub(crate) fn needs(&self, role: Role, refusal: &'static str) -> Result<(), Error> {
        if self.user.role >= role { Ok(()) } else { Err(Error::Forbidden(refusal)) }
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
    match (verdict.record, verdict.owner) {
        (Record::Session(found), Some(user)) => Ok(Caller {
            user,
            session: found.session,
            access_expires_at: found.pair.access_expires_at,
        }),
        _ => Err(Error::refused(Reason::UnknownToken)),
    }
}

/// Begins a session for `user`.
pub(super) fn begin(
    store: &mut Store,
    act: &Act,
    user: &User,
    trace: Trace,
) -> Result<Tokens, Error> {
    let sid = crypto::sid();
    let next = Next::fresh();
    for _ in 0..ATTEMPTS {
        let (policy, key) = store.read(signing)?;
        let end = end_after(act.now, policy.session_ttl)?;
        let pair = new_pair(&policy, &key, next, act.now, end)?;
        let tokens = signed(&key, &policy, user, sid, true, &pair)?;
        let begun = store.write(|tx| {
            if !tx.is_active(key.id)? {
                return Ok(false);
            }
            let present = tx.find_user_row(user.id)?;
            if present.is_none_or(|row| row.deleted_at.is_some() || row.disabled_at.is_some()) {
                return Err(Error::LoginInvalid);
            }
            tx.add_session(sid, user.id, end, &pair)?;
            if trace == Trace::Missing {
                act.done(tx, Some(user.id), format!("session {sid}"), 1)?;
            }
            Ok(true)
        })?;
        if begun {
            return Ok(tokens);
        }
    }
    Err(Error::KeyChanges)
}

/// Ends a session in whose place its client keeps another one; whether it was open. It belongs to
/// the login that replaced it, and has no row in the audit of its own.
pub(crate) fn replace(store: &mut Store, now: Timestamp, sid: Sid) -> Result<bool, Error> {
    store.write(|tx| match tx.find_session(sid)? {
        Some(session) => Ok(tx.end_session(session.id, "replaced", now)?),
        None => Ok(false),
    })
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
