//! Authentication of the caller: by a bearer credential, or by the session file, which is refreshed
//! under a lock after its access token expires.

use super::App;
use super::login::login_from_tokens;
use crate::authority::principal::Principal;
use crate::authority::sessions::{NewPairIds, TokenPair};
use crate::authority::{self, AuditContext, Caller, RejectReason};
use crate::failure::{Code, Failure, Kind};
use crate::model::{Timestamp, UserId, escape};
use crate::session_file::{Login, PendingRefresh, SessionFile};
use crate::store;
use secrecy::{ExposeSecret, SecretString};

/// Condition for refreshing the access token in the session file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefreshPolicy {
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
    fn is_satisfied_by(self, caller: &Caller, now: Timestamp) -> bool {
        match self {
            Self::IfExpired => true,
            Self::IfExpiringSoon => {
                caller.access_expires_at.unix() - now.unix() >= MIN_REMAINING_SECONDS
            }
            Self::Always => false,
        }
    }
}

/// Caller and source of the credential.
#[derive(Debug)]
pub(crate) struct CallerWithSource {
    /// Authenticated caller.
    pub(crate) caller: Caller,
    /// Source of the credential: a file, a variable or the session file.
    pub(crate) source: String,
}

impl App {
    /// Returns the caller.
    pub(crate) fn caller(&mut self) -> Result<Caller, Failure> {
        self.caller_with_source().map(|caller_and_source| caller_and_source.caller)
    }

    /// Returns the caller and the source of the credential.
    pub(crate) fn caller_with_source(&mut self) -> Result<CallerWithSource, Failure> {
        self.store()?;
        let caller_and_source = match self.bearer_credential()? {
            Some((token, source)) => {
                let now = self.now()?;
                let access = token.expose_secret();
                let caller = authority::sessions::authenticate(self.store()?, now, access)
                    .map_err(|error| credential_error(error, &source))?;
                CallerWithSource { caller, source }
            }
            None => self.session_caller()?,
        };
        self.user_id = Some(caller_and_source.caller.user.id);
        Ok(caller_and_source)
    }

    /// Returns whether a bearer credential is given, which replaces the session file.
    pub(crate) fn has_bearer_credential(&self) -> Result<bool, Failure> {
        Ok(self.bearer_credential()?.is_some())
    }

    /// Returns the id of the caller or minter, once authenticated.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.user_id
    }

    /// Returns the principal that mints: the user of the session, or the owner of an app token with
    /// `jeton:mint`.
    pub(crate) fn minter(&mut self) -> Result<Principal, Failure> {
        self.store()?;
        let Some((token, source)) = self.bearer_credential()? else {
            return self.caller().map(Principal::from);
        };
        let now = self.now()?;
        let minter =
            authority::minting::authorize_minter(self.store()?, now, token.expose_secret());
        let minter = minter.map_err(|error| credential_error(error, &source))?;
        self.user_id = Some(minter.user.id);
        Ok(minter)
    }

    /// Returns the caller; `None` if not logged in.
    pub(crate) fn caller_if_any(&mut self) -> Result<Option<Caller>, Failure> {
        match self.caller() {
            Ok(caller) => Ok(Some(caller)),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the caller; `None` if the store has no users yet.
    pub(crate) fn caller_unless_empty_store(&mut self) -> Result<Option<Caller>, Failure> {
        if authority::accounts::has_users(self.store()?)? {
            self.caller().map(Some)
        } else {
            Ok(None)
        }
    }

    fn session_caller(&mut self) -> Result<CallerWithSource, Failure> {
        let file = self.locate_session_file()?;
        let source = escape(&file.path().to_string_lossy());
        let Some(login) = self.current_login(&file)? else {
            if authority::accounts::has_users(self.store()?)? {
                return Err(Failure::not_logged_in());
            }
            return Err(Failure::not_logged_in().with_hint("create the first admin: jeton init"));
        };
        // The clock is read after the file, so that the tokens in the file are not from the future.
        let now = self.clock.read()?;
        let caller = match authority::sessions::authenticate(
            self.store()?,
            now,
            login.access_token.expose_secret(),
        ) {
            Err(error) if is_rejected_only_as_expired(&error) => {
                self.refresh_under_lock(&file, RefreshPolicy::IfExpired)?.0
            }
            result => result.map_err(with_login_hint)?,
        };
        Ok(CallerWithSource { caller, source })
    }

    /// Returns an access token for another program, and its expiry time: the bearer credential, or
    /// the token of the session, refreshed if about to expire.
    pub(crate) fn access_token(&mut self) -> Result<(SecretString, Timestamp), Failure> {
        let caller = self.caller()?;
        if let Some((token, _)) = self.bearer_credential()? {
            return Ok((token, caller.access_expires_at));
        }
        let file = self.locate_session_file()?;
        let now = self.now()?;
        match self.current_login(&file)? {
            Some(login) if RefreshPolicy::IfExpiringSoon.is_satisfied_by(&caller, now) => {
                Ok((login.access_token, login.access_expires_at))
            }
            _ => {
                let (caller, login) =
                    self.refresh_under_lock(&file, RefreshPolicy::IfExpiringSoon)?;
                Ok((login.access_token, caller.access_expires_at))
            }
        }
    }

    /// Gets a new token pair for the session in the file.
    pub(crate) fn refresh_session(&mut self) -> Result<Caller, Failure> {
        self.store()?;
        if let Some((_, source)) = self.bearer_credential()? {
            return Err(Failure::usage(format!("the token in {source} cannot be refreshed"))
                .with_hint("pass a refresh token with `--token-stdin`, or omit this token"));
        }
        let file = self.locate_session_file()?;
        self.load_login(&file)?.ok_or_else(Failure::not_logged_in)?;
        let (caller, _) = self.refresh_under_lock(&file, RefreshPolicy::Always)?;
        self.user_id = Some(caller.user.id);
        Ok(caller)
    }

    /// Refreshes the session until the policy is satisfied. No refresh is needed if another process
    /// refreshed the session while this process waited for the lock.
    ///
    /// The `jti`s of the new pair are written to the file before the old refresh token is used, so
    /// that a crash in between does not lose the session, and an unwritable file is detected before
    /// the refresh.
    fn refresh_under_lock(
        &mut self,
        file: &SessionFile,
        mut policy: RefreshPolicy,
    ) -> Result<(Caller, Login), Failure> {
        if self.store()?.is_read_only() {
            return Err(Failure {
                message: "session refresh required, but the store is read-only".to_owned(),
                ..store::Error::ReadOnly.into()
            }
            .with_hint("run `jeton refresh` with write access to the store"));
        }
        let locked_file = file.lock(self.options.wait)?;
        let now = self.clock.read()?;
        // At most two refreshes are needed: the first completes an interrupted refresh, whose
        // tokens may have expired in the meantime. The third pass only checks the result.
        for _ in 0..3 {
            let login = self.settle_login(&locked_file)?;
            let login = login.ok_or_else(Failure::not_logged_in)?;
            // `Always` refreshes regardless of the old access token.
            if policy != RefreshPolicy::Always {
                let access = login.access_token.expose_secret();
                match authority::sessions::authenticate(self.store()?, now, access) {
                    Ok(caller) if policy.is_satisfied_by(&caller, now) => {
                        return Ok((caller, login));
                    }
                    Err(error) if !is_rejected_only_as_expired(&error) => {
                        return Err(with_login_hint(error));
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
            let context = AuditContext { action: "refresh".to_owned(), ..self.audit_context()? };
            let refresh = login.refresh_token.expose_secret();
            let tokens = authority::sessions::refresh(self.store()?, &context, refresh, pair_ids)
                .map_err(with_login_hint)?;
            locked_file.replace(&login_from_tokens(login.store_path, &tokens))?;
            // The new token satisfies every policy, unless the token has already expired.
            policy = RefreshPolicy::IfExpired;
        }
        Err(Failure::new(Code::TokenExpired, "the new access token has already expired"))
    }

    /// Exchanges the given refresh token for a new token pair. The session file is not changed.
    pub(crate) fn refresh_with_token(&mut self, refresh: &str) -> Result<TokenPair, Failure> {
        let context = self.audit_context()?;
        Ok(authority::sessions::refresh(self.store()?, &context, refresh, NewPairIds::generate())?)
    }

    /// Returns the login in the session file, if any. A pending login is not settled.
    pub(super) fn load_login(&self, file: &SessionFile) -> Result<Option<Login>, Failure> {
        let content = file.read()?;
        if content.was_exposed {
            self.print_warning(
                "the session file was readable by other users; fixed its permissions",
            );
        }
        Ok(content.login)
    }

    pub(super) fn locate_session_file(&mut self) -> Result<SessionFile, Failure> {
        let directory = crate::paths::session_directory(self.environment.config_dir.as_deref());
        let store = self.store()?;
        Ok(SessionFile::new(directory, store.id()?, store.path())?)
    }
}

fn is_rejected_only_as_expired(error: &authority::Error) -> bool {
    matches!(error, authority::Error::TokenRejected { reasons, .. } if reasons == &[RejectReason::Expired])
}

/// Returns the failure for a bearer credential that was rejected.
fn credential_error(error: authority::Error, source: &str) -> Failure {
    let failure = Failure::from(error);
    if failure.has_reason(RejectReason::WrongType) {
        let hint = format!("replace the token in {source} with the access token of a session");
        return failure.with_hint(hint);
    }
    let token_kinds = [Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];
    if failure.hint.is_none() && token_kinds.contains(&failure.kind()) {
        return failure.with_hint(format!("check the token in {source}"));
    }
    failure
}

/// Adds the hint to log in again if the session was rejected for any reason.
fn with_login_hint(error: authority::Error) -> Failure {
    let is_refusal = matches!(error, authority::Error::TokenRejected { .. });
    let failure = Failure::from(error);
    if is_refusal { failure.with_hint("log in again: jeton login") } else { failure }
}
