//! Renewing an app token: same attributes, new identity; the old one ends now or after a grace.

use super::issuing::{Draft, standing, take_place};
use super::minting::may_have;
use super::principal::write_for;
use super::revocation::{app_token, may_revoke};
use super::sessions::{ATTEMPTS, end_after, signing};
use super::{Act, Caller, Error, Issued, Reason, Target, Thing};
use crate::model::{
    Foreign, Lifetime, Permission, RecordedToken, Status, Timestamp, TokenId, TokenKind, User,
    UserRef,
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

/// Makes the successor of a live token, for its holder, its owner or an admin.
pub(crate) fn renew(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    target: &Target,
    wish: Renewal,
) -> Result<Renewed, Error> {
    let old = app_token(store, act.now, caller, target)?;
    if caller.is_none() {
        held_back(&old, wish.ttl)?;
    }
    for _ in 0..ATTEMPTS {
        let (policy, key, owner) = store.read(|tx| {
            let owner = may_renew(tx, &old)?;
            let (policy, key) = signing(tx)?;
            Ok::<_, Error>((policy, key, owner))
        })?;
        let end = new_end(&old, wish.ttl, act.now)?;
        let draft = Draft::sign(&policy, &key, &owner, old.grant.clone(), act.now, end)?;
        let grace = grace_end(&old, wish.grace, act.now)?;
        let recorded = write_for(store, caller.map(|caller| &caller.principal), |tx, user| {
            if user.is_some() {
                may_revoke(user, Some(owner.id))?;
            }
            may_renew(tx, &old)?;
            let standing = standing(tx, &owner, &key, &policy, act.now)?;
            if !standing.key_is_active {
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

/// Returns the owner of the token, who must be allowed to have its permissions.
fn may_renew(tx: &Reader<'_>, old: &RecordedToken) -> Result<User, Error> {
    let owner = tx.find_user(&UserRef::Id(old.grant.owner))?;
    let owner = owner.ok_or_else(|| Error::refused(Reason::OwnerDeleted))?;
    may_have(&owner, old.grant.permissions.iter().map(Foreign::as_str))?;
    Ok(owner)
}

/// Whoever only holds a token gets no longer life out of it, and of a credential none: whoever
/// stole it would keep it.
fn held_back(old: &RecordedToken, ttl: Option<Lifetime>) -> Result<(), Error> {
    if old.grant.permissions.iter().any(|permission| permission.as_str() == Permission::MINT) {
        return Err(Error::Forbidden("a token for minting is renewed by its id, by its owner"));
    }
    match (ttl, lived(old)) {
        (Some(ttl), Some(lived)) if ttl.seconds() > lived => {
            Err(Error::Forbidden("only its owner gives a token a longer life, by its id"))
        }
        _ => Ok(()),
    }
}

/// How many seconds a token was made for; `None` for ever.
fn lived(token: &RecordedToken) -> Option<i64> {
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
        None => Err(Error::NotFound { thing: Thing::Token, shown: id.to_string() }),
    }
}

fn new_end(
    old: &RecordedToken,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    match ttl.or_else(|| lived(old).and_then(Lifetime::from_seconds)) {
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
