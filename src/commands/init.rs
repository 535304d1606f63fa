//! `jeton init`

use super::args::PasswordArgs;
use super::views::UserView;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::accounts::Registration;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{Algorithm, Email, Password, Role, UserName, UserRef, render_command};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Create a store with a signing key and an admin, and log in
///
/// If no password is given and no prompt is possible (without a terminal, with `--no-input`, or if
/// `CI` is set), `init` sets a random password that is never shown: use the session, and set a
/// password later with `jeton recover`.
///
///   jeton init
///   jeton init ada@example.com
///   jeton init ci --alg HS256 --exist-ok
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username or e-mail address of the admin [default: name of the OS user; without such a name,
    /// the answer to a prompt, or `admin`]
    login: Option<String>,

    /// Algorithm of the signing key: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512,
    /// ES256, ES384, ES512, EdDSA or Ed25519 [default: algorithm of an existing key, otherwise ES256]
    #[arg(long, value_parser = Algorithm::parse_argument, add = super::completers::algorithms())]
    alg: Option<Algorithm>,

    /// Succeed without changes and without a login if the store already has users
    #[arg(long)]
    exist_ok: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

/// Username of the admin if the OS user has no name and no prompt is possible, for example in a
/// container.
const FALLBACK_USERNAME: &str = "admin";

#[derive(Debug, Serialize)]
struct InitOutput {
    changed: bool,
    /// Path or address of the store.
    store: String,
    /// The created admin; `None` if the store already had users.
    user: Option<UserView>,
}

impl Report for InitOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "init";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let login = match self.login {
            Some(login) => login,
            None => app.console.default_login()?.unwrap_or_else(|| FALLBACK_USERNAME.to_owned()),
        };
        let (username, email) = parse_login(&login)?;
        if app.store.exists()? {
            if authority::accounts::has_ever_had_users(app.store.get()?)? {
                return report_existing_store(app, self.exist_ok);
            }
            if let Some(algorithm) = self.alg {
                authority::keys::require_signing_algorithm(app.store.get()?, algorithm)?;
            }
        }
        let given_password = app.console.try_obtain_first_password(&self.password.into_source())?;
        let is_random_password = given_password.is_none();
        let password = given_password.map_or_else(generate_password, Ok)?;
        app.session.ensure_session_can_be_saved()?;
        app.store.create_if_missing_with_algorithm(self.alg.unwrap_or(Algorithm::ES256))?;
        let registration =
            Registration { username, email, name: None, password, role: Role::Admin };
        let user = match app.session.create_first_admin(&mut app.store, &registration) {
            // Another process has created the first user in the meantime.
            Err(failure) if failure.code == Code::StoreExists => {
                return report_existing_store(app, self.exist_ok);
            }
            result => result?.user,
        };
        app.console.warn_if_password_short(&registration.password);
        let display_name = user.to_display();
        app.console
            .print_status(&format!("created admin {display_name}; logged in as {display_name}"));
        if is_random_password {
            let recover_command = render_command("jeton recover", &display_name);
            app.console.print_hint(&format!(
                "a random password was set and not shown; set your own with: {recover_command}"
            ));
        }
        let store = app.store.get()?.address().to_path().to_string_lossy().into_owned();
        app.console.report(&InitOutput { changed: true, store, user: Some(user.into()) })
    }
}

fn generate_password() -> Result<Password, Failure> {
    let password = authority::accounts::generate_password(None)?;
    Ok(Password::parse(password.expose_secret().to_owned())?)
}

/// Reports that the store already has users: an error unless `--exist-ok` is given.
fn report_existing_store(app: &mut App, exist_ok: bool) -> Result<(), Failure> {
    if !exist_ok {
        return Err(authority::Error::StoreExists.into());
    }
    app.console.print_status("the store already exists");
    let store = app.store.get()?.address().to_path().to_string_lossy().into_owned();
    app.console.report(&InitOutput { changed: false, store, user: None })
}

/// Returns the username or the e-mail address in `login`; the other value is `None`.
fn parse_login(login: &str) -> Result<(Option<UserName>, Option<Email>), Failure> {
    match UserRef::parse_login(login) {
        Ok(UserRef::Email(email)) => Ok((None, Some(email))),
        Ok(UserRef::Name(name)) => Ok((Some(name), None)),
        Ok(UserRef::Id(_) | UserRef::Uid(_)) => {
            Err(Failure::usage("username or e-mail address required, found an id"))
        }
        Err(invalid) => Err(Failure::from(invalid)
            .with_hint("give a username or an e-mail address: jeton init LOGIN")),
    }
}
