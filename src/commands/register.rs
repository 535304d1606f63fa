//! `jeton register`

use super::args::PasswordArgs;
use super::views::UserView;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::accounts::{IfExists, Registration};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Algorithm, DisplayName, Email, Role, UserName};
use serde::Serialize;

/// Register an account
///
/// Does not log in. The first account of a store becomes its admin; only admins can assign a role
/// above `user`. A username, an e-mail address or both are required.
///
///   printf 123456 | jeton register john --email john@example.com --password-stdin
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username
    #[arg(required_unless_present = "email", value_parser = UserName::parse)]
    username: Option<UserName>,

    /// E-mail address
    #[arg(long, value_parser = Email::parse)]
    email: Option<Email>,

    /// Display name
    #[arg(long, value_parser = DisplayName::parse)]
    name: Option<DisplayName>,

    /// Role: user, minter or admin
    #[arg(long, default_value = "user", value_parser = Role::parse, add = super::completers::roles())]
    role: Role,

    /// Succeed without changes if an account with the given username and e-mail address exists
    #[arg(long)]
    exist_ok: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Serialize)]
struct RegisterOutput {
    changed: bool,
    user: UserView,
}

impl Report for RegisterOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "register";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let password = app.console.obtain_new_password(&self.password.into_source())?;
        if self.role != Role::User {
            // All input is read before the store is created.
            app.console.bearer_credential()?;
        }
        app.store.create_with_algorithm(Algorithm::ES256)?;
        // Registration with the role `user` needs no login, so an unusable session is ignored.
        let caller = match app.session.caller_if_any(&mut app.store) {
            Ok(caller) => caller,
            Err(_) if self.role == Role::User => None,
            Err(failure) => return Err(failure),
        };
        let (store, audit) = app.store.open()?;
        let registration = Registration {
            username: self.username,
            email: self.email,
            name: self.name,
            password,
            role: self.role,
        };
        let (user, changed) = authority::accounts::register(
            store,
            &audit,
            caller.as_ref(),
            &registration,
            if self.exist_ok { IfExists::Skip } else { IfExists::Refuse },
        )?;
        if changed {
            app.console.warn_if_password_short(&registration.password);
        }
        let verb = if changed { "registered" } else { "already registered:" };
        app.console.print_status(&format!(
            "{verb} {} (id {}, {})",
            user.to_display(),
            user.id,
            user.role.name()
        ));
        app.console.report(&RegisterOutput { changed, user: user.into() })
    }
}
