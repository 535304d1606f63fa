//! State of a token in the store: row, revocation, session and owner.

use super::super::Error;
use super::super::claims::RegisteredClaims;
use super::super::rejection::{RejectReason, Rejection, describe_alternatives, describe_time};
use super::agreement::find_contradiction;
use super::owner_cache::OwnerCache;
use super::report::{TokenRecord, VerificationReport};
use crate::model::{
    Jti, Key, KeyRowId, RecordedToken, Timestamp, TokenId, TokenKind, TokenStatus, User, UserId,
};
use crate::store::{PairWithSession, Reader};
use serde_json::{Map, Value};

/// Checks the row of the token: revocation, session, owner, and agreement with the claims. Adds the
/// row, the owner and the rejections to `report`.
///
/// If the claims contradict the row, the `jti` may be the `jti` of another user's token. Then the
/// row is not added to the report, so that no caller reads or changes the row. The rejections that
/// follow from the row are added without facts, such as times. The owner in the row is added, but
/// callers use the owner only together with a row.
pub(super) fn check_token_state(
    owners: &OwnerCache<'_>,
    report: &mut VerificationReport,
    kind: TokenKind,
    claims: &Map<String, Value>,
    registered: &RegisteredClaims<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let tx = owners.tx;
    let key = report.key.as_ref().map(|key| key.id);
    let record = find_record(tx, kind, key, claims, registered)?;
    let mut reasons = Vec::new();
    match &record {
        TokenRecord::Token(token) => reasons.extend(check_revocation(token, now)),
        TokenRecord::Session(pair_with_session) => {
            check_session(&mut reasons, kind, pair_with_session, now);
        }
        TokenRecord::Missing => return check_unrecorded(tx, report, kind, registered),
    }
    if let Some(owner_id) = record.owner_id() {
        report.owner = owners.find(owner_id)?;
        reasons.extend(check_owner(report.owner.as_deref(), now));
    }
    let owner = report.owner.as_deref();
    if let Some(contradiction) =
        owner.and_then(|owner| find_contradiction(claims, kind, &record, owner))
    {
        report.reasons.extend(reasons.iter().map(|rejection| Rejection::new(rejection.reason)));
        report.reasons.push(contradiction);
    } else {
        report.reasons.append(&mut reasons);
        report.record = record;
    }
    Ok(())
}

/// Checks a token without a row. A test token needs no row, but may have been revoked, or recorded
/// and then pruned (see [`find_prune_horizon`]). `exp` is mandatory, because only a row can permit
/// a token without expiry.
fn check_unrecorded(
    tx: &Reader<'_>,
    report: &mut VerificationReport,
    kind: TokenKind,
    registered: &RegisteredClaims<'_>,
) -> Result<(), Error> {
    let is_blocked = match (&report.key, registered.jti) {
        (Some(key), Some(jti)) => tx.is_blocklisted(key.id, jti)?,
        _ => false,
    };
    if is_blocked {
        report.reasons.push(RejectReason::Revoked.into());
    } else if kind != TokenKind::Test {
        report.reasons.push(reject_unknown_token(registered));
    } else if let Some((kid, until)) = find_prune_horizon(tx, report.key.as_deref(), registered)? {
        let rejection = reject_unknown_token(registered);
        let prefix = rejection.facts_text().map_or_else(String::new, |text| format!("{text}, "));
        report.reasons.push(rejection.with_explanation(format!(
            "{prefix}perhaps pruned: test tokens of key `{kid}` with `exp` up to {until} were removed"
        )));
    }
    if registered.expires_at.is_none() {
        report.reasons.push(Rejection::for_claim(RejectReason::MissingClaim, "exp"));
    }
    Ok(())
}

/// Returns the rejection of a token because it has no row.
fn reject_unknown_token(registered: &RegisteredClaims<'_>) -> Rejection {
    let rejection = Rejection::for_claim(RejectReason::UnknownToken, "jti");
    match registered.jti {
        Some(jti) => rejection
            .with_found(jti)
            .with_explanation(format!("`jti` {}", describe_alternatives(&[jti]))),
        None => rejection,
    }
}

/// Returns the rejection of a token that was revoked, or whose grace period has ended.
fn check_revocation(token: &RecordedToken, now: Timestamp) -> Option<Rejection> {
    if token.status(now) != TokenStatus::Revoked {
        return None;
    }
    Some(match (token.revoked_at, token.grace_until) {
        (None, Some(grace_end)) => {
            let explanation =
                format!("renewed, grace period until {}", describe_time(grace_end, now, now));
            Rejection::since(RejectReason::Revoked, Some(grace_end), now)
                .with_explanation(explanation)
        }
        (revoked_at, _) => Rejection::since(RejectReason::Revoked, revoked_at, now),
    })
}

/// Returns the rejection of a token whose owner is disabled, deleted or not in the store.
fn check_owner(owner: Option<&User>, now: Timestamp) -> Option<Rejection> {
    match owner {
        None => Some(RejectReason::OwnerDeleted.into()),
        Some(user) => match (user.deleted_at, user.disabled_at) {
            (Some(time), _) => {
                let explanation = format!("user {}, {}", user.id, describe_time(time, now, now));
                Some(
                    Rejection::since(RejectReason::OwnerDeleted, Some(time), now)
                        .with_explanation(explanation),
                )
            }
            (None, Some(time)) => {
                let explanation =
                    format!("`{}`, since {}", user.to_display(), describe_time(time, now, now));
                Some(
                    Rejection::since(RejectReason::UserDisabled, Some(time), now)
                        .with_explanation(explanation)
                        .with_account(user.to_display()),
                )
            }
            (None, None) => None,
        },
    }
}

/// Returns the owner of an access token that passed verification earlier. Refuses the token if, in
/// the meantime, its row was deleted, the token was revoked, its session has ended, or its owner
/// was disabled or deleted.
pub(in crate::authority) fn recheck_session_owner(
    tx: &Reader<'_>,
    access_jti: Jti,
    now: Timestamp,
) -> Result<User, Error> {
    let pair_with_session = tx.find_pair_by_access(access_jti)?;
    let pair_with_session =
        pair_with_session.ok_or_else(|| Error::from_reason(RejectReason::UnknownToken))?;
    let (pair, session) = (&pair_with_session.pair, &pair_with_session.session);
    let now = latest(now, [pair.access_revoked_at, session.ended_at]);
    let mut reasons = Vec::new();
    check_session(&mut reasons, TokenKind::Access, &pair_with_session, now);
    require_valid_owner(tx, reasons, pair_with_session.session.user_id, TokenKind::Access, now)
}

/// Returns the owner of an app token that passed verification earlier. Refuses the token if, in the
/// meantime, its row was deleted, the token was revoked, or its owner was disabled or deleted.
pub(in crate::authority) fn recheck_app_token_owner(
    tx: &Reader<'_>,
    id: TokenId,
    now: Timestamp,
) -> Result<User, Error> {
    let token = tx.find_token(id)?;
    let token = token.ok_or_else(|| Error::from_reason(RejectReason::UnknownToken))?;
    let now = latest(now, [token.revoked_at]);
    let reasons = check_revocation(&token, now).into_iter().collect();
    require_valid_owner(tx, reasons, token.grant.owner_id, TokenKind::App, now)
}

/// Returns the owner of a token. Refuses the token for the given `reasons`, and if the owner is
/// disabled or deleted.
fn require_valid_owner(
    tx: &Reader<'_>,
    mut reasons: Vec<Rejection>,
    owner_id: UserId,
    kind: TokenKind,
    now: Timestamp,
) -> Result<User, Error> {
    let owner = tx.find_user_including_deleted(owner_id)?;
    let change_times = owner.as_ref().map_or([None; 2], |user| [user.disabled_at, user.deleted_at]);
    reasons.extend(check_owner(owner.as_ref(), latest(now, change_times)));
    match owner {
        Some(user) if reasons.is_empty() => Ok(user),
        _ => Err(Error::TokenRejected { kind: Some(kind), reasons }),
    }
}

/// Returns the latest of `now` and the times of the changes. `now` is the time at which the command
/// started, and another process may have made a change after the start. With the returned time as
/// the current time, messages show such a change as made now.
fn latest<const N: usize>(now: Timestamp, change_times: [Option<Timestamp>; N]) -> Timestamp {
    change_times.into_iter().flatten().fold(now, Timestamp::max)
}

/// Returns the row of a token; [`TokenRecord::Missing`] for a token without a row, and for a token
/// with an invalid registered claim. The caller has verified that `key` signed the token. A token
/// that contradicts its row is refused.
pub(in crate::authority) fn load_consistent_record(
    tx: &Reader<'_>,
    kind: TokenKind,
    key: KeyRowId,
    claims: &Map<String, Value>,
) -> Result<TokenRecord, Error> {
    let Ok(registered) = RegisteredClaims::parse(claims) else { return Ok(TokenRecord::Missing) };
    let record = find_record(tx, kind, Some(key), claims, &registered)?;
    let owner =
        record.owner_id().map(|id| tx.find_user_including_deleted(id)).transpose()?.flatten();
    match owner.and_then(|owner| find_contradiction(claims, kind, &record, &owner)) {
        Some(rejection) => Err(Error::TokenRejected { kind: Some(kind), reasons: vec![rejection] }),
        None => Ok(record),
    }
}

/// Returns the row of the token with these claims. The row of an app or test token must have the
/// kind and the key of the token. A minter can give a test token the `jti` of another token, so the
/// row of a test token must also have the expiry of the token, and its shared claims: all claims
/// except `jti`, `iat`, `nbf` and `exp`. Tokens of the other
/// kinds are compared with their rows by [`find_contradiction`], which the callers of this function
/// call.
fn find_record(
    tx: &Reader<'_>,
    kind: TokenKind,
    key: Option<KeyRowId>,
    claims: &Map<String, Value>,
    registered: &RegisteredClaims<'_>,
) -> Result<TokenRecord, Error> {
    let Some(jti) = registered.jti.and_then(Jti::parse) else {
        return Ok(TokenRecord::Missing);
    };
    let has_same_claims = |row: &RecordedToken| {
        row.expires_at == registered.expires_at && row.grant.has_shared_claims_of(claims)
    };
    let is_same_token = |row: &RecordedToken| {
        let is_test = kind == TokenKind::Test;
        row.grant.kind == kind && Some(row.key_row_id) == key && (!is_test || has_same_claims(row))
    };
    let session_record = |pair_with_session: Option<PairWithSession>| {
        pair_with_session.map_or(TokenRecord::Missing, TokenRecord::Session)
    };
    Ok(match kind {
        TokenKind::App | TokenKind::Test => tx
            .find_token_by_jti(jti)?
            .filter(is_same_token)
            .map_or(TokenRecord::Missing, TokenRecord::Token),
        TokenKind::Access => session_record(tx.find_pair_by_access(jti)?),
        TokenKind::Refresh => session_record(tx.find_pair_by_refresh(jti)?),
    })
}

/// Returns the `kid` and the prune horizon of the key of a test token. The prune horizon is the
/// latest expiry of the test tokens of the key whose rows were deleted. A token without a row that
/// expires at or before the horizon may have been revoked before its row was deleted. Returns
/// `None` for a token that expires later. Only the stored and the claimed time are compared, so a
/// wrong clock cannot change the result.
fn find_prune_horizon(
    tx: &Reader<'_>,
    key: Option<&Key>,
    registered: &RegisteredClaims<'_>,
) -> Result<Option<(String, Timestamp)>, Error> {
    let (Some(key), Some(expiry)) = (key, registered.expires_at) else { return Ok(None) };
    let horizon = tx.latest_pruned_expiry(key.id)?.filter(|until| expiry <= *until);
    Ok(horizon.map(|until| (key.spec.kid.to_display(), until)))
}

/// Checks whether the session token was revoked, and whether its session has ended. Adds the
/// rejections to `reasons`. A used refresh token counts as revoked. The maximum session lifetime
/// needs no check: no token of a session expires after the session.
fn check_session(
    reasons: &mut Vec<Rejection>,
    kind: TokenKind,
    pair_with_session: &PairWithSession,
    now: Timestamp,
) {
    let (pair, session) = (&pair_with_session.pair, &pair_with_session.session);
    let revoked_at = match kind {
        TokenKind::Access => pair.access_revoked_at,
        TokenKind::Refresh => pair.refresh_used_at,
        TokenKind::App | TokenKind::Test => None,
    };
    if let Some(revoked_at) = revoked_at {
        reasons.push(Rejection::since(RejectReason::Revoked, Some(revoked_at), now));
    }
    if let Some(ended_at) = session.ended_at {
        let time = describe_time(ended_at, now, now);
        let explanation = match session.end_reason {
            Some(end_reason) => format!("{}, {time}", end_reason.description()),
            None => time,
        };
        let rejection = Rejection::since(RejectReason::SessionEnded, Some(ended_at), now);
        reasons.push(rejection.with_explanation(explanation));
    }
}
