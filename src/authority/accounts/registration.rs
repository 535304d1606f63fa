//! Registration of accounts, and creation of accounts by admins.

use super::super::audit_context::AuditRowState;
use super::super::principal::write_as_optional_principal;
use super::super::sessions::AuthenticatedUser;
use super::super::{AuditContext, Caller, Error};
use super::administration::{IfExists, NameOwner, require_user};
use super::{PasswordRules, login_refs, require_admin_or_empty_store};
use crate::crypto;
use crate::model::{
    DisplayName, Email, EventTarget, NewUser, Password, PasswordHash, Role, Timestamp, User,
    UserName, UserRef,
};
use crate::store::{self, Reader, Store, Writer};
use secrecy::SecretString;

const ADMINS_ONLY: &str = "only admins can create accounts";

/// The fields of a new account.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) username: Option<UserName>,
    pub(crate) email: Option<Email>,
    /// The display name.
    pub(crate) name: Option<DisplayName>,
    /// The password.
    pub(crate) password: Password,
    /// The requested role.
    pub(crate) role: Role,
}

impl Registration {
    fn to_new_user(&self, now: Timestamp, password_hash: PasswordHash) -> NewUser {
        NewUser {
            uid: crypto::generate_uid(),
            username: self.username.clone(),
            email: self.email.clone(),
            display_name: self.name.clone(),
            password_hash: Some(password_hash),
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

/// Generates a password that has at least the minimum length in the settings of the store. `store`
/// is `None` for the first user: the settings of a store without users require no minimum length.
pub(crate) fn generate_password(store: Option<&mut Store>) -> Result<SecretString, Error> {
    let settings = store.map(|store| store.read(|tx| tx.load_settings())).transpose()?;
    let min_length = settings.map_or(0, |settings| settings.password_min_length);
    Ok(crypto::generate_password(min_length)?)
}

/// Refuses the creation of accounts by a caller who is not an admin.
pub(crate) fn authorize_creation(caller: &Caller) -> Result<(), Error> {
    caller.require_role(Role::Admin, ADMINS_ONLY)
}

/// Adds an account as [`register`] does, but refuses a caller who is not an admin.
pub(crate) fn create(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    registration: &Registration,
    if_exists: IfExists,
) -> Result<(User, bool), Error> {
    add_account(store, audit, Some(caller), registration, if_exists, |tx, user| {
        require_admin_or_empty_store(tx, user, ADMINS_ONLY)
    })
}

/// Adds an account, if [`authorize_registration`] accepts the caller. The first user of a store
/// becomes an admin, regardless of the requested role. With [`IfExists::Skip`], an existing account
/// is left unchanged, if it has every given login name: the username, the e-mail address or both.
/// Returns the user and whether the account is new.
pub(crate) fn register(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    registration: &Registration,
    if_exists: IfExists,
) -> Result<(User, bool), Error> {
    add_account(store, audit, caller, registration, if_exists, |tx, user| {
        authorize_registration(tx, user, registration)
    })
}

/// Adds an account, if `authorize` accepts the caller. `authorize` is called before the slow
/// hashing of the password, and again in the transaction, with the current row of the caller.
fn add_account(
    store: &mut Store,
    audit: &AuditContext,
    caller: Option<&Caller>,
    registration: &Registration,
    if_exists: IfExists,
    authorize: impl Fn(&Reader<'_>, Option<&User>) -> Result<(), Error>,
) -> Result<(User, bool), Error> {
    store.read(|tx| authorize(tx, caller.map(|caller| &caller.user)))?;
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
    PasswordRules::load(store)?.check(&registration.password)?;
    let new_user =
        registration.to_new_user(audit.now, crypto::hash_password(&registration.password)?);
    let principal = caller.map(|caller| &caller.principal);
    let result = write_as_optional_principal(store, principal, |tx, user| {
        authorize(tx, user)?;
        PasswordRules::load_in_transaction(tx)?.check(&registration.password)?;
        let role = if tx.has_ever_had_users()? { registration.role } else { Role::Admin };
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

/// Adds the row of a new user and records the event. Without a caller, the new user is the actor.
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

/// Refuses a registration, except in three cases: `caller` is an admin, the store has no users, or
/// the setting `register.open` is `true` and the requested role is [`Role::User`]. `caller` is
/// `None` without a login.
fn authorize_registration(
    tx: &Reader<'_>,
    caller: Option<&User>,
    registration: &Registration,
) -> Result<(), Error> {
    let is_admin = caller.is_some_and(|caller| caller.role == Role::Admin);
    if is_admin || !tx.has_ever_had_users()? {
        return Ok(());
    }
    let refusal = match registration.role {
        Role::User if tx.load_settings()?.register_open => return Ok(()),
        Role::User => "only admins can register accounts",
        Role::Minter | Role::Admin => "only admins can assign roles",
    };
    Err(Error::insufficient_role(refusal, Role::Admin, caller))
}

/// Adds the first user of a store, who becomes an admin regardless of the requested role. The
/// returned user can start a session.
pub(crate) fn create_first_admin(
    store: &mut Store,
    audit: &AuditContext,
    registration: &Registration,
) -> Result<AuthenticatedUser, Error> {
    let hash = crypto::hash_password(&registration.password)?;
    let new_user = NewUser { role: Role::Admin, ..registration.to_new_user(audit.now, hash) };
    let user = store.write(|tx| {
        if tx.has_ever_had_users()? {
            return Err(Error::StoreExists);
        }
        insert_user(tx, audit, None, &new_user)
    })?;
    Ok(AuthenticatedUser {
        user,
        password_changed_at: audit.now,
        upgraded_hash: None,
        audit_row: AuditRowState::Written,
    })
}
