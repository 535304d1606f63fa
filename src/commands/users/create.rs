//! `jeton users create`

use crate::app::{App, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::accounts::PasswordRules;
use crate::commands::args::PasswordArgs;
use crate::commands::command::{Command, Effect};
use crate::commands::new_account::{NewAccountArgs, NewAccountOutput, print_account};
use crate::failure::Failure;
use crate::model::{Password, render_command};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// Create an account for another person (admins only)
///
/// Does not log in. A username, an e-mail address or both are required.
///
///   jeton users create kim --email kim@example.com --generate-password
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    account: NewAccountArgs,

    /// Generate a password for a new account and print it once, on standard output
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    generate_password: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

/// Output for a new account with a generated password.
#[derive(Debug, Serialize)]
struct CreateOutput {
    #[serde(flatten)]
    account: NewAccountOutput,
    password: String,
}

impl Report for CreateOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.password.clone()])
    }
}

impl Command for Args {
    const ACTION: &'static str = "users create";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let secret_output = if self.generate_password { Some(SecretOutput::open()?) } else { None };
        let caller = app.caller()?;
        authority::accounts::authorize_creation(&caller)?;
        let (password, generated_password) = if self.generate_password {
            let secret = authority::accounts::generate_password(Some(app.store.get()?))?;
            (Password::parse(secret.expose_secret().to_owned())?, Some(secret))
        } else {
            let load_rules = || Ok(PasswordRules::load(app.store.get()?)?);
            (app.console.obtain_new_password(&self.password.into_source(), load_rules)?, None)
        };
        let (store, audit) = app.store.open_with_audit()?;
        let if_exists = self.account.if_exists();
        let registration = self.account.into_registration(password);
        let (user, changed) =
            authority::accounts::create(store, &audit, &caller, &registration, if_exists)?;
        if changed && generated_password.is_none() {
            app.console.warn_if_password_short(&registration.password);
        }
        let verb = if changed { "created" } else { "already exists:" };
        let name = user.to_display();
        print_account(app, verb, &user);
        let account = NewAccountOutput { changed, user: user.into() };
        match (secret_output, generated_password) {
            (Some(output), Some(password)) if changed => {
                deliver_password(app, output, account, &password, &name)
            }
            _ => app.console.report(&account),
        }
    }
}

/// Prints the generated password. An error means that no user knows the password: the error has a
/// hint with the command that sets another password.
fn deliver_password(
    app: &mut App,
    output: SecretOutput,
    account: NewAccountOutput,
    password: &SecretString,
    name: &str,
) -> Result<(), Failure> {
    let report = CreateOutput { account, password: password.expose_secret().to_owned() };
    app.deliver_secret(output, &report, |_| {
        let recover_command = render_command("jeton recover", name);
        let failure = Failure::undelivered("the generated password");
        let hint = format!("the account was created; set a password with: {recover_command}");
        Ok(failure.with_hint(hint))
    })
}
