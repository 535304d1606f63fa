//! State of the login, read without a refresh and without an error for a missing login.

use super::session::SessionHandle;
use super::store_handle::StoreHandle;
use crate::authority;
use crate::failure::Failure;
use crate::model::{Session, User, escape};

/// State of the login in a store that exists.
pub(crate) enum LoginState {
    /// The store has no users yet.
    NoUsers,
    /// The session file has no login, or the session of the login is missing, ended or expired, or
    /// its user is disabled or deleted.
    LoggedOut,
    /// The caller is logged in by a bearer credential or by the session file.
    LoggedIn(Box<CurrentLogin>),
}

/// The user and the session of a caller who is logged in.
pub(crate) struct CurrentLogin {
    pub(crate) user: User,
    pub(crate) session: Session,
    /// Source of the credential for messages: the token file, a variable or the session file.
    pub(crate) source: String,
}

impl SessionHandle {
    /// Returns the state of the login; an invalid bearer credential and a damaged session file are
    /// errors. An expired access token in the session file does not change the state, because the
    /// next command that needs the login refreshes the session. A pending login is not settled.
    pub(crate) fn login_state(&mut self, store: &mut StoreHandle) -> Result<LoginState, Failure> {
        if self.has_bearer_credential()? {
            let caller_and_source = self.caller_with_source(store)?;
            return Ok(LoginState::LoggedIn(Box::new(CurrentLogin {
                user: caller_and_source.caller.user.clone(),
                session: caller_and_source.caller.session.clone(),
                source: caller_and_source.source,
            })));
        }
        let file = self.locate_session_file(store)?;
        let login = self.load_login(&file)?;
        let (open_store, audit) = store.open_with_audit()?;
        let open_session = match login {
            Some(login) => authority::sessions::find_open(open_store, audit.now, login.sid)?,
            None => None,
        };
        match open_session {
            Some((user, session)) => {
                let source = escape(&file.path().to_string_lossy());
                Ok(LoginState::LoggedIn(Box::new(CurrentLogin { user, session, source })))
            }
            None if authority::accounts::has_ever_had_users(open_store)? => {
                Ok(LoginState::LoggedOut)
            }
            None => Ok(LoginState::NoUsers),
        }
    }
}
