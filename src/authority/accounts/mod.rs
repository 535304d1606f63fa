//! Accounts: registration, login, passwords and deletion.

mod administration;
mod export;
mod import;
mod import_row;
mod import_rows;
mod listing;

pub(crate) use administration::{
    IfExists, Patch, ProfilePatch, delete, disable, enable, generate_password, has_users, load,
    load_for_deletion, rename, set_quota, set_role,
};
pub(super) use administration::{require_self_or_admin, require_user, user_not_found};
pub(crate) use export::{PasswordHashes, UserExport, authorize_export, export};
pub(crate) use import::{ImportOutcome, ImportRows, UnknownFields, authorize_import, import};
pub(crate) use listing::{UserFilter, UserList, UserOrder};

use administration::NameOwner;

use super::audit_context::AuditRowState;
use super::principal::{require_role, write_as_optional_principal};
use super::sessions::AuthenticatedUser;
use super::{AuditContext, Caller, Error};
use crate::crypto;
use crate::model::{
    DisplayName, Email, EventTarget, NewUser, Password, PasswordHash, Role, SessionEndReason,
    Timestamp, User, UserName, UserRef,
};
use crate::store::{self, Reader, Store, Writer};

/// The fields of a new account.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) username: Option<UserName>,
    pub(crate) email: Option<Email>,
    /// The display name.
    pub(crate) name: Option<DisplayName>,
    pub(crate) password: Password,
    /// The requested role.
    pub(crate) role: Role,
}

/// The input of a login. A malformed name or password is `None`.
#[derive(Debug, Clone)]
pub(crate) struct LoginCredentials {
    /// The name or e-mail address.
    pub(crate) login: Option<UserRef>,
    /// The password.
    pub(crate) password: Option<Password>,
}

impl Registration {
    fn to_new_user(&self, now: Timestamp, password: PasswordHash) -> NewUser {
        NewUser {
            uid: crypto::generate_uid(),
            username: self.username.clone(),
            email: self.email.clone(),
            display_name: self.name.clone(),
            password_hash: Some(password),
            role: self.role,
            quota: None,
            disabled_at: None,
            created_at: now,
        }
    }

    fn user_refs(&self) -> Vec<UserRef> {
        login_refs(self.username.as_ref(), self.email.as_ref())
    }
}

/// Returns the names by which a user can log in.
fn login_refs(username: Option<&UserName>, email: Option<&Email>) -> Vec<UserRef> {
    let username = username.cloned().map(UserRef::Name);
    username.into_iter().chain(email.cloned().map(UserRef::Email)).collect()
}

/// Adds an account. The first user of a store becomes an admin, regardless of the requested role.
/// With [`IfExists::Skip`] an existing account with the same names is left unchanged. Returns the
/// user and whether the account is new.
pub(crate) fn register(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    registration: &Registration,
    if_exists: IfExists,
) -> Result<(User, bool), Error> {
    store.read(|tx| authorize_registration(tx, caller.map(|caller| &caller.user), registration))?;
    let find_existing = |store: &mut Store| {
        store
            .read(|tx| NameOwner::lookup(tx, &registration.user_refs()))
            .map(NameOwner::into_single)
    };
    if if_exists == IfExists::Skip
        && let Some(user) = find_existing(store)?
    {
        return Ok((user, false));
    }
    store.read(|tx| check_min_length(tx, &registration.password))?;
    let new_user =
        registration.to_new_user(audit.now, crypto::hash_password(&registration.password)?);
    let principal = caller.map(|caller| &caller.principal);
    let result = write_as_optional_principal(store, principal, |tx, user| {
        authorize_registration(tx, user, registration)?;
        check_min_length(tx, &registration.password)?;
        let role = if tx.has_users()? { registration.role } else { Role::Admin };
        insert_user(tx, audit, caller, &NewUser { role, ..new_user.clone() })
    });
    match result {
        Ok(user) => Ok((user, true)),
        Err(Error::Store(store::Error::AlreadyExists)) => {
            match find_existing(store)?.filter(|_| if_exists == IfExists::Skip) {
                Some(user) => Ok((user, false)),
                None => Err(Error::UserExists),
            }
        }
        Err(error) => Err(error),
    }
}

/// Adds an account. Without a caller the new user is the actor in the audit.
fn insert_user(
    tx: &Writer<'_>,
    audit: &AuditContext,
    caller: Option<&Caller>,
    new_user: &NewUser,
) -> Result<User, Error> {
    let id = tx.add_user(new_user, audit.now)?;
    let actor = caller.map_or(id, |caller| caller.user.id);
    audit.record(tx, Some(actor), EventTarget::user(id), 1)?;
    require_user(tx, &UserRef::Id(id))
}

fn authorize_registration(
    tx: &Reader<'_>,
    user: Option<&User>,
    registration: &Registration,
) -> Result<(), Error> {
    let is_admin = user.is_some_and(|user| user.role == Role::Admin);
    if is_admin || !tx.has_users()? {
        return Ok(());
    }
    let refusal = match registration.role {
        Role::User if tx.load_settings()?.register_open => return Ok(()),
        Role::User => "only admins can register accounts",
        Role::Minter | Role::Admin => "only admins can assign roles",
    };
    Err(Error::insufficient_role(refusal, Role::Admin, user))
}

/// Refuses a user who is not an admin. Without a user, refuses if the store has users: before the
/// first user is added, the owner of the store file may do everything.
pub(super) fn require_admin_or_empty_store(
    tx: &Reader<'_>,
    user: Option<&User>,
    refusal: &'static str,
) -> Result<(), Error> {
    match user {
        Some(user) => require_role(user, Role::Admin, refusal),
        None if tx.has_users()? => Err(Error::insufficient_role(refusal, Role::Admin, None)),
        None => Ok(()),
    }
}

/// Adds the first admin of a store without users. The returned user can start a session.
pub(crate) fn create_first_admin(
    store: &mut Store,
    audit: &AuditContext,
    registration: &Registration,
) -> Result<AuthenticatedUser, Error> {
    let hash = crypto::hash_password(&registration.password)?;
    let new_user =
        NewUser { role: Role::Admin, ..registration.to_new_user(audit.now, hash.clone()) };
    let user = store.write(|tx| {
        if tx.has_users()? {
            return Err(Error::StoreExists);
        }
        insert_user(tx, audit, None, &new_user)
    })?;
    Ok(AuthenticatedUser { user, hash, upgraded_hash: None, audit_row: AuditRowState::Written })
}

/// Authenticates a user by password. All failures (unknown or malformed name, malformed or wrong
/// password, no password, disabled user) return the same error after the same work. `upgraded_hash`
/// is set if the stored hash is weaker than new hashes.
pub(crate) fn authenticate(
    store: &mut Store,
    credentials: &LoginCredentials,
) -> Result<AuthenticatedUser, Error> {
    let (user_and_hash, costliest) = store.read(|tx| {
        let user = credentials
            .login
            .as_ref()
            .map(|user_ref| tx.find_user(user_ref))
            .transpose()?
            .flatten();
        let hash = user.as_ref().map(|user| tx.find_password_hash(user.id)).transpose()?.flatten();
        Ok::<_, Error>((user.zip(hash), tx.costliest_hash_class()?))
    })?;
    let costliest = crypto::HashClass::from_stored(costliest.as_deref())?;
    let password = credentials.password.as_ref();
    let hash = user_and_hash.as_ref().map(|(_, hash)| hash);
    let is_correct = hash.map_or(Ok(false), |hash| crypto::verify_password(password, hash))?;
    match (&user_and_hash, password) {
        (Some((user, hash)), Some(password)) if is_correct && user.disabled_at.is_none() => {
            let upgraded_hash =
                crypto::needs_rehash(hash).then(|| crypto::hash_password(password)).transpose()?;
            let (user, hash) = (user.clone(), hash.clone());
            Ok(AuthenticatedUser { user, hash, upgraded_hash, audit_row: AuditRowState::Missing })
        }
        _ => {
            crypto::spend_remaining_work(password, hash, &costliest)?;
            Err(Error::LoginInvalid)
        }
    }
}

/// Changes the password of the caller and ends the other sessions of the caller. Returns the number
/// of ended sessions.
pub(crate) fn change_password(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    current: &Password,
    new: &Password,
) -> Result<usize, Error> {
    let hash = store.read(|tx| tx.find_password_hash(caller.user.id))?;
    if !hash.as_ref().map_or(Ok(false), |hash| crypto::verify_password(Some(current), hash))? {
        return Err(Error::WrongPassword);
    }
    store.read(|tx| check_min_length(tx, new))?;
    replace_password(store, audit, Some((caller, hash)), &caller.user, new)
}

/// Returns the user to recover. Called before the password prompt, to report an unknown name early.
pub(crate) fn load_for_recovery(store: &mut Store, user_ref: &UserRef) -> Result<User, Error> {
    store.read(|tx| require_user(tx, user_ref))
}

/// Sets the password of a user and ends all sessions. Requires no session, because any process that
/// can write the store file could change the password directly. Returns the user and the number of
/// ended sessions.
pub(crate) fn recover(
    store: &mut Store,
    audit: &AuditContext,
    user_ref: &UserRef,
    new: &Password,
) -> Result<(User, usize), Error> {
    let user = load_for_recovery(store, user_ref)?;
    store.read(|tx| check_min_length(tx, new))?;
    replace_password(store, audit, None, &user, new).map(|ended_count| (user, ended_count))
}

/// Replaces the password of `user`. With a caller, fails if the stored hash has changed since it
/// was checked. Without a caller, requires no session. Returns the number of ended sessions.
fn replace_password(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<(&Caller, Option<PasswordHash>)>,
    user: &User,
    new: &Password,
) -> Result<usize, Error> {
    let hash: PasswordHash = crypto::hash_password(new)?;
    let (caller, checked_hash) = caller.unzip();
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
            check_min_length(tx, new)?;
            if checked_hash.is_some() && checked_hash != Some(tx.find_password_hash(user.id)?) {
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

fn check_min_length(tx: &Reader<'_>, password: &Password) -> Result<(), Error> {
    let min_length = tx.load_settings()?.password_min_length;
    if password.char_count() < min_length {
        return Err(Error::Usage(format!("password shorter than {min_length} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
