//! How the session file gets its session, and loses it.
//!
//! A session is written down before it is begun, together with the login that it replaces; both
//! change places in one commit of the store. Whoever finds a file that says so asks the store which
//! of the two it is, so that no interruption leaves nobody logged in or a session that nobody has.

use super::App;
use crate::authority::{self, Act, Credential, Proven, Registration, Tokens};
use crate::credentials::{self, Beginning, Credentials, Locked, Login};
use crate::failure::{Failure, Kind};
use crate::model::escaped;
use crate::store::Store;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

impl App {
    /// Logs in and keeps the session in the file; whether a session that stood there was ended.
    pub(crate) fn log_in(&mut self, credential: &Credential) -> Result<(Tokens, bool), Failure> {
        self.keep_session(|store, _| authority::log_in(store, credential))
    }

    /// Refuses where no session could be kept, before anything is made for one.
    pub(crate) fn can_keep_session(&self) -> Result<(), Failure> {
        let directory = crate::paths::sessions(self.environment.config.as_deref());
        Ok(Credentials::prepare(directory)?)
    }

    /// Adds the first admin of the store, and keeps the session in the file.
    pub(crate) fn found(&mut self, wish: &Registration) -> Result<Tokens, Failure> {
        let kept = self.keep_session(|store, act| authority::found(store, act, wish));
        kept.map(|(tokens, _)| tokens)
    }

    fn keep_session(
        &mut self,
        prove: impl FnOnce(&mut Store, &Act) -> Result<Proven, authority::Error>,
    ) -> Result<(Tokens, bool), Failure> {
        self.store()?;
        let credentials = self.credentials()?;
        let locked = credentials.lock(self.options.wait)?;
        let found = locked.read();
        let before = match &found {
            Err(credentials::Error::Damaged) => None,
            _ => self.settle(&credentials, &locked)?,
        };
        let path = self.store()?.path().to_owned();
        let act = self.act()?;
        let proven = prove(self.store()?, &act)?;
        let replaced = before.as_ref().map(|login| login.sid);
        let begun = authority::begin(self.store()?, &act, &proven, replaced, |tokens| {
            let beginning = Some(Beginning { before: before.clone().map(Box::new) });
            let login = Login { beginning, ..as_login(path.clone(), tokens) };
            Ok::<_, Failure>(locked.write(&login)?)
        });
        // Begun or not, it mostly is known now. If it is not, or cannot be written, the next command
        // finds it out.
        if !matches!(&begun, Err(failure) if failure.kind == Kind::OutcomeUnknown) {
            let _ = self.settle(&credentials, &locked);
        }
        let (tokens, replaced) = begun?;
        self.user = Some(tokens.user.id);
        if let Ok((Some(login), _)) = found {
            self.warn_of_replaced(&login.store, &path);
        }
        if self.given_token()?.is_some() {
            self.warning("commands will use the token that is given, not this session");
        }
        Ok((tokens, replaced))
    }

    /// A copy of a store has its id, and so the same session file.
    fn warn_of_replaced(&self, other: &Path, path: &Path) {
        if other != path && other.exists() {
            let other = escaped(&other.to_string_lossy());
            self.warning(&format!(
                "this session takes the place of the one in `{other}`, of which this store is a copy"
            ));
            self.hint("to be logged in to both, use one of them with another JETON_CONFIG_DIR");
        }
    }

    /// Ends the session, of the given token or of the file, which is removed; whether there was
    /// one. A copy of a store leaves the file of the original alone.
    pub(crate) fn log_out(&mut self) -> Result<bool, Failure> {
        if !self.has_store()? {
            return Ok(false);
        }
        if let Some((token, _)) = self.given_token()? {
            let act = self.act()?;
            return Ok(authority::end(self.store()?, &act, token.expose_secret())?);
        }
        let credentials = self.credentials()?;
        // Without a login there is nothing to lock; another process may log in before it is locked.
        if !self.has_login(&credentials)? {
            return Ok(false);
        }
        let locked = credentials.lock(self.options.wait)?;
        if !self.has_login(&credentials)? {
            return Ok(false);
        }
        if let Ok(Some(login)) = self.settle(&credentials, &locked) {
            let act = self.act()?;
            match authority::end(self.store()?, &act, login.access.expose_secret()) {
                // A token that this store does not know any more has no session to end.
                Ok(_) | Err(authority::Error::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(locked.remove()?)
    }

    /// Whether a login of this very store is there. What cannot be understood can still go.
    fn has_login(&mut self, credentials: &Credentials) -> Result<bool, Failure> {
        match self.login(credentials) {
            Ok(login) => Ok(login.is_some()),
            Err(failure) if failure.kind == Kind::TokenMissing => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    /// The login whose session was begun, which takes the lock only where that is in doubt.
    pub(super) fn begun_login(
        &mut self,
        credentials: &Credentials,
    ) -> Result<Option<Login>, Failure> {
        match self.login(credentials)? {
            Some(login) if login.beginning.is_some() => {
                let locked = credentials.lock(self.options.wait)?;
                self.settle(credentials, &locked)
            }
            login => Ok(login),
        }
    }

    /// The login whose session was begun: the one in the file, or the one before it.
    pub(super) fn settle(
        &mut self,
        credentials: &Credentials,
        locked: &Locked,
    ) -> Result<Option<Login>, Failure> {
        let Some(mut login) = self.login(credentials)? else { return Ok(None) };
        let Some(beginning) = login.beginning.take() else { return Ok(Some(login)) };
        if authority::was_begun(self.store()?, login.sid)? {
            locked.write(&login)?;
            return Ok(Some(login));
        }
        let before = beginning.before.map(|before| *before);
        match &before {
            Some(before) => locked.write(before)?,
            None => {
                locked.remove()?;
            }
        }
        Ok(before)
    }
}

pub(super) fn as_login(store: PathBuf, tokens: &Tokens) -> Login {
    Login {
        store,
        sid: tokens.sid,
        access: tokens.access.clone(),
        refresh: tokens.refresh.clone(),
        access_expires_at: tokens.access_expires_at,
        refresh_expires_at: tokens.refresh_expires_at,
        pending: None,
        beginning: None,
    }
}
