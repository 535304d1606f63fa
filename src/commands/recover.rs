//! `jeton recover`

use super::args::PasswordArgs;
use super::views::{UserView, pluralize};
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::accounts::PasswordRules;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{UserRef, render_command};
use serde::Serialize;

/// Set a user's password without logging in
///
/// Only the owner of the store file, or a user of the PostgreSQL database with the rights of an
/// operator, can use this command. A session is not needed. The change is recorded in the audit log,
/// and all sessions of USER are ended.
///
///   jeton recover ada
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Username, e-mail address, id (a number) or uid (a UUID)
    #[arg(value_parser = UserRef::parse, add = super::completers::users())]
    user: UserRef,

    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Serialize)]
struct RecoverOutput {
    changed: bool,
    user: UserView,
    sessions_ended: usize,
}

impl Report for RecoverOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "recover";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        // Refuses an unknown user before the password prompt.
        authority::accounts::load_for_recovery(app.store.get()?, &self.user)?;
        let new_password = app.console.obtain_new_password(&self.password.into_source(), || {
            Ok(PasswordRules::load(app.store.get()?)?)
        })?;
        let (store, audit) = app.store.open_with_audit()?;
        let (user, ended_count) =
            authority::accounts::recover(store, &audit, &self.user, &new_password)?;
        app.console.warn_if_password_short(&new_password);
        let sessions = pluralize(ended_count, "session");
        app.console.print_status(&format!(
            "set a new password for {}, ended {sessions}",
            user.to_display()
        ));
        if user.disabled_at.is_some() {
            let display_name = user.to_display();
            app.console.print_warning(&format!("{display_name} is disabled"));
            let enable_command = render_command("jeton users enable", &display_name);
            app.console.print_hint(&format!("as an admin, enable the user: {enable_command}"));
        }
        app.console.report(&RecoverOutput {
            changed: true,
            user: user.into(),
            sessions_ended: ended_count,
        })
    }
}
