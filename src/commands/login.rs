//! `jeton login`

use super::password::PasswordArgs;
use super::shapes::UserShape;
use crate::app::{App, Report, SecretOutput, Text};
use crate::authority::{About, Credential, Tokens};
use crate::failure::{Failure, Kind};
use crate::model::{Foreign, Sid, Timestamp, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Log in by username or e-mail
///
/// The session is kept in the user's configuration directory, readable by nobody else. A session
/// that stood there is ended.
///
///   jeton login ada
///   jeton login ada@example.com --password-file secret.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username or e-mail [default: the name of the OS user]
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::users))]
    login: Option<String>,

    #[command(flatten)]
    password: PasswordArgs,
}

/// What programs are told about a new session or a new pair.
#[derive(Debug, Serialize)]
pub(super) struct LoggedIn {
    pub(super) message: &'static str,
    pub(super) tokens: PairShape,
    pub(super) user: UserShape,
    pub(super) access_expires_at: Timestamp,
    pub(super) refresh_expires_at: Timestamp,
    pub(super) sid: Sid,
}

#[derive(Debug, Serialize)]
pub(super) struct PairShape {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl LoggedIn {
    pub(super) fn new(message: &'static str, tokens: Tokens) -> Self {
        Self {
            message,
            tokens: PairShape {
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

impl Report for LoggedIn {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    // As text, nothing secret is printed.
    let output = app.form().is_json().then(SecretOutput::open).transpose()?;
    app.store()?;
    let is_os_user = args.login.is_none();
    let login = args.login.unwrap_or_else(crate::app::Environment::os_user);
    let shown = Foreign::new(&login).shown();
    let question = if is_os_user { format!("Password of {shown}") } else { "Password".to_owned() };
    // What cannot be a name or a password is wrong like any other, and takes as long.
    let password = app.password(&args.password.from(), &question)?;
    let credential = Credential { login: UserRef::parse_login(&login).ok(), password };
    app.about = credential.login.clone().map(About::User);
    let (tokens, replaced) = app.log_in(&credential).map_err(|failure| {
        if is_os_user && failure.kind == Kind::LoginInvalid {
            let hint = format!("`{shown}` is the OS user; name another: jeton login NAME");
            return failure.with_hint(hint);
        }
        failure
    })?;
    if replaced {
        app.status("the session that was open here is ended");
    }
    app.status(&format!("logged in as {}", tokens.user.shown()));
    if let Some(output) = output
        && !app.hand_out(output, &LoggedIn::new("Logged in", tokens))
    {
        return Err(Failure::new(Kind::Internal, "internal", "the answer could not be written")
            .with_hint("the session is kept all the same; `jeton logout` ends it"));
    }
    Ok(())
}
