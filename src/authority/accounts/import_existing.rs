//! Existing accounts of import rows: lookup, and update with the fields of a row.

use super::super::{AuditContext, Error};
use super::administration::{IfExists, NameOwner};
use super::import_row::ImportRow;
use crate::model::{Email, InvalidLine, SessionEndReason, User, UserRef};
use crate::store::{self, Reader, Writer};

/// Returns the existing account that a row describes; `None` if no account has any name of the row.
/// Names are the username, the e-mail address and the uid.
///
/// With [`IfExists::Refuse`], a row with a name of an existing account is refused. With
/// [`IfExists::Skip`], such a row is refused unless one account has all names of the row. With
/// [`IfExists::Update`], [`find_by_identity`] selects the account if no account has all names.
pub(super) fn find_existing(
    tx: &Reader<'_>,
    import_row: &ImportRow,
    if_exists: IfExists,
) -> Result<Option<User>, Error> {
    match (NameOwner::lookup(tx, &import_row.user_refs())?, if_exists) {
        (NameOwner::Free, _) => Ok(None),
        (NameOwner::Single(user), IfExists::Skip | IfExists::Update) => Ok(Some(user)),
        (NameOwner::Conflicting, IfExists::Update) => find_by_identity(tx, import_row).map(Some),
        (NameOwner::Single(_), IfExists::Refuse)
        | (NameOwner::Conflicting, IfExists::Refuse | IfExists::Skip) => {
            Err(taken_name_error(tx, import_row, if_exists)?)
        }
    }
}

/// Returns the account with the `uid` of the row; for a row without `uid`, the account with the
/// username of the row. The account must also have the username of the row, if any. Because the
/// account will get the e-mail address of the row, no other account may have this address.
fn find_by_identity(tx: &Reader<'_>, import_row: &ImportRow) -> Result<User, Error> {
    let is_same_username = |user: &User| {
        let username = import_row.new_user.username.as_ref();
        username.is_none_or(|username| user.username.as_ref() == Some(username))
    };
    let identity = import_row.identity();
    let user = tx.find_user(&identity)?;
    let email = import_row.new_user.email.clone().map(UserRef::Email);
    let email_owner = email.map(|email| tx.find_user(&email)).transpose()?.flatten();
    let has_free_email = |user: &User| email_owner.as_ref().is_none_or(|owner| owner.id == user.id);
    let reason = match (&user, identity) {
        (Some(user), _) if !is_same_username(user) => {
            "username and uid do not belong to one account"
        }
        (None, UserRef::Uid(_)) => {
            "no account has this uid, but an account has the username or e-mail address"
        }
        _ => "the e-mail address belongs to another account",
    };
    user.filter(is_same_username)
        .filter(has_free_email)
        .ok_or_else(|| InvalidLine { line: import_row.line, reason: reason.to_owned() }.into())
}

/// Gives an existing account the e-mail address, display name, role, quota and status of a row.
/// Fields that the row does not have are unchanged. Returns the names of the changed fields.
pub(super) fn update_existing(
    tx: &Writer<'_>,
    audit: &AuditContext,
    import_row: &ImportRow,
    user: &User,
) -> Result<Vec<&'static str>, Error> {
    let updated = import_row.to_updated_user(user, audit.now);
    let is_disabled = updated.disabled_at.is_some();
    let has_new_email =
        updated.email.as_ref().map(Email::as_str) != user.email.as_ref().map(Email::as_str);
    let has_new_name = updated.display_name != user.display_name;
    let has_new_status = is_disabled != user.disabled_at.is_some();
    if has_new_email || has_new_name {
        let (username, email) = (updated.username.as_ref(), updated.email.as_ref());
        tx.set_names(user.id, username, email, updated.display_name.as_ref())?;
    }
    if updated.role != user.role {
        tx.set_role(user.id, updated.role)?;
    }
    if updated.quota != user.quota {
        tx.set_quota(user.id, updated.quota)?;
    }
    if has_new_status {
        tx.set_disabled(user.id, updated.disabled_at)?;
    }
    if has_new_status && is_disabled {
        tx.end_user_sessions(user.id, None, SessionEndReason::Disabled, audit.now)?;
    }
    let fields = [
        ("email", has_new_email),
        ("name", has_new_name),
        ("role", updated.role != user.role),
        ("quota", updated.quota != user.quota),
        ("disabled", has_new_status),
    ];
    Ok(fields.into_iter().filter(|(_, has_changed)| *has_changed).map(|(name, _)| name).collect())
}

/// Returns the error for a row with names of existing users, or with the `uid` of a deleted user.
pub(super) fn taken_name_error(
    tx: &Reader<'_>,
    import_row: &ImportRow,
    if_exists: IfExists,
) -> Result<Error, store::Error> {
    let mut taken_names = Vec::new();
    for name in &import_row.user_refs() {
        if tx.find_user(name)?.is_some() {
            taken_names.push(name.to_display());
        }
    }
    let line = import_row.line;
    if taken_names.is_empty() {
        let reason = "`uid` belongs to a deleted user: omit `uid` to assign a new uid";
        return Ok(InvalidLine { line, reason: reason.to_owned() }.into());
    }
    let skips_existing = if_exists == IfExists::Skip;
    Ok(Error::ImportedUserExists { line, taken_names, skips_existing })
}
