//! Renewing an app token: same attributes, new identity; the old one ends now or after a grace.

use super::issuing::{Draft, standing, take_place};
use super::revocation::app_token;
use super::sessions::{ATTEMPTS, end_after, signing};
use super::{Act, Caller, Error, Issued, Reason, Target, Thing};
use crate::model::{AppToken, Lifetime, Status, Timestamp, TokenId, UserRef};
use crate::store::{Store, Writer};

/// How a token is renewed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Renewal {
    /// How long the new one lives; as long as the old one did unless said.
    pub(crate) ttl: Option<Lifetime>,
    /// How long the old one works beside it; not at all unless said.
    pub(crate) grace: Option<Lifetime>,
}

/// Makes the successor of a live token, for its holder, its owner or an admin. The old one's id
/// and its end, where it has a grace.
pub(crate) fn renew(
    store: &mut Store,
    act: &Act,
    caller: Option<&Caller>,
    target: &Target,
    wish: Renewal,
) -> Result<(Issued, TokenId, Option<Timestamp>), Error> {
    let old = app_token(store, act.now, caller, target)?;
    for _ in 0..ATTEMPTS {
        let (policy, key, owner) = store.read(|tx| {
            let owner = tx.find_user(&UserRef::Id(old.grant.owner))?;
            let owner = owner.ok_or_else(|| Error::refused(Reason::OwnerDeleted))?;
            let (policy, key) = signing(tx)?;
            Ok::<_, Error>((policy, key, owner))
        })?;
        let end = new_end(&old, wish.ttl, act.now)?;
        let draft = Draft::sign(&policy, &key, &owner, old.grant.clone(), act.now, end)?;
        let grace = grace_end(&old, wish.grace, act.now)?;
        let recorded = store.write(|tx| {
            let standing = standing(tx, &owner)?;
            if !tx.is_active(key.id)? {
                return Ok(None);
            }
            still_live(tx, old.id, act.now)?;
            let place = take_place(tx, &owner, standing, &policy, Some(old.id), act.now)?;
            let id = tx.add_token(&draft.new)?;
            match grace {
                Some(until) => tx.supersede_token(old.id, id, until, act.now)?,
                None => {
                    tx.revoke_token(old.id, act.now)?;
                }
            }
            let by = caller.map(|caller| caller.user.id);
            act.done(tx, by, format!("token {} by token {id}", old.id), 1)?;
            Ok::<_, Error>(Some((id, place)))
        })?;
        if let Some((id, place)) = recorded {
            return Ok((draft.issued(id, place), old.id, grace));
        }
    }
    Err(Error::KeyChanges)
}

/// A token that was revoked or renewed before, or has expired, has no successor.
fn still_live(tx: &Writer<'_>, id: TokenId, now: Timestamp) -> Result<(), Error> {
    let token = tx.find_token(id)?;
    match token.map(|token| token.status(now)) {
        Some(Status::Live) => Ok(()),
        Some(Status::Expired) => Err(Error::refused(Reason::Expired)),
        Some(Status::Revoked | Status::Superseded) => Err(Error::refused(Reason::Revoked)),
        None => Err(Error::NotFound { thing: Thing::Token, shown: id.to_string() }),
    }
}

fn new_end(
    old: &AppToken,
    ttl: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let lived = old.expires_at.map(|end| end.unix() - old.issued_at.unix());
    match ttl.or_else(|| lived.and_then(Lifetime::from_seconds)) {
        Some(lifetime) => end_after(now, lifetime).map(Some),
        None => Ok(None),
    }
}

/// The grace never reaches past the old token's own end.
fn grace_end(
    old: &AppToken,
    grace: Option<Lifetime>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let until = grace.map(|grace| end_after(now, grace)).transpose()?;
    Ok(until.map(|until| old.expires_at.map_or(until, |end| end.min(until))))
}
