//! Sessions: one login, one family of refresh tokens.

mod administration;
mod pair;

pub(crate) use administration::{list_open_sessions, revoke_all_sessions, revoke_sessions};
pub(super) use pair::expiry_after;
use pair::{new_pair, reissue_pair, sign_pair};

use super::audit_context::AuditRow;
use super::principal::BearerCredential;
use super::verification::{TokenRecord, VerificationReport};
use super::{AuditContext, Error, Expectations, ExpectedKind, Principal, RejectReason, verify};
use crate::crypto;
use crate::model::{Jti, Key, PasswordHash, Session, Settings, Sid, Timestamp, TokenKind, User};
use crate::store::{NewPair, Reader, SessionPair, Store, Writer};
use secrecy::SecretString;
use std::ops::Deref;

/// The principal of a session.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) principal: Principal,
    pub(crate) session: Session,
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
pub(crate) struct TokenPair {
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
pub(crate) struct NewPairIds {
    /// Its access token's.
    pub(crate) access: Jti,
    /// Its refresh token's.
    pub(crate) refresh: Jti,
}

impl NewPairIds {
    /// Fresh ones.
    pub(crate) fn generate() -> Self {
        Self { access: crypto::generate_jti(), refresh: crypto::generate_jti() }
    }
}

/// How often signing starts again because the key was changed meanwhile.
pub(super) const MAX_SIGN_ATTEMPTS: usize = 5;

/// Who holds this access token.
pub(crate) fn authenticate(
    store: &mut Store,
    now: Timestamp,
    access_token: &str,
) -> Result<Caller, Error> {
    let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Access), now);
    let report = verify(store, access_token, &expectations)?.into_accepted()?;
    match (report.record, report.owner, report.key) {
        (TokenRecord::Session(session_pair), Some(user), Some(key)) => Ok(Caller {
            principal: Principal {
                user,
                credential: BearerCredential::Access(session_pair.pair.access_jti),
                key,
                now,
            },
            session: session_pair.session,
            access_expires_at: session_pair.pair.access_expires_at,
        }),
        _ => Err(Error::from_reason(RejectReason::UnknownToken)),
    }
}

/// Somebody whose password was right a moment ago.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedUser {
    /// Who it is.
    pub(super) user: User,
    /// The hash that the password was right for.
    pub(super) hash: PasswordHash,
    /// A hash with today's parameters, where that one is weaker.
    pub(super) upgraded_hash: Option<PasswordHash>,
    /// Whether the session has a row in the audit of its own.
    pub(super) audit_row: AuditRow,
}

/// Begins a session in the place of the one that its client has, which ends with the same commit;
/// whether that was open. `keep` gets the signed tokens before they are good for anything: their
/// client writes them down first, so that no instant leaves an open session that nobody has.
pub(crate) fn begin_session<E: From<Error>>(
    store: &mut Store,
    audit: &AuditContext,
    authenticated: &AuthenticatedUser,
    replaced_sid: Option<Sid>,
    mut persist: impl FnMut(&TokenPair) -> Result<(), E>,
) -> Result<(TokenPair, bool), E> {
    let sid = crypto::generate_sid();
    let pair_ids = NewPairIds::generate();
    for _ in 0..MAX_SIGN_ATTEMPTS {
        let (settings, key) = store.read(load_settings_and_key)?;
        let session_expiry = expiry_after(audit.now, settings.session_ttl)?;
        let pair = new_pair(&settings, &key, pair_ids, audit.now, session_expiry)?;
        let tokens = sign_pair(&key, &settings, &authenticated.user, sid, true, &pair)?;
        persist(&tokens)?;
        let outcome = store.write(|tx| {
            if !tx.is_active_key(key.id)? {
                return Ok(None);
            }
            recheck_credentials(tx, authenticated)?;
            tx.add_session(sid, authenticated.user.id, session_expiry, &pair)?;
            if authenticated.audit_row == AuditRow::Missing {
                audit.record(tx, Some(authenticated.user.id), format!("session {sid}"), 1)?;
            }
            match replaced_sid.map(|old| tx.find_session(old)).transpose()?.flatten() {
                Some(old) => Ok(Some(tx.end_session(old.id, "replaced", audit.now)?)),
                None => Ok(Some(false)),
            }
        })?;
        if let Some(was_open) = outcome {
            return Ok((tokens, was_open));
        }
    }
    Err(Error::KeyContention.into())
}

/// A password that was changed meanwhile is not right any more, and nobody is deleted or disabled.
fn recheck_credentials(tx: &Writer<'_>, authenticated: &AuthenticatedUser) -> Result<(), Error> {
    let id = authenticated.user.id;
    let row = tx.find_user_row(id)?;
    let is_enabled = row.is_some_and(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
    if !is_enabled || tx.find_password_hash(id)?.as_ref() != Some(&authenticated.hash) {
        return Err(Error::LoginInvalid);
    }
    if let Some(upgraded_hash) = &authenticated.upgraded_hash {
        tx.rehash_password(id, upgraded_hash)?;
    }
    Ok(())
}

/// Whether a session that its client wrote down was begun, or the client was interrupted before.
pub(crate) fn session_exists(store: &mut Store, sid: Sid) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.find_session(sid))?.is_some())
}

/// What a presented refresh token led to, inside the transaction.
enum RefreshOutcome {
    /// Spent, the successors recorded.
    Rotated,
    /// It was spent for the very successors its client wrote down: they are signed again.
    Retried(SessionPair),
    /// It was spent for others: the session is over.
    Reused,
    /// The key was changed meanwhile.
    KeyChanged,
}

/// Trades a refresh token for the pair `next`, once (contract, *Refresh*). A spent token ends its
/// session, unless `next` is what it was spent for: then those two are signed again from their
/// row, with the same identities and times.
pub(crate) fn refresh_session(
    store: &mut Store,
    audit: &AuditContext,
    refresh_token: &str,
    pair_ids: NewPairIds,
) -> Result<TokenPair, Error> {
    for _ in 0..MAX_SIGN_ATTEMPTS {
        let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Refresh), audit.now);
        let report = verify(store, refresh_token, &expectations)?;
        let (settings, key) = store.read(load_settings_and_key)?;
        let (old, user) = into_refreshable_pair(report)?;
        let pair = new_pair(&settings, &key, pair_ids, audit.now, old.session.expires_at)?;
        match store.write(|tx| rotate_refresh_token(tx, audit, &old, &pair))? {
            RefreshOutcome::Rotated => {
                return sign_pair(&key, &settings, &user, old.session.sid, false, &pair);
            }
            RefreshOutcome::Retried(successor) => {
                return sign_pair(
                    &key,
                    &settings,
                    &user,
                    old.session.sid,
                    false,
                    &reissue_pair(&successor, &key),
                );
            }
            RefreshOutcome::Reused => return Err(Error::from_reason(RejectReason::Reused)),
            RefreshOutcome::KeyChanged => {}
        }
    }
    Err(Error::KeyContention)
}

/// The row behind a refresh token that may be presented: nothing is wrong with it, but that it
/// may be spent, and then its age does not matter either.
fn into_refreshable_pair(report: VerificationReport) -> Result<(SessionPair, User), Error> {
    let is_spent =
        matches!(&report.record, TokenRecord::Session(f) if f.pair.refresh_used_at.is_some());
    let is_tolerated = |reason: &RejectReason| {
        is_spent && matches!(reason, RejectReason::Revoked | RejectReason::Expired)
    };
    if !report.reasons.iter().all(is_tolerated) {
        report.into_accepted()?;
        return Err(Error::from_reason(RejectReason::UnknownToken));
    }
    match (report.record, report.owner) {
        (TokenRecord::Session(session_pair), Some(user)) => Ok((session_pair, user)),
        _ => Err(Error::from_reason(RejectReason::UnknownToken)),
    }
}

fn rotate_refresh_token(
    tx: &Writer<'_>,
    audit: &AuditContext,
    old: &SessionPair,
    pair: &NewPair,
) -> Result<RefreshOutcome, Error> {
    if !tx.is_active_key(pair.key)? {
        return Ok(RefreshOutcome::KeyChanged);
    }
    if tx.has_session_ended(old.session.id)? {
        return Err(Error::from_reason(RejectReason::SessionEnded));
    }
    let target = format!("session {}", old.session.sid);
    if tx.replace_pair(old, pair)? {
        audit.record(tx, Some(old.session.user_id), target, 1)?;
        return Ok(RefreshOutcome::Rotated);
    }
    let successor = tx.find_successor_pair(old.pair.id)?;
    let matching = successor.filter(|found| {
        found.pair.access_jti == pair.access && found.pair.refresh_jti == pair.refresh
    });
    if let Some(found) = matching {
        return Ok(RefreshOutcome::Retried(found));
    }
    tx.end_session(old.session.id, "reuse", audit.now)?;
    audit.record_outcome(
        tx,
        Some(old.session.user_id),
        Some(target),
        RejectReason::Reused.code(),
        1,
    )?;
    Ok(RefreshOutcome::Reused)
}

/// Ends the session of an access token, whether that has expired or not; whether it was open.
pub(crate) fn end_session(
    store: &mut Store,
    audit: &AuditContext,
    access_token: &str,
) -> Result<bool, Error> {
    let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Access), audit.now);
    let report = verify(store, access_token, &expectations)?;
    let TokenRecord::Session(session_pair) = &report.record else {
        report.into_accepted()?;
        return Err(Error::from_reason(RejectReason::UnknownToken));
    };
    let (id, user) = (session_pair.session.id, session_pair.session.user_id);
    let target = format!("session {}", session_pair.session.sid);
    store.write(|tx| {
        let ended = tx.end_session(id, "logout", audit.now)?;
        audit.record(tx, Some(user), target.clone(), usize::from(ended))?;
        Ok(ended)
    })
}

/// The active key and the settings, of one moment.
pub(super) fn load_settings_and_key(tx: &Reader<'_>) -> Result<(Settings, Key), Error> {
    Ok((tx.load_settings()?, tx.active_app_key()?))
}

#[cfg(test)]
mod tests;
