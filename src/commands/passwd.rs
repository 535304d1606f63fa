//! `jeton passwd`

use super::args::PasswordChangeArgs;
use super::views::pluralize;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use serde::Serialize;

/// Change your password
///
/// Prompts for the current and the new password by default; `JETON_PASSWORD` is ignored. Your other
/// sessions are ended.
///
///   jeton passwd
///   printf 'old\nnew\n' | jeton passwd --password-stdin
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    password: PasswordChangeArgs,
}

#[derive(Debug, Serialize)]
struct PasswdOutput {
    changed: bool,
    sessions_ended: usize,
}

impl Report for PasswdOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "passwd";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.password.stdin_arguments()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let source = self.password.into_source();
        let (verification, new_password) =
            app.console.obtain_password_change(&source, |current| {
                let store = app.store.get()?;
                Ok(authority::accounts::verify_current_password(store, &caller, current)?)
            })?;
        let (store, audit) = app.store.open_with_audit()?;
        let ended_count = authority::accounts::change_password(
            store,
            &audit,
            &caller,
            &verification,
            &new_password,
        )?;
        app.console.warn_if_password_short(&new_password);
        app.console.print_status(&format!(
            "changed the password, ended {}",
            pluralize(ended_count, "other session")
        ));
        app.console.report(&PasswdOutput { changed: true, sessions_ended: ended_count })
    }
}
