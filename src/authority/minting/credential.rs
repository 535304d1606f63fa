//! Who may mint, and by which credential.

use super::super::principal::{BearerCredential, needs};
use super::super::verification::Record;
use super::super::{Checks, Error, Principal, Reason, Wanted, verify};
use crate::model::{Foreign, Permission, PermissionPolicy, Role, Timestamp, TokenKind, User};
use crate::store::Store;

/// Refuses permissions that `user` may not give: `jeton:mint` without the role minter, and to users
/// without a role what `policy` leaves out.
pub(in crate::authority) fn may_give<'p>(
    user: &User,
    policy: &PermissionPolicy,
    permissions: impl Iterator<Item = &'p str> + Clone,
) -> Result<(), Error> {
    may_have_mint(user, permissions.clone())?;
    let refused = |permission: &&str| user.role == Role::User && !policy.allows(permission);
    let mut permissions = permissions;
    match permissions.find(refused) {
        Some(permission) => Err(Error::PermissionRefused(Foreign::new(permission).shown())),
        None => Ok(()),
    }
}

/// Refuses `jeton:mint` among the permissions of a user who may not mint.
pub(in crate::authority) fn may_have_mint<'p>(
    user: &User,
    mut permissions: impl Iterator<Item = &'p str>,
) -> Result<(), Error> {
    if permissions.any(|permission| permission == Permission::MINT) {
        return needs(user, Role::Minter, "`jeton:mint` is only for minters and admins");
    }
    Ok(())
}

/// Returns the principal that may mint with this credential: an access token, or an app token with
/// [`Permission::MINT`].
pub(crate) fn minter(store: &mut Store, now: Timestamp, token: &str) -> Result<Principal, Error> {
    let verdict = verify(store, token, &Checks::only(Wanted::Any, now))?;
    let kind = verdict.kind;
    let credential = match (&verdict.record, kind) {
        (Record::Token(row), Some(TokenKind::App)) => {
            let may_mint = row.grant.permissions.iter().any(|p| p.as_str() == Permission::MINT);
            may_mint.then_some(BearerCredential::AppToken(row.id))
        }
        (Record::Session(found), Some(TokenKind::Access)) => {
            Some(BearerCredential::Access(found.pair.access))
        }
        _ => None,
    };
    let verdict = verdict.accepted()?;
    match (credential, verdict.owner, verdict.key) {
        (Some(credential), Some(user), Some(key)) => Ok(Principal { user, credential, key, now }),
        _ if kind == Some(TokenKind::App) => {
            Err(Error::Forbidden("the app token lacks the permission `jeton:mint`"))
        }
        _ => Err(Error::Refused { kind, reasons: vec![Reason::WrongType], detail: None }),
    }
}
