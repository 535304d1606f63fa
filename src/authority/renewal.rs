//! Renewing an app token: same attributes, new identity; the old one ends now or after a grace.

use super::claims::{GRANTING, claimed_permissions};
use super::issuing::{Draft, standing, take_place};
use super::minting::{may_give, may_have_mint};
use super::principal::write_for;
use super::revocation::{app_token, may_revoke};
use super::sessions::{ATTEMPTS, end_after, signing};
use super::{Act, Caller, Error, Issued, Reason, Target, Thing};
use crate::model::{
    Foreign, Lifetime, Origin, Permission, Policy, RecordedToken, Status, Timestamp, TokenId,
    TokenKind, User, UserRef,
};
use crate::store::{Reader, Store, Writer};

/// How a token is renewed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Renewal {
    /// How long the new one lives; as long as the old one did unless said.
    pub(crate) ttl: Option<Lifetime>,
    /// How long the old one works beside it; not at all unless said.
    pub(crate) grace: Option<Lifetime>,
}

/// What became of a token that was renewed.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// Its successor.
    pub(crate) issued: Issued,
    /// The old one.
    pub(crate) old: TokenId,
    /// Until when that works beside it, where it has a grace.
    pub(crate) grace: Option<Timestamp>,
    /// The token before it, whose grace ended with this.
    pub(crate) ended: Option<TokenId>,
}

/// Makes the successor of a live token, for its bearer, its owner or an admin.
pub(crate) fn renew(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    target: &Target,
    wish: Renewal,
) -> Result<Renewed, Error> {
    let old = app_token(store, act.now, caller, target)?;
    for _ in 0..ATTEMPTS {
        let (policy, key, owner, origin) = store.read(|tx| {
            let owner = owner(tx, &old)?;
            let (policy, key) = signing(tx)?;
            Ok::<_, Error>((policy, key, owner, tx.token_origin(old.id)?))
        })?;
        let expiry = match caller {
            Some(_) => new_expiry(&old, wish.ttl, act.now)?,
            None => bearers_expiry(&old, origin, &policy, wish.ttl, act.now)?,
        };
        let mut draft = Draft::sign(&policy, &key, &owner, old.grant.clone(), act.now, expiry)?;
        let first_issued_at = origin.first_issued_at.filter(|_| caller.is_none());
        draft.new.origin = Origin { first_issued_at, ..origin };
        let grace = grace_end(&old, wish.grace, act.now)?;
        let recorded = write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
            if user.is_some() {
                may_revoke(user, Some(owner.id))?;
            }
            let owner = self::owner(tx, &old)?;
            may_give_again(user.unwrap_or(&owner), &owner, &policy, &old)?;
            let standing = standing(tx, &owner, &key, &policy, act.now)?;
            if !standing.key_is_active || tx.policy()? != policy {
                return Ok(None);
            }
            still_live(tx, old.id, act.now)?;
            let place = take_place(tx, &owner, standing, Some(old.id), act.now)?;
            let id = tx.add_token(&draft.new)?;
            let ended = if let Some(until) = grace {
                tx.supersede_token(old.id, id, until, act.now)?
            } else {
                tx.revoke_token(old.id, act.now)?;
                None
            };
            let by = caller.map(|caller| caller.user.id);
            act.done(tx, by, format!("token {} by token {id}", old.id), 1)?;
            Ok::<_, Error>(Some((id, place, ended)))
        })?;
        if let Some((id, place, ended)) = recorded {
            return Ok(Renewed { issued: draft.issued(id, place), old: old.id, grace, ended });
        }
    }
    Err(Error::KeyChanges)
}

/// Returns the owner of a token.
fn owner(tx: &Reader<'_>, token: &RecordedToken) -> Result<User, Error> {
    let owner = tx.find_user(&UserRef::Id(token.grant.owner))?;
    owner.ok_or_else(|| Error::refused(Reason::OwnerDeleted))
}

/// Refuses to give the permissions of a token to its owner once more: `user` must be allowed to
/// give them today.
fn may_give_again(
    user: &User,
    owner: &User,
    policy: &Policy,
    old: &RecordedToken,
) -> Result<(), Error> {
    let permissions = || old.grant.permissions.iter().map(Foreign::as_str);
    may_have_mint(owner, permissions())?;
    let claimed = claimed_permissions(&old.grant.claims, &GRANTING);
    may_give(user, &policy.permissions, permissions().chain(claimed))
}

/// Returns the expiry of a successor that the bearer of a token asks for. A bearer who is not the
/// owner extends neither the lifetime of one token nor that of a chain of renewals: it ends
/// `token.max_ttl` after the first issue. A minting credential and a token of `run` are not renewed
/// by their bearer at all: a thief could keep them alive.
fn bearers_expiry(
    old: &RecordedToken,
    origin: Origin,
    policy: &Policy,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    if old.grant.permissions.iter().any(|permission| permission.as_str() == Permission::MINT) {
        return Err(Error::Forbidden("a token for minting is renewed by its id, by its owner"));
    }
    if origin.run.is_some() {
        return Err(Error::Forbidden("a token of `run` ends with its command"));
    }
    match (ttl, original_lifetime(old)) {
        (Some(ttl), Some(lifetime)) if ttl.seconds() > lifetime => {
            return Err(Error::Forbidden("only its owner gives a token a longer life, by its id"));
        }
        _ => {}
    }
    let first = origin.first_issued_at.unwrap_or(old.issued_at);
    // Past the year 9999 there is no bound.
    let Some(bound) = first.plus(policy.token_max_ttl) else { return new_expiry(old, ttl, now) };
    let expiry = new_expiry(old, ttl, now)?;
    if bound <= now || (ttl.is_some() && expiry.is_some_and(|expiry| expiry > bound)) {
        return Err(Error::RenewalBound { token: old.id, first, bound });
    }
    Ok(Some(expiry.map_or(bound, |expiry| expiry.min(bound))))
}

/// Returns the seconds from issue to expiry; `None` without expiry.
fn original_lifetime(token: &RecordedToken) -> Option<i64> {
    token.expires_at.map(|end| end.unix() - token.issued_at.unix())
}

/// A token that was revoked or renewed before, or has expired, has no successor.
fn still_live(tx: &Writer<'_>, id: TokenId, now: Timestamp) -> Result<(), Error> {
    let token = tx.find_token(id)?;
    match token.map(|token| token.status(now)) {
        Some(Status::Live) => Ok(()),
        Some(Status::Expired) => Err(Error::refused(Reason::Expired)),
        Some(Status::Revoked) => Err(Error::refused(Reason::Revoked)),
        Some(Status::Superseded) => Err(Error::Refused {
            kind: Some(TokenKind::App),
            reasons: vec![Reason::Revoked],
            detail: Some("it was renewed before".to_owned()),
        }),
        None => Err(Error::NotFound { thing: Thing::Token, shown: Some(id.to_string()) }),
    }
}

fn new_expiry(
    old: &RecordedToken,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    match ttl.or_else(|| original_lifetime(old).and_then(Lifetime::from_seconds)) {
        Some(lifetime) => end_after(now, lifetime).map(Some),
        None => Ok(None),
    }
}

/// The grace never reaches past the old token's own end.
fn grace_end(
    old: &RecordedToken,
    grace: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let until = grace.map(|grace| end_after(now, grace)).transpose()?;
    Ok(until.map(|until| old.expires_at.map_or(until, |end| end.min(until))))
}
