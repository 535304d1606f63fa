//! Authentication of the caller: by a bearer credential, or by the session file.

use super::session::{RefreshPolicy, SessionHandle, is_rejected_only_as_expired, session_failure};
use super::store_handle::StoreHandle;
use crate::authority::principal::Principal;
use crate::authority::{self, Caller, RejectReason};
use crate::failure::{Code, Failure, Kind};
use crate::model::{Timestamp, escape};
use secrecy::{ExposeSecret, SecretString};

/// An authenticated caller, and the source of the credential that authenticated the caller.
#[derive(Debug)]
pub(crate) struct CallerWithSource {
    pub(crate) caller: Caller,
    /// Source of the credential for messages: the token file, a variable or the session file.
    pub(crate) source: String,
}

impl SessionHandle {
    /// Returns the caller: the implementation of [`super::App::caller`].
    pub(super) fn caller(&mut self, store: &mut StoreHandle) -> Result<Caller, Failure> {
        self.caller_with_source(store).map(|caller_and_source| caller_and_source.caller)
    }

    /// Authenticates the caller by the bearer credential, or else by the session file. Returns the
    /// caller and the source of the credential.
    pub(crate) fn caller_with_source(
        &mut self,
        store: &mut StoreHandle,
    ) -> Result<CallerWithSource, Failure> {
        store.get()?;
        let caller_and_source = match self.console.bearer_credential()? {
            Some((token, source)) => {
                let (open_store, audit) = store.open_with_audit()?;
                let access_token = token.expose_secret();
                let caller = authority::sessions::authenticate(open_store, audit.now, access_token)
                    .map_err(|error| credential_error(error, &source))?;
                CallerWithSource { caller, source }
            }
            None => self.session_caller(store)?,
        };
        self.authenticated_user_id = Some(caller_and_source.caller.user.id);
        Ok(caller_and_source)
    }

    /// Returns whether a bearer credential is given. If so, the session file does not authenticate
    /// the caller.
    pub(crate) fn has_bearer_credential(&self) -> Result<bool, Failure> {
        Ok(self.console.bearer_credential()?.is_some())
    }

    /// Returns the principal that mints tokens: the implementation of [`super::App::minter`].
    pub(super) fn minter(&mut self, store: &mut StoreHandle) -> Result<Principal, Failure> {
        store.get()?;
        let Some((token, source)) = self.console.bearer_credential()? else {
            return self.caller(store).map(Principal::from);
        };
        let (open_store, audit) = store.open_with_audit()?;
        let minter =
            authority::minting::authorize_minter(open_store, audit.now, token.expose_secret());
        let minter = minter.map_err(|error| credential_error(error, &source))?;
        self.authenticated_user_id = Some(minter.user.id);
        Ok(minter)
    }

    /// Returns the caller; `None` without a login, or if the session file is damaged.
    pub(crate) fn caller_if_any(
        &mut self,
        store: &mut StoreHandle,
    ) -> Result<Option<Caller>, Failure> {
        match self.caller(store) {
            Ok(caller) => Ok(Some(caller)),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the caller; `None` if the store does not exist or has no users yet.
    pub(crate) fn caller_if_store_has_users(
        &mut self,
        store: &mut StoreHandle,
    ) -> Result<Option<Caller>, Failure> {
        if store.exists()? && authority::accounts::has_ever_had_users(store.get()?)? {
            self.caller(store).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns the caller. Returns `None` without a login, if the session file is damaged, or if
    /// the store is missing, is damaged, has another version or is not a store of jeton. With
    /// `None`, the command acts for the owner of the store file, or on a server for a database user
    /// with the necessary rights.
    pub(crate) fn caller_or_store_owner(
        &mut self,
        store: &mut StoreHandle,
    ) -> Result<Option<Caller>, Failure> {
        const UNUSABLE_STORE_CODES: [Code; 5] = [
            Code::StoreNotFound,
            Code::StoreNewer,
            Code::StoreOlder,
            Code::StoreForeign,
            Code::StoreDamaged,
        ];
        match self.caller(store) {
            Ok(caller) => Ok(Some(caller)),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(None),
            Err(failure) if UNUSABLE_STORE_CODES.contains(&failure.code) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Authenticates the caller by the session file. If the access token has expired, refreshes the
    /// session.
    fn session_caller(&self, store: &mut StoreHandle) -> Result<CallerWithSource, Failure> {
        let file = self.locate_session_file(store)?;
        let source = escape(&file.path().to_string_lossy());
        let Some(login) = self.current_login(store, &file)? else {
            if authority::accounts::has_ever_had_users(store.get()?)? {
                return Err(Failure::not_logged_in());
            }
            return Err(Failure::not_logged_in().with_hint("create the first admin: jeton init"));
        };
        let (open_store, audit) = store.open_with_audit()?;
        let caller = match authority::sessions::authenticate(
            open_store,
            audit.now,
            login.access_token.expose_secret(),
        ) {
            Err(error) if is_rejected_only_as_expired(&error) => {
                self.refresh_under_lock(store, &file, RefreshPolicy::IfExpired)?.0
            }
            result => result.map_err(session_failure)?.mark_as_in_session_file(),
        };
        Ok(CallerWithSource { caller, source })
    }

    /// Returns an access token for another program, and the expiry time of the token. The token is
    /// the bearer credential, or else the access token of the session. If the access token of the
    /// session is about to expire, the session is refreshed first.
    pub(crate) fn access_token(
        &mut self,
        store: &mut StoreHandle,
    ) -> Result<(SecretString, Timestamp), Failure> {
        let caller = self.caller(store)?;
        if let Some((token, _)) = self.console.bearer_credential()? {
            return Ok((token, caller.access_expires_at));
        }
        let file = self.locate_session_file(store)?;
        match self.current_login(store, &file)? {
            Some(login) if RefreshPolicy::IfExpiringSoon.accepts(&caller, store.now()?) => {
                Ok((login.access_token, login.access_expires_at))
            }
            _ => {
                let (caller, login) =
                    self.refresh_under_lock(store, &file, RefreshPolicy::IfExpiringSoon)?;
                Ok((login.access_token, caller.access_expires_at))
            }
        }
    }
}

/// Converts an error about the bearer credential. For a token of the wrong type, the hint names
/// `source`. For any other rejected token, a hint that names `source` is added if the failure has
/// no hint.
fn credential_error(error: authority::Error, source: &str) -> Failure {
    let failure = Failure::from(error);
    if failure.has_reason(RejectReason::WrongType) {
        let hint = format!("replace the token in {source} with the access token of a session");
        return failure.with_hint(hint);
    }
    let rejection_kinds = [Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];
    if failure.hint.is_none() && rejection_kinds.contains(&failure.kind()) {
        return failure.with_hint(format!("check the token in {source}"));
    }
    failure
}
