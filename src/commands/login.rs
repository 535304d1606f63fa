//! `jeton login`

use super::args::PasswordArgs;
use super::views::UserView;
use crate::app::{App, Environment, Rendered, Report, SecretOutput};
use crate::authority::accounts::LoginCredentials;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::sessions::TokenPair;
use crate::commands::command::{Command, Effect};
use crate::failure::{Failure, Kind};
use crate::model::{Sid, Timestamp, Untrusted, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Log in with username or e-mail address
///
/// The session is stored in a file for this store in the configuration directory, readable only by
/// the OS user. A previous session in this file is ended.
///
///   jeton login ada
///   jeton login ada@example.com --password-file secret.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username or e-mail address [default: name of the OS user]
    #[arg(add = super::completers::users())]
    login: Option<String>,

    #[command(flatten)]
    password: PasswordArgs,
}

/// JSON result of `jeton login`, and of `jeton refresh --token-stdin`.
#[derive(Debug, Serialize)]
pub(super) struct LoginOutput {
    pub(super) message: &'static str,
    pub(super) tokens: TokenPairView,
    pub(super) user: UserView,
    pub(super) access_expires_at: Timestamp,
    pub(super) refresh_expires_at: Timestamp,
    pub(super) sid: Sid,
}

#[derive(Debug, Serialize)]
pub(super) struct TokenPairView {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl LoginOutput {
    pub(super) fn new(message: &'static str, tokens: TokenPair) -> Self {
        Self {
            message,
            tokens: TokenPairView {
                access: tokens.access.expose_secret().to_owned(),
                refresh: tokens.refresh.expose_secret().to_owned(),
            },
            user: tokens.user.into(),
            access_expires_at: tokens.access_expires_at,
            refresh_expires_at: tokens.refresh_expires_at,
            sid: tokens.sid,
        }
    }
}

impl Report for LoginOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "login";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        let login = self.login.clone().or_else(Environment::os_user_name)?;
        UserRef::parse_login(&login).ok().map(RequestedTarget::User)
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        // `SecretOutput::open` refuses a closed standard output, to which the tokens could not be
        // written. Text output does not contain the tokens.
        let output = app.console.output_format().is_json().then(SecretOutput::open).transpose()?;
        // A missing store is reported before any prompt.
        app.store.get()?;
        let is_default_login = self.login.is_none();
        let login = match self.login {
            Some(login) => login,
            None => app.console.default_login()?.ok_or_else(|| {
                Failure::usage("username required: the OS user has no name")
                    .with_hint("give a username or an e-mail address: jeton login LOGIN")
            })?,
        };
        let display_login = Untrusted::new(&login).to_display();
        let question = if is_default_login {
            format!("Password for {display_login}")
        } else {
            "Password".to_owned()
        };
        // A malformed login or password fails like a wrong login or password, and after the same
        // time. Exceptions, which are refused at once: a malformed password from a prompt, and
        // password input that is too large or not UTF-8.
        let password = app.console.obtain_password(&self.password.into_source(), &question)?;
        let credentials = LoginCredentials { login: UserRef::parse_login(&login).ok(), password };
        let (tokens, has_ended_previous_session) =
            app.session.log_in(&mut app.store, &credentials).map_err(|failure| {
                if is_default_login && failure.kind() == Kind::LoginInvalid {
                    let hint =
                        format!("give a user other than `{display_login}`: jeton login LOGIN");
                    return failure.with_hint(hint);
                }
                failure
            })?;
        if has_ended_previous_session {
            app.console.print_status("ended the previous session");
        }
        app.console.print_status(&format!("logged in as {}", tokens.user.to_display()));
        let Some(output) = output else { return Ok(()) };
        app.deliver_secret(output, &LoginOutput::new("Logged in", tokens), |_| {
            Ok(Failure::undelivered("the result")
                .with_hint("the login succeeded; end the session with: jeton logout"))
        })
    }
}
