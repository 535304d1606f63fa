//! Who may mint, and by which credential.

use super::super::sessions::needs;
use super::super::verification::Record;
use super::super::{Checks, Error, Reason, Wanted, verify};
use crate::model::{Permission, Role, Timestamp, TokenKind, User};
use crate::store::Store;

/// Refuses permissions with [`Permission::MINT`] among them to whoever may not mint.
pub(in crate::authority) fn may_have<'p>(
    user: &User,
    mut permissions: impl Iterator<Item = &'p str>,
) -> Result<(), Error> {
    if permissions.any(|permission| permission == Permission::MINT) {
        return needs(user, Role::Minter, "`jeton:mint` is only for minters and admins");
    }
    Ok(())
}

/// Who may mint by this token: an access token, or an app token with [`Permission::MINT`].
pub(crate) fn minter(store: &mut Store, now: Timestamp, token: &str) -> Result<User, Error> {
    let verdict = verify(store, token, &Checks::only(Wanted::Any, now))?;
    let is_app = verdict.kind == Some(TokenKind::App);
    let is_credential = match (&verdict.record, verdict.kind) {
        (Record::Token(row), Some(TokenKind::App)) => {
            row.grant.permissions.iter().any(|p| p.as_str() == Permission::MINT)
        }
        (_, kind) => kind == Some(TokenKind::Access),
    };
    if is_credential || !verdict.reasons.is_empty() {
        let owner = verdict.accepted()?.owner;
        return owner.ok_or_else(|| Error::refused(Reason::UnknownToken));
    }
    if is_app {
        return Err(Error::Forbidden("the app token lacks the permission `jeton:mint`"));
    }
    Err(Error::Refused { kind: verdict.kind, reasons: vec![Reason::WrongType], detail: None })
}
