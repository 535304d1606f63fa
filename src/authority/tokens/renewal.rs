//! Renewal of an app token. The new token, the successor, has the same owner, application,
//! permissions, audience and additional claims, and a new `jti`. The old token is revoked
//! immediately or after a grace period.

use super::super::minting::check_grantable_permissions;
use super::super::principal::write_as_optional_principal;
use super::super::resource_kind::ResourceKind;
use super::super::revocation::{check_may_act_on_tokens, find_app_token};
use super::super::sessions::expiry_after;
use super::super::signing::{load_settings_and_key, with_signing_key};
use super::super::{AuditContext, Caller, Error, RejectReason, Rejection};
use super::{IssuedToken, PendingToken, check_quota, load_issuance_state};
use crate::model::{
    EventSubject, Grant, Lifetime, Permission, RecordedToken, Settings, Timestamp, TokenId,
    TokenKind, TokenOrigin, TokenSelector, TokenStatus, Untrusted, User, UserRef,
};
use crate::store::{Reader, Store, Writer};

/// Options of a renewal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RenewalOptions {
    /// Lifetime of the new token; `None` means the lifetime of the old token. If the bearer renews
    /// the token, the limits of `compute_bearer_expiry` apply.
    pub(crate) ttl: Option<Lifetime>,
    /// Grace period of the old token; without it, the old token is revoked immediately.
    pub(crate) grace: Option<Lifetime>,
}

/// The outcome of a renewal.
#[derive(Debug)]
pub(crate) struct RenewalOutcome {
    /// The new token.
    pub(crate) issued: IssuedToken,
    /// The id of the old token.
    pub(crate) old_id: TokenId,
    /// End of the grace period of the old token, if any.
    pub(crate) grace_until: Option<Timestamp>,
    /// The predecessor of the old token, if this renewal revoked the predecessor before the end of
    /// its grace period.
    pub(crate) revoked_predecessor_id: Option<TokenId>,
}

/// Issues the successor of a live token, for the bearer (`caller` is `None`), the owner or an
/// admin. Revokes the old token, or starts its grace period.
pub(crate) fn renew(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    selector: &TokenSelector,
    options: RenewalOptions,
) -> Result<RenewalOutcome, Error> {
    let old_token = find_app_token(store, audit.now, caller, selector)?;
    let (_, (pending_token, grace_until), (id, quota_usage, revoked_predecessor_id)) =
        with_signing_key(
            store,
            |store| {
                store.read(|tx| {
                    let owner = load_owner(tx, &old_token)?;
                    let (settings, key) = load_settings_and_key(tx)?;
                    Ok::<_, Error>((settings, key, owner, tx.token_origin(old_token.id)?))
                })
            },
            |(settings, key, owner, origin)| {
                let ttl = options.ttl;
                let expiry = match caller {
                    Some(_) => compute_expiry(&old_token, ttl, audit.now)?,
                    None => compute_bearer_expiry(&old_token, *origin, settings, ttl, audit.now)?,
                };
                let grant = Grant::clone(&old_token.grant);
                let mut pending_token =
                    PendingToken::sign(settings, key, owner, grant, audit.now, expiry)?;
                // `first_issued_at` is the start of a chain of renewals by the bearer. A renewal by
                // the owner or an admin starts a new chain.
                let first_issued_at = origin.first_issued_at.filter(|_| caller.is_none());
                pending_token.row.origin = TokenOrigin { first_issued_at, ..*origin };
                Ok((pending_token, compute_grace_end(&old_token, options.grace, audit.now)?))
            },
            |store, (settings, key, owner, _), (pending_token, grace_until)| {
                let principal = caller.map(|caller| &caller.principal);
                write_as_optional_principal(store, principal, |tx, user| {
                    if user.is_some() {
                        check_may_act_on_tokens(user, Some(owner.id))?;
                    }
                    let owner = load_owner(tx, &old_token)?;
                    check_renewable_permissions(user, &owner, settings, &old_token)?;
                    let state = load_issuance_state(tx, &owner, key, settings, audit.now)?;
                    if !state.is_key_active || tx.load_settings()? != *settings {
                        return Ok(None);
                    }
                    ensure_live(tx, old_token.id, audit.now)?;
                    let quota_usage =
                        check_quota(tx, &owner, state, Some(old_token.id), audit.now)?;
                    let id = tx.add_token(&pending_token.row)?;
                    let revoked_predecessor_id = if let Some(until) = *grace_until {
                        tx.supersede_token(old_token.id, id, until, audit.now)?
                    } else {
                        tx.revoke_token(old_token.id, audit.now)?;
                        None
                    };
                    let caller_id = caller.map(|caller| caller.user.id);
                    audit.record(tx, caller_id, EventSubject::renewal(old_token.id, id), 1)?;
                    Ok(Some((id, quota_usage, revoked_predecessor_id)))
                })
            },
        )?;
    Ok(RenewalOutcome {
        issued: pending_token.into_issued(id, quota_usage),
        old_id: old_token.id,
        grace_until,
        revoked_predecessor_id,
    })
}

/// Returns the owner of a token. Refuses a token whose owner is deleted.
fn load_owner(tx: &Reader<'_>, token: &RecordedToken) -> Result<User, Error> {
    let owner = tx.find_user(&UserRef::Id(token.grant.owner_id))?;
    owner.ok_or_else(|| Error::from_reason(RejectReason::OwnerDeleted))
}

/// Refuses a renewal if the granter may no longer grant the permissions of the old token. The
/// granter is `user`, or `owner` if the bearer renews the token (`user` is `None`). A token with
/// `jeton:mint` is also refused if the role of `owner` no longer allows `jeton:mint`.
fn check_renewable_permissions(
    user: Option<&User>,
    owner: &User,
    settings: &Settings,
    old_token: &RecordedToken,
) -> Result<(), Error> {
    let permissions = old_token.grant.permissions.iter().map(Untrusted::as_str);
    let claims = &old_token.grant.claims;
    check_grantable_permissions(user, owner, &settings.permissions, &permissions, claims)
}

/// Returns the expiry of a successor that the bearer of a token requests. The bearer may be a
/// thief, so the lifetime of a successor does not exceed the lifetime of the old token, and no
/// successor expires later than `token.max_ttl` ([`Settings::token_renewal_period`]) after the
/// issue of the first token in the chain of renewals by the bearer. Refuses a `ttl` that exceeds
/// one of these limits, and every renewal after the second limit. Without a `ttl`, the expiry is at
/// most the second limit. A bearer cannot renew a token with the permission `jeton:mint` or a token
/// of `jeton run` at all.
fn compute_bearer_expiry(
    old_token: &RecordedToken,
    origin: TokenOrigin,
    settings: &Settings,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    if old_token.grant.permissions.iter().any(|permission| permission.as_str() == Permission::MINT)
    {
        return Err(Error::Forbidden(
            "only the owner or an admin can renew a token with `jeton:mint`, by its id",
        ));
    }
    if origin.first_run_jti.is_some() {
        return Err(Error::Forbidden("tokens of `jeton run` cannot be renewed by the bearer"));
    }
    match (ttl, original_lifetime_seconds(old_token)) {
        (Some(ttl), Some(lifetime)) if ttl.seconds() > lifetime => {
            return Err(Error::Forbidden(
                "only the owner or an admin can extend the lifetime of a token, by its id",
            ));
        }
        _ => {}
    }
    let first_issued_at = origin.first_issued_at.unwrap_or(old_token.issued_at);
    // A bound past the year 9999 does not limit the expiry.
    let Some(bound) = first_issued_at.checked_add(settings.token_renewal_period) else {
        return compute_expiry(old_token, ttl, now);
    };
    let expiry = compute_expiry(old_token, ttl, now)?;
    if bound <= now || (ttl.is_some() && expiry.is_some_and(|expiry| expiry > bound)) {
        return Err(Error::RenewalBoundExceeded { token: old_token.id, first_issued_at, bound });
    }
    Ok(Some(expiry.map_or(bound, |expiry| expiry.min(bound))))
}

/// Returns the seconds from issue to expiry; `None` without expiry.
fn original_lifetime_seconds(token: &RecordedToken) -> Option<i64> {
    token.expires_at.map(|expiry| expiry.unix() - token.issued_at.unix())
}

/// Refuses a token that is revoked, already renewed, expired or no longer in the store.
fn ensure_live(tx: &Writer<'_>, id: TokenId, now: Timestamp) -> Result<(), Error> {
    let Some(token) = tx.find_token(id)? else {
        return Err(Error::NotFound { resource: ResourceKind::Token, name: Some(id.to_string()) });
    };
    let rejection = match token.status(now) {
        TokenStatus::Live => return Ok(()),
        TokenStatus::Expired => Rejection::since(RejectReason::Expired, token.expires_at, now),
        TokenStatus::Revoked => Rejection::since(RejectReason::Revoked, token.revoked_at, now),
        TokenStatus::Superseded => {
            Rejection::new(RejectReason::Revoked).with_explanation("already renewed")
        }
    };
    Err(Error::TokenRejected { kind: Some(TokenKind::App), reasons: vec![rejection] })
}

/// Returns the expiry time of the successor: `now` plus `ttl`, or `now` plus the lifetime of the
/// old token if `ttl` is `None`. Returns `None` if `ttl` is `None` and the old token has no expiry.
/// The lifetime of the old token may be longer than the longest [`Lifetime`].
fn compute_expiry(
    old_token: &RecordedToken,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    match ttl {
        Some(ttl) => expiry_after(now, ttl).map(Some),
        None => {
            Ok(original_lifetime_seconds(old_token)
                .map(|seconds| now.saturating_add_seconds(seconds)))
        }
    }
}

/// Returns the end of the grace period, if any. No grace period ends after the expiry of the old
/// token.
fn compute_grace_end(
    old_token: &RecordedToken,
    grace: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let until = grace.map(|grace| expiry_after(now, grace)).transpose()?;
    Ok(until.map(|until| old_token.expires_at.map_or(until, |expiry| expiry.min(until))))
}
