//! Sessions: login, authentication, refresh-token rotation with reuse detection, and logout.

mod administration;
mod pair;

pub(crate) use administration::{find_open, list_active, revoke, revoke_all};
pub(super) use pair::expiry_after;
use pair::{Freshness, new_pair, reissue_pair, sign_pair};
pub(crate) use pair::{NewPairIds, TokenPair};

use super::audit_context::AuditRowState;
use super::principal::{BearerCredential, Principal};
use super::signing::{load_settings_and_key, with_signing_key};
use super::verification::{Expectations, ExpectedKind, TokenRecord, VerificationReport, verify};
use super::{AuditContext, Error, RejectReason, Rejection};
use crate::crypto;
use crate::model::{
    EventTarget, PasswordHash, Session, SessionEndReason, Sid, Timestamp, TokenKind, User,
};
use crate::store::{NewPair, PairWithSession, SharedWriter, Store};
use std::ops::Deref;
use std::rc::Rc;

/// A principal that an access token authenticated, with the session of the token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) principal: Principal,
    pub(crate) session: Session,
    pub(crate) access_expires_at: Timestamp,
}

impl Caller {
    /// Marks the access token of the caller as the token in the session file.
    pub(crate) fn mark_as_in_session_file(mut self) -> Self {
        self.principal.is_in_session_file = true;
        self
    }
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

/// Authenticates the bearer of an access token.
pub(crate) fn authenticate(
    store: &mut Store,
    now: Timestamp,
    access_token: &str,
) -> Result<Caller, Error> {
    let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Access), now);
    let report = verify(store, access_token, &expectations)?.into_accepted()?;
    match (report.record, report.owner, report.key) {
        (TokenRecord::Session(pair_with_session), Some(user), Some(key)) => Ok(Caller {
            principal: Principal {
                user: Rc::unwrap_or_clone(user),
                credential: BearerCredential::Access(pair_with_session.pair.access_jti),
                is_in_session_file: false,
                key: Rc::unwrap_or_clone(key),
                now,
            },
            session: pair_with_session.session,
            access_expires_at: pair_with_session.pair.access_expires_at,
        }),
        _ => Err(Error::from_reason(RejectReason::UnknownToken)),
    }
}

/// A user who can start a session: authenticated by password, or just created with a password.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedUser {
    /// The user.
    pub(super) user: User,
    /// The time at which the password that the user gave was set.
    pub(super) password_changed_at: Timestamp,
    /// A new hash with the current parameters, if the stored hash is weaker.
    pub(super) upgraded_hash: Option<PasswordHash>,
    /// `Written` if an earlier step of the command has recorded the audit event.
    pub(super) audit_row: AuditRowState,
}

/// Starts a session and, in the same commit, ends the session `replaced_sid`, if any. Returns the
/// tokens of the new session, and whether this call ended the session `replaced_sid`.
///
/// `persist` saves the signed tokens before the commit that makes them valid, so that an
/// interruption cannot leave an open session whose tokens are lost. If the signing key is replaced
/// before the commit, the tokens are signed with the new key, and `persist` saves them again.
pub(crate) fn begin<E: From<Error>>(
    store: &mut Store,
    audit: &AuditContext,
    authenticated: &AuthenticatedUser,
    replaced_sid: Option<Sid>,
    mut persist: impl FnMut(&TokenPair) -> Result<(), E>,
) -> Result<(TokenPair, bool), E> {
    let sid = crypto::generate_sid();
    let pair_ids = NewPairIds::generate();
    let (_, (_, tokens), has_ended_replaced) = with_signing_key::<_, _, _, E>(
        store,
        |store| Ok(store.read(load_settings_and_key)?),
        |(settings, key)| {
            let session_expiry = expiry_after(audit.now, settings.session_ttl)?;
            let pair = new_pair(settings, key, pair_ids, audit.now, session_expiry)?;
            let tokens =
                sign_pair(key, settings, &authenticated.user, sid, Freshness::Fresh, &pair)?;
            persist(&tokens)?;
            Ok(((pair, session_expiry), tokens))
        },
        |store, (_, key), ((pair, session_expiry), _)| {
            Ok(store.write_shared(|tx| {
                if !tx.is_active_key(key.id)? {
                    return Ok(None);
                }
                recheck_user_and_upgrade_hash(tx, authenticated)?;
                tx.add_session(sid, authenticated.user.id, *session_expiry, pair)?;
                if authenticated.audit_row == AuditRowState::Missing {
                    audit.record(tx, Some(authenticated.user.id), EventTarget::session(sid), 1)?;
                }
                match replaced_sid.map(|old_sid| tx.find_session(old_sid)).transpose()?.flatten() {
                    Some(row) => {
                        Ok(Some(tx.end_session(row.id, SessionEndReason::Replaced, audit.now)?))
                    }
                    None => Ok::<_, Error>(Some(false)),
                }
            })?)
        },
    )?;
    Ok((tokens, has_ended_replaced))
}

/// Refuses a user who was disabled or deleted, or whose password was changed, since authentication.
/// Stores the upgraded password hash, if any.
fn recheck_user_and_upgrade_hash(
    tx: &SharedWriter<'_>,
    authenticated: &AuthenticatedUser,
) -> Result<(), Error> {
    let id = authenticated.user.id;
    let row = tx.find_user_including_deleted(id)?;
    let is_enabled = row.is_some_and(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
    // The hash is not compared: another login may have replaced the hash with a stronger hash of
    // the same password.
    let changed_at = tx.find_password(id)?.map(|(_, changed_at)| changed_at);
    if !is_enabled || changed_at != Some(authenticated.password_changed_at) {
        return Err(Error::LoginInvalid);
    }
    if let Some(upgraded_hash) = &authenticated.upgraded_hash {
        tx.rehash_password(id, upgraded_hash)?;
    }
    Ok(())
}

/// Returns whether a session exists, open or ended. After an interrupted login, the saved tokens
/// may belong to a session that does not exist.
pub(crate) fn exists(store: &mut Store, sid: Sid) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.find_session(sid))?.is_some())
}

/// The outcome of a refresh-token rotation, determined in the write transaction.
enum RefreshOutcome {
    /// The refresh token was unused. Now the token is marked as used, and the new pair is recorded.
    Rotated,
    /// An earlier call used the refresh token and requested the same `jti` values. The pair that
    /// the earlier call recorded is signed again.
    Retried(PairWithSession),
    /// An earlier call used the refresh token and requested other `jti` values. The session has
    /// ended.
    Reused,
}

/// Exchanges a refresh token for a new pair of access and refresh token with the ids `pair_ids`. A
/// later use of the same refresh token with the same `pair_ids` is a retry: the pair of the first
/// use is signed again, with the same times. A later use with other `pair_ids` ends the session.
pub(crate) fn refresh(
    store: &mut Store,
    audit: &AuditContext,
    refresh_token: &str,
    pair_ids: NewPairIds,
) -> Result<TokenPair, Error> {
    let ((settings, key, old, user), pair, outcome) = with_signing_key(
        store,
        |store| {
            let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Refresh), audit.now);
            let report = verify(store, refresh_token, &expectations)?;
            let (settings, key) = store.read(load_settings_and_key)?;
            let (old, user) = into_refreshable_pair(report)?;
            Ok::<_, Error>((settings, key, old, user))
        },
        |(settings, key, old, _)| {
            new_pair(settings, key, pair_ids, audit.now, old.session.expires_at)
        },
        |store, (_, _, old, _), pair| {
            store.write_shared(|tx| rotate_refresh_token(tx, audit, old, pair))
        },
    )?;
    // The pair is signed after the transaction, because only the transaction determines which pair
    // to sign: the new pair or, for a retry, the recorded pair.
    let pair = match outcome {
        RefreshOutcome::Rotated => pair,
        RefreshOutcome::Retried(successor) => reissue_pair(&successor, &key),
        RefreshOutcome::Reused => return Err(Error::from_reason(RejectReason::Reused)),
    };
    sign_pair(&key, &settings, &user, old.session.sid, Freshness::Refreshed, &pair)
}

/// Returns the pair and the owner of a refresh token that is valid or was used before. Verification
/// rejects a used refresh token as revoked. A used refresh token may also be expired: a late retry
/// still succeeds, and a late reuse still ends the session.
fn into_refreshable_pair(report: VerificationReport) -> Result<(PairWithSession, User), Error> {
    let is_used = matches!(
        &report.record,
        TokenRecord::Session(pair_with_session) if pair_with_session.pair.refresh_used_at.is_some()
    );
    let is_tolerated = |rejection: &Rejection| {
        is_used && matches!(rejection.reason, RejectReason::Revoked | RejectReason::Expired)
    };
    if !report.reasons.iter().all(is_tolerated) {
        report.into_accepted()?;
        return Err(Error::from_reason(RejectReason::UnknownToken));
    }
    match (report.record, report.owner) {
        (TokenRecord::Session(pair_with_session), Some(user)) => {
            Ok((pair_with_session, Rc::unwrap_or_clone(user)))
        }
        _ => Err(Error::from_reason(RejectReason::UnknownToken)),
    }
}

/// Replaces the old pair by `pair`. If the refresh token of the old pair was used before, the call
/// is either a retry, or a reuse that ends the session. Returns `None` if the key of `pair` no
/// longer signs. Refuses an ended session.
fn rotate_refresh_token(
    tx: &SharedWriter<'_>,
    audit: &AuditContext,
    old: &PairWithSession,
    pair: &NewPair,
) -> Result<Option<RefreshOutcome>, Error> {
    if !tx.is_active_key(pair.key)? {
        return Ok(None);
    }
    if tx.has_session_ended(old.session.id)? {
        return Err(Error::from_reason(RejectReason::SessionEnded));
    }
    let target = EventTarget::session(old.session.sid);
    if tx.replace_pair(old, pair)? {
        audit.record(tx, Some(old.session.user_id), target, 1)?;
        return Ok(Some(RefreshOutcome::Rotated));
    }
    let successor = tx.find_successor_pair(old.pair.id)?;
    let ids = (pair.access_jti, pair.refresh_jti);
    let retried = successor.filter(|next| (next.pair.access_jti, next.pair.refresh_jti) == ids);
    if let Some(successor) = retried {
        // `refresh` signs the recorded pair with the key that would sign a new pair.
        tx.set_pair_key(successor.pair.id, pair.key)?;
        return Ok(Some(RefreshOutcome::Retried(successor)));
    }
    tx.end_session(old.session.id, SessionEndReason::Reuse, audit.now)?;
    audit.record_outcome(tx, Some(old.session.user_id), target, RejectReason::Reused.code(), 1)?;
    Ok(Some(RefreshOutcome::Reused))
}

/// Ends the session of an access or refresh token, which may be expired or revoked. Returns whether
/// this call ended the session.
pub(crate) fn end(store: &mut Store, audit: &AuditContext, token: &str) -> Result<bool, Error> {
    let expectations = Expectations::new(ExpectedKind::Only(TokenKind::Access), audit.now);
    let report = verify(store, token, &expectations)?;
    let TokenRecord::Session(pair_with_session) = &report.record else {
        report.into_accepted()?;
        return Err(Error::from_reason(RejectReason::UnknownToken));
    };
    let sid = pair_with_session.session.sid;
    end_by_sid(store, audit, sid)
}

/// Ends the session with this `sid`. No token is verified, so the key of the session's tokens may
/// be revoked. Returns whether this call ended the session; `false` if the session had already
/// ended, or is not in the store.
pub(crate) fn end_by_sid(store: &mut Store, audit: &AuditContext, sid: Sid) -> Result<bool, Error> {
    store.write_shared(|tx| {
        let Some(session) = tx.find_session(sid)? else { return Ok(false) };
        let ended = tx.end_session(session.id, SessionEndReason::Logout, audit.now)?;
        let target = EventTarget::session(sid);
        audit.record(tx, Some(session.user_id), target, usize::from(ended))?;
        Ok(ended)
    })
}

#[cfg(test)]
mod tests;
