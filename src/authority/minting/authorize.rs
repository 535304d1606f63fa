//! Authorization to mint: by an access token of a minter, or by an app token with `jeton:mint`.

use super::super::principal::{BearerCredential, Principal, require_role};
use super::super::verification::{Expectations, ExpectedKind, TokenRecord, verify};
use super::super::{Error, RejectReason};
use crate::model::{Permission, PermissionPolicy, Role, Timestamp, TokenKind, Untrusted, User};
use crate::store::Store;

/// Refuses permissions that `user` may not grant: `jeton:mint` if the role is below minter, and
/// with the role `user` every permission that `policy` does not allow.
pub(in crate::authority) fn check_grantable_permissions<'p>(
    user: &User,
    policy: &PermissionPolicy,
    permissions: impl Iterator<Item = &'p str> + Clone,
) -> Result<(), Error> {
    check_mint_permission(user, permissions.clone())?;
    let is_refused = |permission: &&str| user.role == Role::User && !policy.allows(permission);
    let mut permissions = permissions;
    match permissions.find(is_refused) {
        Some(permission) => Err(Error::PermissionRefused {
            permission: Untrusted::new(permission).to_display(),
            user: user.into(),
        }),
        None => Ok(()),
    }
}

/// Refuses `jeton:mint` if the role of the user is below minter.
pub(in crate::authority) fn check_mint_permission<'p>(
    user: &User,
    mut permissions: impl Iterator<Item = &'p str>,
) -> Result<(), Error> {
    if permissions.any(|permission| permission == Permission::MINT) {
        return require_role(user, Role::Minter, "only minters and admins can grant `jeton:mint`");
    }
    Ok(())
}

/// Returns the principal that may mint with this token: an access token, or an app token with
/// [`Permission::MINT`].
pub(crate) fn authorize_minter(
    store: &mut Store,
    now: Timestamp,
    token: &str,
) -> Result<Principal, Error> {
    let report = verify(store, token, &Expectations::new(ExpectedKind::Any, now))?;
    let kind = report.kind;
    let credential = match (&report.record, kind) {
        (TokenRecord::Token(row), Some(TokenKind::App)) => {
            let may_mint = row.grant.permissions.iter().any(|p| p.as_str() == Permission::MINT);
            may_mint.then_some(BearerCredential::AppToken(row.id))
        }
        (TokenRecord::Session(pair_with_session), Some(TokenKind::Access)) => {
            Some(BearerCredential::Access(pair_with_session.pair.access_jti))
        }
        _ => None,
    };
    let report = report.into_accepted()?;
    match (credential, report.owner, report.key) {
        (Some(credential), Some(user), Some(key)) => Ok(Principal { user, credential, key, now }),
        _ if kind == Some(TokenKind::App) => {
            Err(Error::Forbidden("the app token lacks the permission `jeton:mint`"))
        }
        _ => Err(Error::TokenRejected { kind, reasons: vec![RejectReason::WrongType.into()] }),
    }
}
