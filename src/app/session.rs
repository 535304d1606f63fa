//! Who is calling: the credential that was given, or the session file, which is refreshed under
//! its lock when its access token has expired.

use super::App;
use super::login::as_login;
use crate::authority::{self, Act, Caller, Next, Principal, Reason, Tokens};
use crate::credentials::{Credentials, Login, Pending};
use crate::failure::{Failure, Kind};
use crate::model::{Timestamp, UserId, escaped};
use crate::store;
use secrecy::{ExposeSecret, SecretString};

/// What the access token in the session file must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Not expired.
    Valid,
    /// Good for a while: for a program that will use it a little later.
    Lasting,
    /// Made just now.
    New,
}

/// How long a lasting token must still live.
const LASTING: i64 = 60;

impl Wish {
    fn is_granted_by(self, caller: &Caller, now: Timestamp) -> bool {
        match self {
            Self::Valid => true,
            Self::Lasting => caller.access_expires_at.unix() - now.unix() >= LASTING,
            Self::New => false,
        }
    }
}

/// A caller, and the credential that says so.
#[derive(Debug)]
pub(crate) struct Identified {
    /// Who it is.
    pub(crate) caller: Caller,
    /// Where the credential came from.
    pub(crate) source: String,
}

impl App {
    /// Who is calling.
    pub(crate) fn caller(&mut self) -> Result<Caller, Failure> {
        self.identified().map(|identified| identified.caller)
    }

    /// Who is calling, and by which credential.
    pub(crate) fn identified(&mut self) -> Result<Identified, Failure> {
        self.store()?;
        let identified = match self.given_token()? {
            Some((token, source)) => {
                let now = self.now()?;
                let access = token.expose_secret();
                let caller = authority::authenticate(self.store()?, now, access)
                    .map_err(|error| not_a_credential(error, &source))?;
                Identified { caller, source }
            }
            None => self.file_caller()?,
        };
        self.user = Some(identified.caller.user.id);
        Ok(identified)
    }

    /// Whether a token was given that the caller acts with, instead of the session file.
    pub(crate) fn is_given_token(&self) -> Result<bool, Failure> {
        Ok(self.given_token()?.is_some())
    }

    /// The user who is calling or mints, once that is known.
    pub(crate) fn user(&self) -> Option<UserId> {
        self.user
    }

    /// The principal that mints: of the session, or of an app token with `jeton:mint`.
    pub(crate) fn minter(&mut self) -> Result<Principal, Failure> {
        self.store()?;
        let Some((token, source)) = self.given_token()? else {
            return self.caller().map(Principal::from);
        };
        let now = self.now()?;
        let minter = authority::minter(self.store()?, now, token.expose_secret());
        let minter = minter.map_err(|error| not_a_credential(error, &source))?;
        self.user = Some(minter.user.id);
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
    pub(crate) fn caller_if_founded(&mut self) -> Result<Option<Caller>, Failure> {
        if authority::is_founded(self.store()?)? { self.caller().map(Some) } else { Ok(None) }
    }

    fn file_caller(&mut self) -> Result<Identified, Failure> {
        let credentials = self.credentials()?;
        let source = escaped(&credentials.path().to_string_lossy());
        let Some(login) = self.begun_login(&credentials)? else {
            if authority::is_founded(self.store()?)? {
                return Err(Failure::not_logged_in());
            }
            return Err(Failure::not_logged_in().with_hint("make the first admin: jeton init"));
        };
        // The file is read before the clock: whoever wrote it had read the clock before.
        let now = self.clock.read()?;
        let caller = match authority::authenticate(self.store()?, now, login.access.expose_secret())
        {
            Err(error) if has_only_expired(&error) => {
                self.refresh_under_lock(&credentials, Wish::Valid)?.0
            }
            other => other.map_err(log_in_again)?,
        };
        Ok(Identified { caller, source })
    }

    /// An access token for another program, and its end: the given one, or the session's, which is
    /// refreshed if it would not last.
    pub(crate) fn access_token(&mut self) -> Result<(SecretString, Timestamp), Failure> {
        let caller = self.caller()?;
        if let Some((token, _)) = self.given_token()? {
            return Ok((token, caller.access_expires_at));
        }
        let credentials = self.credentials()?;
        let now = self.now()?;
        match self.begun_login(&credentials)? {
            Some(login) if Wish::Lasting.is_granted_by(&caller, now) => {
                Ok((login.access, login.access_expires_at))
            }
            _ => {
                let (caller, login) = self.refresh_under_lock(&credentials, Wish::Lasting)?;
                Ok((login.access, caller.access_expires_at))
            }
        }
    }

    /// Gets a new pair for the session in the file.
    pub(crate) fn refresh(&mut self) -> Result<Caller, Failure> {
        self.store()?;
        if let Some((_, source)) = self.given_token()? {
            return Err(Failure::usage(format!("the token in {source} is never refreshed"))
                .with_hint("give a refresh token with `--token-stdin`, or leave that one out"));
        }
        let credentials = self.credentials()?;
        self.login(&credentials)?.ok_or_else(Failure::not_logged_in)?;
        let (caller, _) = self.refresh_under_lock(&credentials, Wish::New)?;
        self.user = Some(caller.user.id);
        Ok(caller)
    }

    /// Refreshes until the wish is granted, which another process may have done while this one
    /// waited for the lock. The successors' identities are in the file before the old token is
    /// spent, so that a kill in between loses nothing, and a file that cannot be written is found
    /// out in time.
    fn refresh_under_lock(
        &mut self,
        credentials: &Credentials,
        mut wish: Wish,
    ) -> Result<(Caller, Login), Failure> {
        if self.store()?.is_read_only() {
            return Err(Failure {
                message: "the session must be refreshed, and the store can only be read here"
                    .to_owned(),
                ..store::Error::ReadOnly.into()
            }
            .with_hint("run `jeton refresh` where the store can be written"));
        }
        let locked = credentials.lock(self.options.wait)?;
        let now = self.clock.read()?;
        // Twice at most: an interrupted refresh of long ago is completed first.
        for _ in 0..3 {
            let login = self.settle(credentials, &locked)?;
            let mut login = login.ok_or_else(Failure::not_logged_in)?;
            // Who wants a new pair does not ask whether the old access token is still good.
            if wish != Wish::New {
                let access = login.access.expose_secret();
                match authority::authenticate(self.store()?, now, access) {
                    Ok(caller) if wish.is_granted_by(&caller, now) => return Ok((caller, login)),
                    Err(error) if !has_only_expired(&error) => return Err(log_in_again(error)),
                    Ok(_) | Err(_) => {}
                }
            }
            let next = login.pending.map_or_else(Next::fresh, |pending| Next {
                access: pending.access,
                refresh: pending.refresh,
            });
            if login.pending.is_none() {
                login.pending = Some(Pending { access: next.access, refresh: next.refresh });
                locked.write(&login)?;
            }
            // Whatever the command is, this is a change of its own.
            let act = Act { action: "refresh".to_owned(), ..self.act()? };
            let refresh = login.refresh.expose_secret();
            let tokens =
                authority::refresh(self.store()?, &act, refresh, next).map_err(log_in_again)?;
            locked.write(&as_login(login.store, &tokens))?;
            // What was made just now is as new and as lasting as it gets.
            wish = Wish::Valid;
        }
        Err(Failure::new(Kind::TokenExpired, "token_expired", "access tokens end at once here"))
    }

    /// Trades a refresh token that was given for a new pair; the session file is not touched.
    pub(crate) fn refresh_given(&mut self, refresh: &str) -> Result<Tokens, Failure> {
        let act = self.act()?;
        Ok(authority::refresh(self.store()?, &act, refresh, Next::fresh())?)
    }

    /// The login of this very store; a copy of the store elsewhere does not use the original's.
    pub(super) fn login(&mut self, credentials: &Credentials) -> Result<Option<Login>, Failure> {
        let (login, tightened) = credentials.read()?;
        if tightened {
            self.warning("others could read the session file; now they cannot");
        }
        let path = self.store()?.path();
        Ok(login.filter(|login| login.store == path))
    }

    pub(super) fn credentials(&mut self) -> Result<Credentials, Failure> {
        let directory = crate::paths::sessions(self.environment.config.as_deref());
        Ok(Credentials::new(directory, self.store()?.id()?)?)
    }
}

fn has_only_expired(error: &authority::Error) -> bool {
    matches!(error, authority::Error::Refused { reasons, .. } if reasons == &[Reason::Expired])
}

/// A token that was given and cannot be acted with.
fn not_a_credential(error: authority::Error, source: &str) -> Failure {
    let failure = Failure::from(error);
    if failure.is_for(Reason::WrongType) {
        return failure.with_hint(format!("an access token of a session is needed in {source}"));
    }
    let is_token = [Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];
    if failure.hint.is_none() && is_token.contains(&failure.kind) {
        return failure.with_hint(format!("it is the token in {source} that is refused"));
    }
    failure
}

/// A session that is refused for whatever reason is mended by logging in.
fn log_in_again(error: authority::Error) -> Failure {
    let is_refusal = matches!(error, authority::Error::Refused { .. });
    let failure = Failure::from(error);
    if is_refusal { failure.with_hint("log in again: jeton login") } else { failure }
}
