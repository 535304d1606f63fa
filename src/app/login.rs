//! How the session file gets its session, and loses it.
//!
//! A session is written down before it is begun, together with the login that it replaces; both
//! change places in one commit of the store. Whoever finds a file that says so asks the store which
//! of the two it is, so that no interruption leaves nobody logged in or a session that nobody has.

use super::App;
use crate::authority::{
    self, AuditContext, AuthenticatedUser, LoginCredentials, Registration, TokenPair,
};
use crate::credentials::{self, LockedSessionFile, Login, PendingLogin, SessionFile};
use crate::failure::{Failure, Kind};
use crate::model::escape;
use crate::store::Store;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

impl App {
    /// Logs in and keeps the session in the file; whether a session that stood there was ended.
    pub(crate) fn log_in(
        &mut self,
        credential: &LoginCredentials,
    ) -> Result<(TokenPair, bool), Failure> {
        self.save_session(|store, _| authority::log_in(store, credential))
    }

    /// Refuses where no session could be kept, before anything is made for one.
    pub(crate) fn ensure_session_can_be_saved(&self) -> Result<(), Failure> {
        let directory = crate::paths::session_directory(self.environment.config_dir.as_deref());
        Ok(SessionFile::prepare(directory)?)
    }

    /// Adds the first admin of the store, and keeps the session in the file.
    pub(crate) fn create_first_admin(
        &mut self,
        registration: &Registration,
    ) -> Result<TokenPair, Failure> {
        let session = self.save_session(|store, context| {
            authority::create_first_admin(store, context, registration)
        });
        session.map(|(tokens, _)| tokens)
    }

    fn save_session(
        &mut self,
        authenticate: impl FnOnce(
            &mut Store,
            &AuditContext,
        ) -> Result<AuthenticatedUser, authority::Error>,
    ) -> Result<(TokenPair, bool), Failure> {
        self.store()?;
        let credentials = self.credentials()?;
        let session_file = credentials.lock(self.options.wait)?;
        let read_result = session_file.read();
        let previous = match &read_result {
            Err(credentials::Error::Damaged) => None,
            _ => self.resolve_pending_login(&credentials, &session_file)?,
        };
        let path = self.store()?.path().to_owned();
        let context = self.audit_context()?;
        let authenticated = authenticate(self.store()?, &context)?;
        let replaced_sid = previous.as_ref().map(|login| login.sid);
        let result = authority::begin_session(
            self.store()?,
            &context,
            &authenticated,
            replaced_sid,
            |tokens| {
                let pending_login = Some(PendingLogin { previous: previous.clone().map(Box::new) });
                let login = Login { pending_login, ..login_from_tokens(path.clone(), tokens) };
                Ok::<_, Failure>(session_file.write(&login)?)
            },
        );
        // Begun or not, it mostly is known now. If it is not, or cannot be written, the next command
        // finds it out.
        if !matches!(&result, Err(failure) if failure.kind == Kind::OutcomeUnknown) {
            let _ = self.resolve_pending_login(&credentials, &session_file);
        }
        let (tokens, was_replaced) = result?;
        self.user_id = Some(tokens.user.id);
        if let Ok((Some(login), _)) = read_result {
            self.warn_of_replaced_session(&login.store_path, &path);
        }
        if self.bearer_credential()?.is_some() {
            self.print_warning("commands will use the token that is given, not this session");
        }
        Ok((tokens, was_replaced))
    }

    /// A copy of a store has its id, and so the same session file.
    fn warn_of_replaced_session(&self, previous_store: &Path, path: &Path) {
        if previous_store != path && previous_store.exists() {
            let display_path = escape(&previous_store.to_string_lossy());
            self.print_warning(&format!(
                "this session takes the place of the one in `{display_path}`, of which this store is a copy"
            ));
            self.print_hint(
                "to be logged in to both, use one of them with another JETON_CONFIG_DIR",
            );
        }
    }

    /// Ends the session, of the given token or of the file, which is removed; whether there was
    /// one. A copy of a store leaves the file of the original alone.
    pub(crate) fn log_out(&mut self) -> Result<bool, Failure> {
        if !self.has_store()? {
            return Ok(false);
        }
        if let Some((token, _)) = self.bearer_credential()? {
            let context = self.audit_context()?;
            return Ok(authority::end_session(self.store()?, &context, token.expose_secret())?);
        }
        let credentials = self.credentials()?;
        // Without a login there is nothing to lock; another process may log in before it is locked.
        if !self.has_login(&credentials)? {
            return Ok(false);
        }
        let session_file = credentials.lock(self.options.wait)?;
        if !self.has_login(&credentials)? {
            return Ok(false);
        }
        if let Ok(Some(login)) = self.resolve_pending_login(&credentials, &session_file) {
            let context = self.audit_context()?;
            match authority::end_session(
                self.store()?,
                &context,
                login.access_token.expose_secret(),
            ) {
                // A token that this store does not know any more has no session to end.
                Ok(_) | Err(authority::Error::TokenRejected { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(session_file.remove()?)
    }

    /// Whether a login of this very store is there. What cannot be understood can still go.
    fn has_login(&mut self, credentials: &SessionFile) -> Result<bool, Failure> {
        match self.load_login(credentials) {
            Ok(login) => Ok(login.is_some()),
            Err(failure) if failure.kind == Kind::TokenMissing => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    /// The login whose session was begun, which takes the lock only where that is in doubt.
    pub(super) fn current_login(
        &mut self,
        credentials: &SessionFile,
    ) -> Result<Option<Login>, Failure> {
        match self.load_login(credentials)? {
            Some(login) if login.pending_login.is_some() => {
                let session_file = credentials.lock(self.options.wait)?;
                self.resolve_pending_login(credentials, &session_file)
            }
            login => Ok(login),
        }
    }

    /// The login whose session was begun: the one in the file, or the one before it.
    pub(super) fn resolve_pending_login(
        &mut self,
        credentials: &SessionFile,
        session_file: &LockedSessionFile,
    ) -> Result<Option<Login>, Failure> {
        let Some(mut login) = self.load_login(credentials)? else { return Ok(None) };
        let Some(pending_login) = login.pending_login.take() else { return Ok(Some(login)) };
        if authority::session_exists(self.store()?, login.sid)? {
            session_file.write(&login)?;
            return Ok(Some(login));
        }
        let previous = pending_login.previous.map(|login| *login);
        match &previous {
            Some(previous) => session_file.write(previous)?,
            None => {
                session_file.remove()?;
            }
        }
        Ok(previous)
    }
}

pub(super) fn login_from_tokens(store: PathBuf, tokens: &TokenPair) -> Login {
    Login {
        store_path: store,
        sid: tokens.sid,
        access_token: tokens.access.clone(),
        refresh_token: tokens.refresh.clone(),
        access_expires_at: tokens.access_expires_at,
        refresh_expires_at: tokens.refresh_expires_at,
        pending_refresh: None,
        pending_login: None,
    }
}
