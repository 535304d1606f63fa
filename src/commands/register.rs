//! `jeton register`

use super::args::PasswordArgs;
use super::new_account::{NewAccountArgs, NewAccountOutput, print_account};
use crate::app::App;
use crate::authority;
use crate::authority::accounts::PasswordRules;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Algorithm, Role};

/// Register an account
///
/// Does not log in. The first account of a store becomes its admin; only admins can assign a role
/// above `user`. If the setting `register.open` is false, only admins can register accounts. A
/// username, an e-mail address or both are required.
///
///   printf 123456 | jeton register john --email john@example.com --password-stdin
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    account: NewAccountArgs,

    #[command(flatten)]
    password: PasswordArgs,
}

impl Command for Args {
    const ACTION: &'static str = "register";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let password = app.console.obtain_new_password(&self.password.into_source(), || {
            let has_store = app.store.exists()?;
            Ok(if has_store {
                PasswordRules::load(app.store.get()?)?
            } else {
                PasswordRules::default()
            })
        })?;
        if self.account.role != Role::User {
            // Refuses an unreadable bearer credential before the store is created, so that no new store
            // exists after this error.
            app.console.bearer_credential()?;
        }
        app.store.create_if_missing_with_algorithm(Algorithm::ES256)?;
        // With the setting `register.open`, registration with the role `user` needs no login. For
        // this role, a failed authentication therefore counts as no login.
        let caller = match app.session.caller_if_any(&mut app.store) {
            Ok(caller) => caller,
            Err(_) if self.account.role == Role::User => None,
            Err(failure) => return Err(failure),
        };
        let (store, audit) = app.store.open_with_audit()?;
        let if_exists = self.account.if_exists();
        let registration = self.account.into_registration(password);
        let (user, changed) = authority::accounts::register(
            store,
            &audit,
            caller.as_ref(),
            &registration,
            if_exists,
        )?;
        if changed {
            app.console.warn_if_password_short(&registration.password);
        }
        print_account(app, if changed { "registered" } else { "already registered:" }, &user);
        app.console.report(&NewAccountOutput { changed, user: user.into() })
    }
}
