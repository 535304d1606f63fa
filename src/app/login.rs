//! Login and logout with the session file.
//!
//! A login is written to the session file as pending before the store commits the session. To
//! settle a pending login means: to keep this login if the store has the session, or else to
//! restore the previous login.

use super::session::{SessionHandle, login_from_tokens, settle_login};
use super::store_handle::StoreHandle;
use crate::authority::accounts::{LoginCredentials, Registration};
use crate::authority::sessions::{AuthenticatedUser, TokenPair};
use crate::authority::{self, AuditContext};
use crate::failure::{Failure, Kind};
use crate::model::escape;
use crate::paths;
use crate::session_file::{self, Content, SessionFile};
use crate::store::Store;
use secrecy::ExposeSecret;

impl SessionHandle {
    /// Logs in and saves the session in the session file. Returns the token pair, and whether the
    /// session of a previous login was ended.
    pub(crate) fn log_in(
        &mut self,
        store: &mut StoreHandle,
        credentials: &LoginCredentials,
    ) -> Result<(TokenPair, bool), Failure> {
        self.save_session(store, |store, _| authority::accounts::authenticate(store, credentials))
    }

    /// Creates the directory of the session file if necessary. Returns an error if no file can be
    /// written in the directory. `jeton init` calls this function before it creates the store or
    /// the first admin.
    pub(crate) fn ensure_session_can_be_saved(&self) -> Result<(), Failure> {
        let directory = paths::session_directory(self.console.environment.config_dir.as_deref());
        Ok(session_file::prepare_directory(directory.as_deref())?)
    }

    /// Creates the first admin of the store, and saves a session of the admin in the session file.
    pub(crate) fn create_first_admin(
        &mut self,
        store: &mut StoreHandle,
        registration: &Registration,
    ) -> Result<TokenPair, Failure> {
        let session = self.save_session(store, |store, audit| {
            authority::accounts::create_first_admin(store, audit, registration)
        });
        session.map(|(tokens, _)| tokens)
    }

    /// Starts a session of the user that `authenticate` returns, and saves the session in the
    /// session file. Returns the token pair, and whether the session of a previous login was ended.
    fn save_session(
        &mut self,
        store: &mut StoreHandle,
        authenticate: impl FnOnce(
            &mut Store,
            &AuditContext,
        ) -> Result<AuthenticatedUser, authority::Error>,
    ) -> Result<(TokenPair, bool), Failure> {
        let file = self.locate_session_file(store)?;
        let locked_file = self.lock(&file)?;
        let read_result = locked_file.read();
        let previous_login = match &read_result {
            Err(session_file::Error::Damaged) => None,
            _ => settle_login(store, &locked_file)?,
        };
        let (open_store, audit) = store.open_with_audit()?;
        let store_path = open_store.address().to_path();
        let authenticated_user = authenticate(open_store, &audit)?;
        let replaced_sid = previous_login.as_ref().map(|login| login.sid);
        let result = authority::sessions::begin(
            open_store,
            &audit,
            &authenticated_user,
            replaced_sid,
            |tokens| {
                let login = login_from_tokens(store_path.clone(), tokens);
                Ok::<_, Failure>(locked_file.begin_login(login, previous_login.clone())?)
            },
        );
        // The pending login is settled now, unless the outcome of the commit is unknown. In that
        // case, or if the file cannot be written, the next command that needs the login settles it.
        if !matches!(&result, Err(failure) if failure.kind() == Kind::OutcomeUnknown) {
            let _ = settle_login(store, &locked_file);
        }
        let (tokens, previous_session_ended) = result?;
        self.authenticated_user_id = Some(tokens.user.id);
        if let Ok(Content { other_copy: Some(copy), .. }) = read_result
            && copy.exists()
        {
            let display_path = escape(&copy.to_string_lossy());
            self.console.print_warning(&format!(
                "this session replaces the session of `{display_path}`, another copy of this store"
            ));
            self.console.print_hint(
                "to stay logged in to both stores, use a different `JETON_CONFIG_DIR` for one store",
            );
        }
        if let Some(source) = self.console.bearer_source_name() {
            self.console.print_warning(&format!(
                "commands with the token in {source} do not use this session"
            ));
        }
        Ok((tokens, previous_session_ended))
    }

    /// Ends the session of the bearer credential. Without a bearer credential, ends the session in
    /// the session file, and removes the file. Returns whether the call ended the session of the
    /// bearer credential, or removed the file. A file that only has an interrupted login is removed,
    /// but does not count. A file with the login of another copy of the store is left unchanged. If the store does not exist, nothing is changed.
    pub(crate) fn log_out(&mut self, store: &mut StoreHandle) -> Result<bool, Failure> {
        if !store.exists()? {
            return Ok(false);
        }
        if let Some((token, _)) = self.console.bearer_credential()? {
            let (open_store, audit) = store.open_with_audit()?;
            return Ok(authority::sessions::end(open_store, &audit, token.expose_secret())?);
        }
        let file = self.locate_session_file(store)?;
        // Without a login, no lock is needed. The check is repeated under the lock, since another
        // process may log out before this process has the lock.
        if !self.has_login(&file)? {
            return Ok(false);
        }
        let locked_file = self.lock(&file)?;
        if !self.has_login(&file)? {
            return Ok(false);
        }
        match settle_login(store, &locked_file) {
            Ok(Some(login)) => {
                let (open_store, audit) = store.open_with_audit()?;
                authority::sessions::end_by_sid(open_store, &audit, login.sid)?;
            }
            Ok(None) => {}
            // A damaged file has no readable session id, so that no session can be ended.
            Err(failure) if failure.kind() == Kind::TokenMissing => {}
            Err(failure) => return Err(failure),
        }
        Ok(locked_file.remove()?)
    }

    /// Returns whether the file has a login of this store. A damaged file counts as a login, so
    /// that logout removes the file.
    fn has_login(&self, file: &SessionFile) -> Result<bool, Failure> {
        match self.load_login(file) {
            Ok(login) => Ok(login.is_some()),
            Err(failure) if failure.kind() == Kind::TokenMissing => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}
