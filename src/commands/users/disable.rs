//! `jeton users disable`

use super::UserArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::commands::views::{UserView, pluralize};
use crate::failure::Failure;
use serde::Serialize;

/// Disable a user (admins only)
///
/// Ends the user's sessions. Logins and tokens of the user are refused until `jeton users enable`.
/// The last active admin cannot be disabled.
///
///   jeton users disable john
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,
}

#[derive(Debug, Serialize)]
struct DisableOutput {
    changed: bool,
    user: UserView,
    /// Number of ended sessions.
    sessions_ended: usize,
}

impl Report for DisableOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "users disable";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        // `None` in place of the number of ended sessions means that the user was already disabled.
        let (user, ended_count) =
            authority::accounts::disable(store, &audit, &caller, &self.target.user)?;
        let display_name = user.to_display();
        app.console.print_status(&match ended_count {
            Some(count) => {
                format!("disabled {display_name}, ended {}", pluralize(count, "session"))
            }
            None => format!("{display_name} is already disabled"),
        });
        app.console.report(&DisableOutput {
            changed: ended_count.is_some(),
            user: user.into(),
            sessions_ended: ended_count.unwrap_or(0),
        })
    }
}
