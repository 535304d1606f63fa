//! Who is calling: the credential that was given, or the session file, which is refreshed under
//! its lock when its access token has expired.

use super::App;
use super::login::login_from_tokens;
use crate::authority::{
    self, AuditContext, Caller, NewPairIds, Principal, RejectReason, TokenPair,
};
use crate::credentials::{Login, PendingRefresh, SessionFile};
use crate::failure::{Failure, Kind};
use crate::model::{Timestamp, UserId, escape};
use crate::store;
use secrecy::{ExposeSecret, SecretString};

/// What the access token in the session file must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefreshPolicy {
    /// Not expired.
    IfExpired,
    /// Good for a while: for a program that will use it a little later.
    IfExpiringSoon,
    /// Made just now.
    Always,
}

/// How long a lasting token must still live.
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

/// A caller, and the credential that says so.
#[derive(Debug)]
pub(crate) struct AuthenticatedCaller {
    /// Who it is.
    pub(crate) caller: Caller,
    /// Where the credential came from.
    pub(crate) source: String,
}

impl App {
    /// Who is calling.
    pub(crate) fn caller(&mut self) -> Result<Caller, Failure> {
        self.identity().map(|identified| identified.caller)
    }

    /// Who is calling, and by which credential.
    pub(crate) fn identity(&mut self) -> Result<AuthenticatedCaller, Failure> {
        self.store()?;
        let identity = match self.bearer_credential()? {
            Some((token, source)) => {
                let now = self.now()?;
                let access = token.expose_secret();
                let caller = authority::authenticate(self.store()?, now, access)
                    .map_err(|error| credential_error(error, &source))?;
                AuthenticatedCaller { caller, source }
            }
            None => self.session_caller()?,
        };
        self.user_id = Some(identity.caller.user.id);
        Ok(identity)
    }

    /// Whether a token was given that the caller acts with, instead of the session file.
    pub(crate) fn has_bearer_credential(&self) -> Result<bool, Failure> {
        Ok(self.bearer_credential()?.is_some())
    }

    /// The user who is calling or mints, once that is known.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.user_id
    }

    /// The principal that mints: of the session, or of an app token with `jeton:mint`.
    pub(crate) fn minter(&mut self) -> Result<Principal, Failure> {
        self.store()?;
        let Some((token, source)) = self.bearer_credential()? else {
            return self.caller().map(Principal::from);
        };
        let now = self.now()?;
        let minter = authority::authorize_minter(self.store()?, now, token.expose_secret());
        let minter = minter.map_err(|error| credential_error(error, &source))?;
        self.user_id = Some(minter.user.id);
        Ok(minter)
    }

    /// Who is calling, if anybody is.
    pub(crate) fn caller_if_any(&mut self) -> Result<Option<Caller>, Failure> {
        match self.caller() {
            Ok(caller) => Ok(Some(caller)),
            Err(failure) if failure.kind == Kind::TokenMissing => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Who is calling, once the store has users.
    pub(crate) fn caller_unless_empty_store(&mut self) -> Result<Option<Caller>, Failure> {
        if authority::has_users(self.store()?)? { self.caller().map(Some) } else { Ok(None) }
    }

    fn session_caller(&mut self) -> Result<AuthenticatedCaller, Failure> {
        let credentials = self.credentials()?;
        let source = escape(&credentials.path().to_string_lossy());
        let Some(login) = self.current_login(&credentials)? else {
            if authority::has_users(self.store()?)? {
                return Err(Failure::not_logged_in());
            }
            return Err(Failure::not_logged_in().with_hint("make the first admin: jeton init"));
        };
        // The file is read before the clock: whoever wrote it had read the clock before.
        let now = self.clock.read()?;
        let caller =
            match authority::authenticate(self.store()?, now, login.access_token.expose_secret()) {
                Err(error) if has_only_expired(&error) => {
                    self.refresh_under_lock(&credentials, RefreshPolicy::IfExpired)?.0
                }
                result => result.map_err(with_login_hint)?,
            };
        Ok(AuthenticatedCaller { caller, source })
    }

    /// An access token for another program, and its end: the given one, or the session's, which is
    /// refreshed if it would not last.
    pub(crate) fn access_token(&mut self) -> Result<(SecretString, Timestamp), Failure> {
        let caller = self.caller()?;
        if let Some((token, _)) = self.bearer_credential()? {
            return Ok((token, caller.access_expires_at));
        }
        let credentials = self.credentials()?;
        let now = self.now()?;
        match self.current_login(&credentials)? {
            Some(login) if RefreshPolicy::IfExpiringSoon.is_satisfied_by(&caller, now) => {
                Ok((login.access_token, login.access_expires_at))
            }
            _ => {
                let (caller, login) =
                    self.refresh_under_lock(&credentials, RefreshPolicy::IfExpiringSoon)?;
                Ok((login.access_token, caller.access_expires_at))
            }
        }
    }

    /// Gets a new pair for the session in the file.
    pub(crate) fn refresh_session(&mut self) -> Result<Caller, Failure> {
        self.store()?;
        if let Some((_, source)) = self.bearer_credential()? {
            return Err(Failure::usage(format!("the token in {source} is never refreshed"))
                .with_hint("give a refresh token with `--token-stdin`, or leave that one out"));
        }
        let credentials = self.credentials()?;
        self.load_login(&credentials)?.ok_or_else(Failure::not_logged_in)?;
        let (caller, _) = self.refresh_under_lock(&credentials, RefreshPolicy::Always)?;
        self.user_id = Some(caller.user.id);
        Ok(caller)
    }

    /// Refreshes until the wish is granted, which another process may have done while this one
    /// waited for the lock. The successors' identities are in the file before the old token is
    /// spent, so that a kill in between loses nothing, and a file that cannot be written is found
    /// out in time.
    fn refresh_under_lock(
        &mut self,
        credentials: &SessionFile,
        mut policy: RefreshPolicy,
    ) -> Result<(Caller, Login), Failure> {
        if self.store()?.is_read_only() {
            return Err(Failure {
                message: "the session must be refreshed, and the store can only be read here"
                    .to_owned(),
                ..store::Error::ReadOnly.into()
            }
            .with_hint("run `jeton refresh` where the store can be written"));
        }
        let session_file = credentials.lock(self.options.wait)?;
        let now = self.clock.read()?;
        // Twice at most: an interrupted refresh of long ago is completed first.
        for _ in 0..3 {
            let login = self.resolve_pending_login(credentials, &session_file)?;
            let mut login = login.ok_or_else(Failure::not_logged_in)?;
            // Who wants a new pair does not ask whether the old access token is still good.
            if policy != RefreshPolicy::Always {
                let access = login.access_token.expose_secret();
                match authority::authenticate(self.store()?, now, access) {
                    Ok(caller) if policy.is_satisfied_by(&caller, now) => {
                        return Ok((caller, login));
                    }
                    Err(error) if !has_only_expired(&error) => return Err(with_login_hint(error)),
                    Ok(_) | Err(_) => {}
                }
            }
            let pair_ids = login.pending_refresh.map_or_else(NewPairIds::generate, |pending| {
                NewPairIds { access: pending.access_jti, refresh: pending.refresh_jti }
            });
            if login.pending_refresh.is_none() {
                login.pending_refresh = Some(PendingRefresh {
                    access_jti: pair_ids.access,
                    refresh_jti: pair_ids.refresh,
                });
                session_file.write(&login)?;
            }
            // Whatever the command is, this is a change of its own.
            let context = AuditContext { action: "refresh".to_owned(), ..self.audit_context()? };
            let refresh = login.refresh_token.expose_secret();
            let tokens = authority::refresh_session(self.store()?, &context, refresh, pair_ids)
                .map_err(with_login_hint)?;
            session_file.write(&login_from_tokens(login.store_path, &tokens))?;
            // What was made just now is as new and as lasting as it gets.
            policy = RefreshPolicy::IfExpired;
        }
        Err(Failure::new(Kind::TokenExpired, "token_expired", "access tokens end at once here"))
    }

    /// Trades a refresh token that was given for a new pair; the session file is not touched.
    pub(crate) fn refresh_with_token(&mut self, refresh: &str) -> Result<TokenPair, Failure> {
        let context = self.audit_context()?;
        Ok(authority::refresh_session(self.store()?, &context, refresh, NewPairIds::generate())?)
    }

    /// The login of this very store; a copy of the store elsewhere does not use the original's.
    pub(super) fn load_login(
        &mut self,
        credentials: &SessionFile,
    ) -> Result<Option<Login>, Failure> {
        let (login, permissions_fixed) = credentials.read()?;
        if permissions_fixed {
            self.print_warning("others could read the session file; now they cannot");
        }
        let path = self.store()?.path();
        Ok(login.filter(|login| login.store_path == path))
    }

    pub(super) fn credentials(&mut self) -> Result<SessionFile, Failure> {
        let directory = crate::paths::session_directory(self.environment.config_dir.as_deref());
        Ok(SessionFile::new(directory, self.store()?.id()?)?)
    }
}

fn has_only_expired(error: &authority::Error) -> bool {
    matches!(error, authority::Error::TokenRejected { reasons, .. } if reasons == &[RejectReason::Expired])
}

/// A token that was given and cannot be acted with.
fn credential_error(error: authority::Error, source: &str) -> Failure {
    let failure = Failure::from(error);
    if failure.has_reason(RejectReason::WrongType) {
        return failure.with_hint(format!("an access token of a session is needed in {source}"));
    }
    let token_kinds = [Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];
    if failure.hint.is_none() && token_kinds.contains(&failure.kind) {
        return failure.with_hint(format!("it is the token in {source} that is refused"));
    }
    failure
}

/// A session that is refused for whatever reason is mended by logging in.
fn with_login_hint(error: authority::Error) -> Failure {
    let is_refusal = matches!(error, authority::Error::TokenRejected { .. });
    let failure = Failure::from(error);
    if is_refusal { failure.with_hint("log in again: jeton login") } else { failure }
}
