//! The principal of a command: a user and the credential that authenticated the user. A transaction
//! that changes data for a principal rechecks the credential with a function of this module. The
//! parameter `refusal` is the start of the error message, such as `only admins can manage keys`.

use super::error::UserWithRole;
use super::verification::{recheck_app_token_owner, recheck_session_owner};
use super::{Error, RejectReason, Rejection};
use crate::model::{Jti, Key, Role, Timestamp, TokenId, User};
use crate::store::{Reader, SharedWriter, Store, Writer};

/// A user and the credential that authenticated the user.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// The row of the user when the credential was first checked.
    pub(crate) user: User,
    pub(super) credential: BearerCredential,
    /// Set if the credential is the access token in the session file. Then error messages refer to
    /// the session instead of the token.
    pub(super) is_in_session_file: bool,
    /// The key that signed the credential, usually the active app key.
    pub(super) key: Key,
    /// The time of the first check of the credential.
    pub(super) now: Timestamp,
}

/// The stored id of a bearer credential.
#[derive(Debug, Clone, Copy)]
pub(super) enum BearerCredential {
    /// The access token of a session.
    Access(Jti),
    /// An app token with the permission `jeton:mint`.
    AppToken(TokenId),
}

impl Principal {
    /// Refuses a principal whose role was below `role` when the credential was first checked.
    pub(crate) fn require_role(&self, role: Role, refusal: &'static str) -> Result<(), Error> {
        self.require_role_of(&self.user, role, refusal)
    }

    /// Refuses a principal whose role in the current row `user` is below `role`.
    pub(super) fn require_role_of(
        &self,
        user: &User,
        role: Role,
        refusal: &'static str,
    ) -> Result<(), Error> {
        if user.role >= role {
            return Ok(());
        }
        let user = Some(UserWithRole::new(user, self.is_session()));
        Err(Error::InsufficientRole { refusal, required: role, user })
    }

    /// Returns whether the credential belongs to a session.
    pub(super) fn is_session(&self) -> bool {
        matches!(self.credential, BearerCredential::Access(_))
    }

    /// Rechecks the credential, refuses a principal whose role is now below `role`, and runs
    /// `work`. All three steps are in one write transaction. A principal whose role was already
    /// below `role` at the first check is refused before the transaction.
    pub(super) fn write_with_role<T>(
        &self,
        store: &mut Store,
        role: Role,
        refusal: &'static str,
        mut work: impl FnMut(&Writer<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.require_role(role, refusal)?;
        write_as(store, self, |tx, user| {
            self.require_role_of(user, role, refusal)?;
            work(tx)
        })
    }

    /// Runs `work` as [`Principal::write_with_role`] does, but in a transaction of
    /// [`Store::write_shared`].
    pub(super) fn write_shared_with_role<T>(
        &self,
        store: &mut Store,
        role: Role,
        refusal: &'static str,
        mut work: impl FnMut(&SharedWriter<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.require_role(role, refusal)?;
        write_shared_as(store, self, |tx, user| {
            self.require_role_of(user, role, refusal)?;
            work(tx)
        })
    }

    /// Checks the credential again, and refuses a principal whose role is now below `role`.
    pub(super) fn recheck_role(
        &self,
        tx: &Reader<'_>,
        role: Role,
        refusal: &'static str,
    ) -> Result<(), Error> {
        self.require_role_of(&self.recheck(tx)?, role, refusal)
    }

    /// Checks the credential again and returns the current row of the user. Since the first check,
    /// the command may have waited for a lock, for user input or for a file. In the meantime, the
    /// user may have been disabled, deleted or logged out, or the token or its key may have been
    /// revoked: in each of these cases, the principal is refused.
    fn recheck(&self, tx: &Reader<'_>) -> Result<User, Error> {
        // A server gets these queries together with the first query below: one round trip for all.
        tx.prefetch_key_revocation(self.key.id);
        match self.credential {
            BearerCredential::Access(jti) => tx.prefetch_pair_by_access(jti),
            BearerCredential::AppToken(id) => tx.prefetch_token(id),
        }
        tx.prefetch_user(self.user.id);
        let result = if tx.is_revoked_key(self.key.id)? {
            let kid = self.key.spec.kid.to_display();
            let rejection = Rejection::new(RejectReason::KeyRevoked);
            Err(Error::from_reason(rejection.with_explanation(format!("`{kid}`"))))
        } else {
            match self.credential {
                BearerCredential::Access(jti) => recheck_session_owner(tx, jti, self.now),
                BearerCredential::AppToken(id) => recheck_app_token_owner(tx, id, self.now),
            }
        };
        result.map_err(
            |error| {
                if self.is_in_session_file { error.into_session_rejection() } else { error }
            },
        )
    }
}

/// Rechecks the credential of a principal and runs `work`, both in one write transaction. `work`
/// gets the current row of the user.
pub(super) fn write_as<T>(
    store: &mut Store,
    principal: &Principal,
    mut work: impl FnMut(&Writer<'_>, &User) -> Result<T, Error>,
) -> Result<T, Error> {
    store.write(|tx| work(tx, &principal.recheck(tx)?))
}

/// Runs `work` as [`write_as`] does, but in a transaction of [`Store::write_shared`].
pub(super) fn write_shared_as<T>(
    store: &mut Store,
    principal: &Principal,
    mut work: impl FnMut(&SharedWriter<'_>, &User) -> Result<T, Error>,
) -> Result<T, Error> {
    store.write_shared(|tx| work(tx, &principal.recheck(tx)?))
}

/// Runs `work` as [`write_as`] does. Without a principal, nothing is rechecked and `work` gets no
/// user.
pub(super) fn write_as_optional_principal<T>(
    store: &mut Store,
    principal: Option<&Principal>,
    mut work: impl FnMut(&Writer<'_>, Option<&User>) -> Result<T, Error>,
) -> Result<T, Error> {
    match principal {
        Some(principal) => write_as(store, principal, |tx, user| work(tx, Some(user))),
        None => store.write(|tx| work(tx, None)),
    }
}

/// Runs `work` as [`write_as_optional_principal`] does, but in a transaction of
/// [`Store::write_shared`].
pub(super) fn write_shared_as_optional_principal<T>(
    store: &mut Store,
    principal: Option<&Principal>,
    mut work: impl FnMut(&SharedWriter<'_>, Option<&User>) -> Result<T, Error>,
) -> Result<T, Error> {
    match principal {
        Some(principal) => write_shared_as(store, principal, |tx, user| work(tx, Some(user))),
        None => store.write_shared(|tx| work(tx, None)),
    }
}

/// Refuses a user whose role is below `role`. The error describes the user as logged in;
/// [`Principal::require_role_of`] also covers the bearer of an app token.
pub(super) fn require_role(user: &User, role: Role, refusal: &'static str) -> Result<(), Error> {
    if user.role >= role {
        return Ok(());
    }
    Err(Error::insufficient_role(refusal, role, Some(user)))
}
