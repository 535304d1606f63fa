//! `jeton init`

use super::password::PasswordArgs;
use super::shapes::UserShape;
use crate::app::{App, Environment, Report, Text};
use crate::authority::{self, Registration};
use crate::failure::Failure;
use crate::model::{Algorithm, Email, Password, Role, UserName, UserRef, command_line};
use serde::Serialize;

/// Make the store, its first key and its first admin, and log in
///
/// Without a password and without a terminal a random password is set that nobody is shown: the
/// session is all there is, and `jeton recover` sets a password later.
///
///   jeton init
///   jeton init ada@example.com
///   jeton init ci --alg HS256 --exist-ok
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username or e-mail of the first admin [default: the name of the OS user]
    login: Option<String>,

    /// Algorithm of the first key: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512,
    /// ES256, ES384 or EdDSA [default: that of the key that is there, else ES256]
    #[arg(long, value_parser = Algorithm::parse, add = super::complete::algorithms())]
    alg: Option<Algorithm>,

    /// Succeed if the store has an admin already, and leave it as it is: nobody is logged in
    #[arg(long)]
    exist_ok: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Serialize)]
struct Made {
    changed: bool,
    store: String,
    user: Option<UserShape>,
}

impl Report for Made {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let login = args.login.unwrap_or_else(Environment::os_user);
    let (username, email) = names(&login)?;
    if app.has_store()? {
        if authority::is_founded(app.store()?)? {
            return already(app, args.exist_ok);
        }
        if let Some(algorithm) = args.alg {
            authority::signs_with(app.store()?, algorithm)?;
        }
    }
    let (password, is_random) = match app.new_password_if_any(&args.password.from())? {
        Some(password) => (password, false),
        None => (Password::parse(authority::random_password()?)?, true),
    };
    app.can_keep_session()?;
    app.make_store_for(args.alg.unwrap_or(Algorithm::ES256))?;
    let wish = Registration { username, email, name: None, password, role: Role::Admin };
    let user = match app.found(&wish) {
        Err(failure) if failure.code == "store_exists" => return already(app, args.exist_ok),
        other => other?.user,
    };
    app.warn_of_short(&wish.password);
    let shown = user.shown();
    app.status(&format!("{shown} is the first admin and logged in"));
    if is_random {
        let recover = command_line("jeton recover", &shown);
        app.hint(&format!("the password is random and shown to nobody; set one: {recover}"));
    }
    let store = app.store()?.path().to_string_lossy().into_owned();
    app.report(&Made { changed: true, store, user: Some(user.into()) })
}

fn already(app: &mut App, exist_ok: bool) -> Result<(), Failure> {
    if !exist_ok {
        return Err(authority::Error::StoreExists.into());
    }
    app.status("the store was there");
    let store = app.store()?.path().to_string_lossy().into_owned();
    app.report(&Made { changed: false, store, user: None })
}

fn names(login: &str) -> Result<(Option<UserName>, Option<Email>), Failure> {
    match UserRef::parse_login(login) {
        Ok(UserRef::Email(email)) => Ok((None, Some(email))),
        Ok(UserRef::Name(name)) => Ok((Some(name), None)),
        Ok(UserRef::Id(_) | UserRef::Uid(_)) => Err(Failure::usage("a name is needed, not an id")),
        Err(invalid) => Err(Failure::from(invalid).with_hint("give a name: jeton init LOGIN")),
    }
}
