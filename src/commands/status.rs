//! `jeton status`

use super::global_args::GlobalArgs;
use super::views::{UserView, placeholder};
use crate::app::{App, Environment, LoginState, OutputFormat, Rendered, Report};
use crate::commands::command::{Command, DEFAULT_FORMATS, Effect};
use crate::failure::Failure;
use crate::model::{Sid, Timestamp, escape};
use clap::FromArgMatches;
use serde::Serialize;
use std::time::Duration;

/// Show the store and the login, and the next command
///
/// The exit code is 0 with and without a store and a login; an invalid store, session file or token
/// is an error. No session is refreshed. In scripts that need a login, use `jeton whoami`.
///
///   jeton status -o json | jq -r .user.username
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct StatusOutput {
    store: StoreStatus,
    user: Option<UserView>,
    /// Username or e-mail address of the user, for the text output.
    #[serde(skip)]
    user_name: Option<String>,
    session: Option<SessionStatus>,
    /// Source of the credential of the caller, such as the session file.
    credential: Option<String>,
    /// Command that usually comes next.
    next: &'static str,
}

#[derive(Debug, Serialize)]
struct StoreStatus {
    /// Path of the store file, or address of the store on a server. The address is without user and
    /// password.
    path: String,
    exists: bool,
}

#[derive(Debug, Serialize)]
struct SessionStatus {
    sid: Sid,
    expires_at: Timestamp,
}

impl Report for StatusOutput {
    fn render(&self) -> Rendered {
        let store = escape(&self.store.path);
        let mut fields = vec![(
            "store",
            if self.store.exists { store } else { format!("{store} (does not exist)") }.into(),
        )];
        let login = self.user.as_ref().zip(self.user_name.as_ref());
        let login = login.map(|(user, name)| format!("{name} ({})", user.role.name()));
        fields.push(("logged in as", login.unwrap_or_else(placeholder).into()));
        if let Some(session) = &self.session {
            fields.push(("session ends", session.expires_at.into()));
        }
        if let Some(credential) = &self.credential {
            fields.push(("credential", credential.clone().into()));
        }
        fields.push(("next", self.next.into()));
        Rendered::Fields(fields)
    }
}

impl StatusOutput {
    /// Queries the state of the store and of the login.
    fn query(app: &mut App) -> Result<Self, Failure> {
        let path = app.store.address()?.to_path().to_string_lossy().into_owned();
        let exists = app.store.exists()?;
        let state = if exists { Some(app.session.login_state(&mut app.store)?) } else { None };
        let store = StoreStatus { path, exists };
        let without_login = |next| Self {
            store,
            user: None,
            user_name: None,
            session: None,
            credential: None,
            next,
        };
        Ok(match state {
            None | Some(LoginState::NoUsers) => without_login("jeton init"),
            Some(LoginState::LoggedOut) => without_login("jeton login"),
            Some(LoginState::LoggedIn(login)) => {
                let session =
                    SessionStatus { sid: login.session.sid, expires_at: login.session.expires_at };
                Self {
                    user_name: Some(login.user.to_display()),
                    user: Some(login.user.into()),
                    session: Some(session),
                    credential: Some(login.source),
                    ..without_login("jeton token create APP")
                }
            }
        })
    }
}

impl Command for Args {
    const ACTION: &'static str = "status";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let status = StatusOutput::query(app)?;
        app.console.report(&status)
    }
}

/// Prints the output of `jeton status` before the help of the program. Prints nothing if
/// `jeton status` would fail, or if the store remains locked during a short wait.
pub(super) fn print_state_before_help() {
    const MAX_WAIT: Duration = Duration::from_millis(200);
    let program = <GlobalArgs as clap::Args>::augment_args(clap::Command::new("jeton"));
    let Ok(matches) = program.try_get_matches_from(["jeton"]) else { return };
    let options =
        GlobalArgs::from_arg_matches(&matches).map(|args| args.into_options(DEFAULT_FORMATS, None));
    let (Ok(Ok(mut options)), Ok(environment)) = (options, Environment::from_env()) else { return };
    options.output_format = OutputFormat::Text;
    options.quiet = true;
    options.wait = options.wait.min(MAX_WAIT);
    let mut app = App::new(options, environment, Args::ACTION, false, None);
    if let Ok(status) = StatusOutput::query(&mut app)
        && app.console.report(&status).is_ok()
    {
        let _ = app.console.write_styled_text("\n");
    }
    app.finish();
}
