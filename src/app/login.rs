//! Login and logout with the session file.

use super::App;
use crate::authority::accounts::{LoginCredentials, Registration};
use crate::authority::sessions::{AuthenticatedUser, TokenPair};
use crate::authority::{self, AuditContext};
use crate::failure::{Failure, Kind};
use crate::model::escape;
use crate::session_file::{self, Content, LockedSessionFile, Login, SessionFile};
use crate::store::Store;
use secrecy::ExposeSecret;
use std::path::PathBuf;

impl App {
    /// Logs in and saves the session in the file. Returns whether a previous session was ended.
    pub(crate) fn log_in(
        &mut self,
        credential: &LoginCredentials,
    ) -> Result<(TokenPair, bool), Failure> {
        self.save_session(|store, _| authority::accounts::authenticate(store, credential))
    }

    /// Returns an error if the session file cannot be written. Called before a store or user is
    /// created.
    pub(crate) fn ensure_session_can_be_saved(&self) -> Result<(), Failure> {
        let directory = crate::paths::session_directory(self.environment.config_dir.as_deref());
        Ok(session_file::prepare_directory(directory.as_deref())?)
    }

    /// Creates the first admin of the store, and saves the session in the file.
    pub(crate) fn create_first_admin(
        &mut self,
        registration: &Registration,
    ) -> Result<TokenPair, Failure> {
        let session = self.save_session(|store, context| {
            authority::accounts::create_first_admin(store, context, registration)
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
        let file = self.locate_session_file()?;
        let locked_file = file.lock(self.options.wait)?;
        let read_result = locked_file.read();
        let previous_login = match &read_result {
            Err(session_file::Error::Damaged) => None,
            _ => self.settle_login(&locked_file)?,
        };
        let path = self.store()?.path().to_owned();
        let context = self.audit_context()?;
        let authenticated_user = authenticate(self.store()?, &context)?;
        let replaced_sid = previous_login.as_ref().map(|login| login.sid);
        let result = authority::sessions::begin(
            self.store()?,
            &context,
            &authenticated_user,
            replaced_sid,
            |tokens| {
                let login = login_from_tokens(path.clone(), tokens);
                Ok::<_, Failure>(locked_file.begin_login(login, previous_login.clone())?)
            },
        );
        // The outcome is usually known now. If the outcome is unknown or the file cannot be
        // written, the next command settles the pending login.
        if !matches!(&result, Err(failure) if failure.kind() == Kind::OutcomeUnknown) {
            let _ = self.settle_login(&locked_file);
        }
        let (tokens, was_replaced) = result?;
        self.user_id = Some(tokens.user.id);
        if let Ok(Content { other_copy: Some(copy), .. }) = read_result
            && copy.exists()
        {
            let display_path = escape(&copy.to_string_lossy());
            self.print_warning(&format!(
                "this session replaces the session of `{display_path}`, of which this store is a copy"
            ));
            self.print_hint(
                "to stay logged in to both, use a different `JETON_CONFIG_DIR` for one store",
            );
        }
        if let Some((_, source)) = self.bearer_credential()? {
            self.print_warning(&format!("commands use the token in {source}, not this session"));
        }
        Ok((tokens, was_replaced))
    }

    /// Ends the session of the bearer credential or of the session file, and removes the file.
    /// Returns whether a session existed. Logging out of a copy of a store leaves the session file
    /// of the original unchanged.
    pub(crate) fn log_out(&mut self) -> Result<bool, Failure> {
        if !self.has_store()? {
            return Ok(false);
        }
        if let Some((token, _)) = self.bearer_credential()? {
            let context = self.audit_context()?;
            return Ok(authority::sessions::end(self.store()?, &context, token.expose_secret())?);
        }
        let file = self.locate_session_file()?;
        // Without a login, no lock is needed. The check is repeated under the lock, since another
        // process may log out in the meantime.
        if !self.has_login(&file)? {
            return Ok(false);
        }
        let locked_file = file.lock(self.options.wait)?;
        if !self.has_login(&file)? {
            return Ok(false);
        }
        if let Ok(Some(login)) = self.settle_login(&locked_file) {
            let context = self.audit_context()?;
            match authority::sessions::end(
                self.store()?,
                &context,
                login.access_token.expose_secret(),
            ) {
                // A token that is unknown to the store has no session to end.
                Ok(_) | Err(authority::Error::TokenRejected { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(locked_file.remove()?)
    }

    /// Returns whether the file has a login of this store. A damaged file counts as a login, so
    /// that logout removes the file.
    fn has_login(&mut self, file: &SessionFile) -> Result<bool, Failure> {
        match self.load_login(file) {
            Ok(login) => Ok(login.is_some()),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the current login. Takes the lock only if a login is pending.
    pub(super) fn current_login(&mut self, file: &SessionFile) -> Result<Option<Login>, Failure> {
        match self.load_login(file)? {
            Some(login) if login.pending_login.is_some() => {
                let locked_file = file.lock(self.options.wait)?;
                self.settle_login(&locked_file)
            }
            login => Ok(login),
        }
    }

    /// See [`LockedSessionFile::settle_login`].
    pub(super) fn settle_login(
        &mut self,
        locked_file: &LockedSessionFile,
    ) -> Result<Option<Login>, Failure> {
        locked_file.settle_login(|sid| Ok(authority::sessions::exists(self.store()?, sid)?))
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
