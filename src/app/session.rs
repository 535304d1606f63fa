//! Session of a run: the login in the session file. When the access token of the login has expired,
//! the session is refreshed under the lock of the file.
//!
//! A login is written to the file as pending before the store commits the session. To settle a
//! pending login means: to keep this login if the store has the session, or else to restore the
//! previous login.

use super::run_console::RunConsole;
use super::store_handle::StoreHandle;
use crate::authority::sessions::{NewPairIds, TokenPair};
use crate::authority::{self, AuditContext, Caller, RejectReason};
use crate::failure::{Code, Failure};
use crate::model::{Timestamp, UserId};
use crate::paths;
use crate::session_file::{LockedSessionFile, Login, PendingRefresh, SessionFile};
use crate::store;
use secrecy::ExposeSecret;
use std::path::PathBuf;
use std::rc::Rc;

/// Condition for refreshing the access token in the session file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefreshPolicy {
    /// Refresh an expired token.
    IfExpired,
    /// Refresh a token with less than [`MIN_REMAINING_SECONDS`] left, for a program that will use
    /// the token later.
    IfExpiringSoon,
    /// Refresh even a token that has not expired.
    Always,
}

/// Minimum remaining lifetime in seconds under [`RefreshPolicy::IfExpiringSoon`].
const MIN_REMAINING_SECONDS: i64 = 60;

impl RefreshPolicy {
    /// Returns `true` if the access token that authenticated `caller` can be used at `now`, and
    /// `false` if the token must be refreshed first.
    pub(super) fn accepts(self, caller: &Caller, now: Timestamp) -> bool {
        match self {
            // An expired token would not have authenticated the caller.
            Self::IfExpired => true,
            Self::IfExpiringSoon => {
                caller.access_expires_at.unix() - now.unix() >= MIN_REMAINING_SECONDS
            }
            Self::Always => false,
        }
    }
}

/// Access to the credential of the caller and to the session file.
pub(crate) struct SessionHandle {
    pub(super) console: Rc<RunConsole>,
    pub(super) authenticated_user_id: Option<UserId>,
}

impl SessionHandle {
    pub(super) fn new(console: Rc<RunConsole>) -> Self {
        Self { console, authenticated_user_id: None }
    }

    /// Returns the id of the caller, of the minter or of the user who logs in, once authenticated.
    pub(crate) fn authenticated_user_id(&self) -> Option<UserId> {
        self.authenticated_user_id
    }

    /// Refreshes the session in the session file, and returns the caller.
    pub(crate) fn refresh_session(&mut self, store: &mut StoreHandle) -> Result<Caller, Failure> {
        store.get()?;
        if let Some((_, source)) = self.console.bearer_credential()? {
            return Err(Failure::usage(format!("the token in {source} cannot be refreshed"))
                .with_hint("pass a refresh token with `--token-stdin`, or omit the bearer token"));
        }
        let file = self.locate_session_file(store)?;
        self.load_login(&file)?.ok_or_else(Failure::not_logged_in)?;
        let (caller, _) = self.refresh_under_lock(store, &file, RefreshPolicy::Always)?;
        self.authenticated_user_id = Some(caller.user.id);
        Ok(caller)
    }

    /// Refreshes the session until the policy accepts the access token. Except with
    /// [`RefreshPolicy::Always`], no refresh is needed if another process refreshed the session
    /// while this process waited for the lock.
    ///
    /// The `jti`s of the new tokens are written to the file before the old refresh token is used.
    /// After a crash, the next command can therefore repeat the refresh with the same `jti`s, and
    /// the session is not lost. In addition, an unwritable file is detected before the refresh.
    pub(super) fn refresh_under_lock(
        &self,
        store: &mut StoreHandle,
        file: &SessionFile,
        mut policy: RefreshPolicy,
    ) -> Result<(Caller, Login), Failure> {
        if store.get()?.is_read_only() {
            return Err(Failure {
                message: "session refresh required, but the store is read-only".to_owned(),
                ..store::Error::ReadOnly.into()
            }
            .with_hint("run `jeton refresh` with write access to the store"));
        }
        let locked_file = self.lock(file)?;
        let now = store.now()?;
        // At most two refreshes are needed: the first may complete an interrupted refresh, whose
        // tokens may have expired in the meantime. The third pass checks the result.
        for _ in 0..3 {
            let login = settle_login(store, &locked_file)?;
            let login = login.ok_or_else(Failure::not_logged_in)?;
            // `Always` refreshes regardless of the old access token.
            if policy != RefreshPolicy::Always {
                let access_token = login.access_token.expose_secret();
                match authority::sessions::authenticate(store.get()?, now, access_token) {
                    Ok(caller) if policy.accepts(&caller, now) => {
                        return Ok((caller.mark_as_in_session_file(), login));
                    }
                    Err(error) if !is_rejected_only_as_expired(&error) => {
                        return Err(session_failure(error));
                    }
                    Ok(_) | Err(_) => {}
                }
            }
            let pending = locked_file.begin_refresh(&login, || {
                let NewPairIds { access, refresh } = NewPairIds::generate();
                PendingRefresh { access_jti: access, refresh_jti: refresh }
            })?;
            let pair_ids = NewPairIds { access: pending.access_jti, refresh: pending.refresh_jti };
            // The refresh is recorded as a separate audit event, whichever command runs.
            let (open_store, audit) = store.open_with_audit()?;
            let audit = AuditContext { action: "refresh".to_owned(), ..audit };
            let refresh_token = login.refresh_token.expose_secret();
            let tokens = authority::sessions::refresh(open_store, &audit, refresh_token, pair_ids)
                .map_err(session_failure)?;
            locked_file.replace(&login_from_tokens(login.store_path, &tokens))?;
            // If this pass made new tokens, a later pass refreshes only an expired token, because
            // the lifetime of new tokens may be shorter than `MIN_REMAINING_SECONDS`. If this pass
            // only completed an interrupted refresh, the tokens may be old: `IfExpiringSoon` still
            // applies. For `Always`, either kind of refresh is sufficient.
            if login.pending_refresh.is_none() || policy == RefreshPolicy::Always {
                policy = RefreshPolicy::IfExpired;
            }
        }
        Err(Failure::new(Code::TokenExpired, "the new access token has already expired"))
    }

    /// Returns the login in the session file, if any. A pending login is settled first, under the
    /// lock of the file.
    pub(super) fn current_login(
        &self,
        store: &mut StoreHandle,
        file: &SessionFile,
    ) -> Result<Option<Login>, Failure> {
        match self.load_login(file)? {
            Some(login) if login.pending_login.is_some() => {
                let locked_file = self.lock(file)?;
                settle_login(store, &locked_file)
            }
            login => Ok(login),
        }
    }

    /// Waits for the lock of the session file. The next use of the store reads the clock again.
    pub(super) fn lock(&self, file: &SessionFile) -> Result<LockedSessionFile, Failure> {
        let locked_file = file.lock(self.console.options.wait)?;
        self.console.clock.reset();
        Ok(locked_file)
    }

    /// Returns the login in the session file, if any. A pending login is not settled. The next use
    /// of the store reads the clock again, so that the tokens in the file do not appear to be from
    /// the future.
    pub(super) fn load_login(&self, file: &SessionFile) -> Result<Option<Login>, Failure> {
        let content = file.read()?;
        if content.was_exposed {
            self.console.print_warning(
                "the session file was accessible to other users; its permissions are now fixed",
            );
        }
        self.console.clock.reset();
        Ok(content.login)
    }

    pub(super) fn locate_session_file(
        &self,
        store: &mut StoreHandle,
    ) -> Result<SessionFile, Failure> {
        let directory = paths::session_directory(self.console.environment.config_dir.as_deref());
        let store = store.get()?;
        Ok(SessionFile::new(directory, store.id()?, &store.address().to_path())?)
    }
}

/// Settles a pending login, if any, and returns the login in the file, if any.
pub(super) fn settle_login(
    store: &mut StoreHandle,
    locked_file: &LockedSessionFile,
) -> Result<Option<Login>, Failure> {
    locked_file.settle_login(|sid| Ok(authority::sessions::exists(store.get()?, sid)?))
}

pub(super) fn login_from_tokens(store_path: PathBuf, tokens: &TokenPair) -> Login {
    Login {
        store_path,
        sid: tokens.sid,
        access_token: tokens.access.clone(),
        refresh_token: tokens.refresh.clone(),
        access_expires_at: tokens.access_expires_at,
        refresh_expires_at: tokens.refresh_expires_at,
        pending_refresh: None,
        pending_login: None,
    }
}

pub(super) fn is_rejected_only_as_expired(error: &authority::Error) -> bool {
    matches!(error, authority::Error::TokenRejected { reasons, .. } if *reasons == [RejectReason::Expired])
}

/// Returns the failure for an error about a token of the session file. The message about a rejected
/// token names the session instead of the token.
pub(super) fn session_failure(error: authority::Error) -> Failure {
    error.into_session_rejection().into()
}
