//! Accounts: registration, login, passwords, changes, deletion, lists, import and export.

mod administration;
mod export;
mod import;
mod import_existing;
mod import_observer;
mod import_passwords;
mod import_row;
mod import_rows;
mod listing;
mod password_rules;
mod registration;

pub(crate) use administration::{
    IfExists, Patch, ProfilePatch, delete, disable, enable, has_ever_had_users, load,
    load_for_deletion, rename, set_quota, set_role,
};
pub(super) use administration::{require_self_or_admin, require_user, user_not_found};
pub(crate) use export::{PasswordHashes, UserExport, authorize_export, export};
pub(crate) use import::{
    AccountChange, GeneratedPassword, ImportOutcome, ImportRows, UnknownFields, authorize_import,
    import,
};
pub(super) use import::{apply_all_rows, hash_row_passwords};
pub(crate) use import_observer::{ImportObserver, ImportStep};
pub(super) use import_row::ACCOUNT_FIELDS;
pub(crate) use listing::{UserFilter, UserList, UserOrder};
pub(crate) use password_rules::PasswordRules;
pub(crate) use registration::{
    Registration, authorize_creation, create, create_first_admin, generate_password, register,
};

use super::audit_context::AuditRowState;
use super::principal::{require_role, write_as_optional_principal};
use super::sessions::AuthenticatedUser;
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::model::{
    Email, EventTarget, Password, PasswordHash, Role, SessionEndReason, Timestamp, User, UserName,
    UserRef,
};
use crate::store::{Reader, Store};

/// The input of a login. A malformed name or password is `None`.
#[derive(Debug, Clone)]
pub(crate) struct LoginCredentials {
    /// The username or e-mail address.
    pub(crate) login: Option<UserRef>,
    /// The password.
    pub(crate) password: Option<Password>,
}

/// Returns the names by which a user can log in.
fn login_refs(username: Option<&UserName>, email: Option<&Email>) -> Vec<UserRef> {
    let username = username.cloned().map(UserRef::Name);
    username.into_iter().chain(email.cloned().map(UserRef::Email)).collect()
}

/// Refuses a user who is not an admin. Without a user, refuses if the store has users: before the
/// first user is added, any process that can write to the store may do everything.
pub(super) fn require_admin_or_empty_store(
    tx: &Reader<'_>,
    user: Option<&User>,
    refusal: &'static str,
) -> Result<(), Error> {
    match user {
        Some(user) => require_role(user, Role::Admin, refusal),
        None if tx.has_ever_had_users()? => {
            Err(Error::insufficient_role(refusal, Role::Admin, None))
        }
        None => Ok(()),
    }
}

/// Authenticates a user by password. All failures (unknown or malformed name, malformed or wrong
/// password, user without a password, disabled user) return the same error after the same work: the
/// work for the costliest hash class of the store, which is the class of new hashes or of a
/// costlier imported hash. (A hash class is an algorithm with its version and parameters.) The
/// result has an `upgraded_hash` if the stored hash is weaker than new hashes.
pub(crate) fn authenticate(
    store: &mut Store,
    credentials: &LoginCredentials,
) -> Result<AuthenticatedUser, Error> {
    let (user_and_password, costliest) = store.read(|tx| {
        let user = credentials
            .login
            .as_ref()
            .map(|user_ref| tx.find_user(user_ref))
            .transpose()?
            .flatten();
        let password = user.as_ref().map(|user| tx.find_password(user.id)).transpose()?.flatten();
        Ok::<_, Error>((user.zip(password), tx.costliest_hash_class()?))
    })?;
    let costliest_class = crypto::HashClass::from_stored(costliest.as_deref())?;
    let password = credentials.password.as_ref();
    let hash = user_and_password.as_ref().map(|(_, (hash, _))| hash);
    let is_correct = hash.map_or(Ok(false), |hash| crypto::verify_password(password, hash))?;
    match (&user_and_password, password) {
        (Some((user, (hash, changed_at))), Some(password))
            if is_correct && user.disabled_at.is_none() =>
        {
            Ok(AuthenticatedUser {
                user: user.clone(),
                password_changed_at: *changed_at,
                upgraded_hash: crypto::needs_rehash(hash)
                    .then(|| crypto::hash_password(password))
                    .transpose()?,
                audit_row: AuditRowState::Missing,
            })
        }
        _ => {
            crypto::spend_remaining_work(password, hash, &costliest_class)?;
            Err(Error::LoginInvalid)
        }
    }
}

/// The result of a successful verification of the current password of the caller.
#[derive(Debug)]
pub(crate) struct PasswordVerification {
    /// The time at which the verified password was set.
    changed_at: Timestamp,
    /// The rules for the new password.
    pub(crate) rules: PasswordRules,
}

/// Verifies the current password of the caller, before a new password is typed.
pub(crate) fn verify_current_password(
    store: &mut Store,
    caller: &Caller,
    current: &Password,
) -> Result<PasswordVerification, Error> {
    let stored_password = store.read(|tx| tx.find_password(caller.user.id))?;
    let (hash, changed_at) = stored_password.ok_or(Error::WrongPassword)?;
    if !crypto::verify_password(Some(current), &hash)? {
        return Err(Error::WrongPassword);
    }
    Ok(PasswordVerification { changed_at, rules: PasswordRules::load(store)? })
}

/// Changes the password of the caller and ends the other sessions of the caller. Fails if the
/// password was changed after the verification that returned `verified`. Returns the number of
/// ended sessions.
pub(crate) fn change_password(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    verified: &PasswordVerification,
    new: &Password,
) -> Result<usize, Error> {
    PasswordRules::load(store)?.check(new)?;
    replace_password(store, audit, Some((caller, verified.changed_at)), &caller.user, new)
}

/// Returns the user whose password [`recover`] will set. Called before the password prompt, to
/// report an unknown name early.
pub(crate) fn load_for_recovery(store: &mut Store, user_ref: &UserRef) -> Result<User, Error> {
    store.read(|tx| require_user(tx, user_ref))
}

/// Sets the password of a user and ends all sessions of the user. Requires no login, because any
/// process that can write to the store could change the password directly. Returns the user and the
/// number of ended sessions.
pub(crate) fn recover(
    store: &mut Store,
    audit: &AuditContext,
    user_ref: &UserRef,
    new: &Password,
) -> Result<(User, usize), Error> {
    let user = load_for_recovery(store, user_ref)?;
    PasswordRules::load(store)?.check(new)?;
    replace_password(store, audit, None, &user, new).map(|ended_count| (user, ended_count))
}

/// Replaces the password of `user` and ends the sessions of `user`, except the session of the
/// caller. `caller` contains the caller, who must be `user`, and the time at which the verified
/// password was set. The function fails if the password was changed after this time. Without a
/// caller, no credential is checked. Returns the number of ended sessions.
fn replace_password(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<(&Caller, Timestamp)>,
    user: &User,
    new: &Password,
) -> Result<usize, Error> {
    let hash: PasswordHash = crypto::hash_password(new)?;
    let (caller, verified_changed_at) = caller.unzip();
    let caller_id = caller.map(|caller| caller.user.id);
    let kept_sid = caller.map(|caller| caller.session.sid);
    let ended_count = write_as_optional_principal(
        store,
        caller.map(|caller| &caller.principal),
        |tx, current_user| {
            let user = match current_user {
                Some(user) => user.clone(),
                None => require_user(tx, &UserRef::Id(user.id))?,
            };
            PasswordRules::load_in_transaction(tx)?.check(new)?;
            let current_changed_at = tx.find_password(user.id)?.map(|(_, changed_at)| changed_at);
            if verified_changed_at.is_some() && verified_changed_at != current_changed_at {
                return Err(Error::WrongPassword);
            }
            tx.set_password(user.id, &hash, audit.now)?;
            let ended_count =
                tx.end_user_sessions(user.id, kept_sid, SessionEndReason::Password, audit.now)?;
            audit.record(tx, caller_id, EventTarget::user(user.id), 1)?;
            Ok(ended_count)
        },
    )?;
    store.erase_deleted_rows_from_wal();
    Ok(ended_count)
}

#[cfg(test)]
mod tests;
