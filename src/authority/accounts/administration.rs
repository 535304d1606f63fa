//! Changes to accounts, including disabling and deletion. The last active admin cannot be disabled,
//! demoted or deleted.

use super::super::principal::require_role;
use super::super::resource_kind::ResourceKind;
use super::super::{AuditContext, Caller, Error};
use crate::model::{
    DisplayName, Email, EventTarget, Quota, Role, SessionEndReason, User, UserId, UserName, UserRef,
};
use crate::store::{self, Reader, Store, Writer};

const ADMINS_ONLY_CHANGE: &str = "only admins can change accounts";
const ADMINS_ONLY_DELETE: &str = "only admins can delete accounts";

/// A new value for an optional field; `None` clears the field.
#[derive(Debug, Clone)]
pub(crate) struct Patch<T>(pub(crate) Option<T>);

/// The treatment of a new account if at least one of its names belongs to an existing user. Names
/// are the username and the e-mail address; in an import, also the uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfExists {
    /// The new account is refused.
    Refuse,
    /// If one existing account has all names of the new account, the existing account is left
    /// unchanged. Otherwise, the new account is refused.
    Skip,
    /// Only for an import: the existing account gets the e-mail address, display name, role, quota
    /// and status of its row, as far as the row has these fields. A row is refused if its names
    /// belong to different accounts, or if the row would change the username or the uid.
    Update,
}

/// New names for a user; `None` leaves a name unchanged.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProfilePatch {
    /// The username.
    pub(crate) username: Option<Patch<UserName>>,
    /// The e-mail address.
    pub(crate) email: Option<Patch<Email>>,
    /// The display name.
    pub(crate) name: Option<Patch<DisplayName>>,
}

impl<T> Patch<T> {
    /// Returns the value of the field after the patch.
    fn apply<'o>(patch: Option<&'o Self>, current: Option<&'o T>) -> Option<&'o T> {
        patch.map_or(current, |Self(new_value)| new_value.as_ref())
    }
}

/// The result of a search for the user who has a set of names.
pub(super) enum NameOwner {
    /// No user has any of the names.
    Free,
    /// One user has all of the names.
    Single(User),
    /// At least one name belongs to a user, and no user has all of the names.
    Conflicting,
}

impl NameOwner {
    /// Searches the users for `names`.
    pub(super) fn lookup(tx: &Reader<'_>, names: &[UserRef]) -> Result<Self, store::Error> {
        let owners =
            names.iter().map(|user_ref| tx.find_user(user_ref)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = owners.iter().flatten().next() else { return Ok(Self::Free) };
        let is_first =
            |owner: &Option<User>| owner.as_ref().is_some_and(|user| user.id == first.id);
        let is_single = owners.iter().all(is_first);
        Ok(if is_single { Self::Single(first.clone()) } else { Self::Conflicting })
    }

    /// Returns the user who has all of the names, if any.
    pub(super) fn into_single(self) -> Option<User> {
        match self {
            Self::Single(user) => Some(user),
            Self::Free | Self::Conflicting => None,
        }
    }
}

/// Returns whether the store has ever had a user.
pub(crate) fn has_ever_had_users(store: &mut Store) -> Result<bool, Error> {
    Ok(store.read(|tx| tx.has_ever_had_users())?)
}

/// Returns a user. Only admins may load other users.
pub(crate) fn load(store: &mut Store, caller: &Caller, user_ref: &UserRef) -> Result<User, Error> {
    store.read(|tx| {
        require_self_or_admin(tx, &caller.user, user_ref, "only admins can see other accounts")
    })
}

/// Returns the user `user_ref`. Refuses a caller who is neither this user nor an admin; the refusal
/// is the same whether or not the user exists.
pub(in crate::authority) fn require_self_or_admin(
    tx: &Reader<'_>,
    caller: &User,
    user_ref: &UserRef,
    refusal: &'static str,
) -> Result<User, Error> {
    let user = tx.find_user(user_ref)?;
    if user.as_ref().is_none_or(|user| user.id != caller.id) {
        require_role(caller, Role::Admin, refusal)?;
    }
    user.ok_or_else(|| user_not_found(user_ref))
}

/// Changes the role of a user. Returns the user and whether the role changed.
pub(crate) fn set_role(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
    role: Role,
) -> Result<(User, bool), Error> {
    change_user(store, audit, caller, user_ref, |tx, user| {
        if role != Role::Admin {
            ensure_not_last_admin(tx, user)?;
        }
        tx.set_role(user.id, role)?;
        Ok(user.role != role)
    })
}

/// Changes the quota of a user; `None` selects the default quota in the settings. Returns the user
/// and whether the quota changed. A lower quota revokes no tokens.
pub(crate) fn set_quota(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
    quota: Option<Quota>,
) -> Result<(User, bool), Error> {
    change_user(store, audit, caller, user_ref, |tx, user| {
        tx.set_quota(user.id, quota)?;
        Ok(user.quota != quota)
    })
}

/// Changes the names of a user. Returns the user and whether any name changed. A username or an
/// e-mail address must remain for the login.
pub(crate) fn rename(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
    patch: &ProfilePatch,
) -> Result<(User, bool), Error> {
    let result = change_user(store, audit, caller, user_ref, |tx, user| {
        let username = Patch::apply(patch.username.as_ref(), user.username.as_ref());
        let email = Patch::apply(patch.email.as_ref(), user.email.as_ref());
        let name = Patch::apply(patch.name.as_ref(), user.display_name.as_ref());
        if username.is_none() && email.is_none() {
            return Err(Error::Usage("username or e-mail address required".to_owned()));
        }
        tx.set_names(user.id, username, email, name)?;
        Ok((username, email.map(Email::as_str), name)
            != (
                user.username.as_ref(),
                user.email.as_ref().map(Email::as_str),
                user.display_name.as_ref(),
            ))
    });
    match result {
        Err(Error::Store(store::Error::AlreadyExists)) => Err(Error::UserExists),
        other => other,
    }
}

/// Disables a user, whose logins and tokens are then refused, and ends the user's sessions. Returns
/// the user and the number of ended sessions; the number is `None` if the user was disabled before.
pub(crate) fn disable(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
) -> Result<(User, Option<usize>), Error> {
    let mut ended_sessions = 0;
    let (user, changed) = change_user(store, audit, caller, user_ref, |tx, user| {
        if user.disabled_at.is_some() {
            return Ok(false);
        }
        ensure_not_last_admin(tx, user)?;
        tx.set_disabled(user.id, Some(audit.now))?;
        ended_sessions =
            tx.end_user_sessions(user.id, None, SessionEndReason::Disabled, audit.now)?;
        Ok(true)
    })?;
    Ok((user, changed.then_some(ended_sessions)))
}

/// Enables a user. Returns the user and whether the user was disabled before.
pub(crate) fn enable(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
) -> Result<(User, bool), Error> {
    change_user(store, audit, caller, user_ref, |tx, user| {
        tx.set_disabled(user.id, None)?;
        Ok(user.disabled_at.is_some())
    })
}

/// Changes a user with `change`, which returns whether anything changed, and records a change.
/// Returns the changed user and the result of `change`.
fn change_user(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user_ref: &UserRef,
    mut change: impl FnMut(&Writer<'_>, &User) -> Result<bool, Error>,
) -> Result<(User, bool), Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY_CHANGE, |tx| {
        let user = require_user(tx, user_ref)?;
        let changed = change(tx, &user)?;
        record_change(tx, audit, caller, user.id, usize::from(changed))?;
        Ok((require_user(tx, &UserRef::Id(user.id))?, changed))
    })
}

/// Returns a user who is to be deleted. Refuses a caller who is not an admin, and the deletion of
/// the last active admin.
pub(crate) fn load_for_deletion(
    store: &mut Store,
    caller: &Caller,
    user_ref: &UserRef,
) -> Result<User, Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY_DELETE)?;
    store.read(|tx| {
        let user = require_user(tx, user_ref)?;
        ensure_not_last_admin(tx, &user)?;
        Ok(user)
    })
}

/// Deletes a user: ends all sessions of the user, revokes all tokens of the user, and clears the
/// names and the password in the row of the user. The row itself is kept. Returns the number of
/// revoked tokens.
pub(crate) fn delete(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    user: &User,
) -> Result<usize, Error> {
    let revoked_count = caller.write_with_role(store, Role::Admin, ADMINS_ONLY_DELETE, |tx| {
        let user = require_user(tx, &UserRef::Id(user.id))?;
        ensure_not_last_admin(tx, &user)?;
        tx.end_user_sessions(user.id, None, SessionEndReason::Deleted, audit.now)?;
        let revoked_count = tx.revoke_user_tokens(user.id, audit.now)?;
        tx.remove_user(user.id, audit.now)?;
        record_change(tx, audit, caller, user.id, 1)?;
        Ok(revoked_count)
    })?;
    store.erase_deleted_rows_from_wal();
    Ok(revoked_count)
}

fn record_change(
    tx: &Writer<'_>,
    audit: &AuditContext,
    caller: &Caller,
    user_id: UserId,
    changed_count: usize,
) -> Result<(), store::Error> {
    audit.record(tx, Some(caller.user.id), EventTarget::user(user_id), changed_count)
}

fn ensure_not_last_admin(tx: &Reader<'_>, user: &User) -> Result<(), Error> {
    let is_active_admin = user.role == Role::Admin && user.disabled_at.is_none();
    if is_active_admin && tx.count_active_admins()? <= 1 {
        return Err(Error::LastAdmin(user.to_display()));
    }
    Ok(())
}

/// Returns a user, or [`Error::NotFound`].
pub(in crate::authority) fn require_user(
    tx: &Reader<'_>,
    user_ref: &UserRef,
) -> Result<User, Error> {
    tx.find_user(user_ref)?.ok_or_else(|| user_not_found(user_ref))
}

/// Returns the error for a missing user.
pub(in crate::authority) fn user_not_found(user_ref: &UserRef) -> Error {
    Error::NotFound { resource: ResourceKind::User, name: Some(user_ref.to_display()) }
}
