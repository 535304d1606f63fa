//! `jeton users delete`

use super::UserArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::UserId;
use serde::Serialize;

/// Delete an account (admins only)
///
/// Ends the user's sessions and revokes the user's tokens. The username and e-mail address can be
/// used again; the ids are never reused. The last active admin cannot be deleted.
///
///   jeton users delete john --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,
}

#[derive(Debug, Serialize)]
struct DeleteOutput {
    changed: bool,
    user_id: UserId,
    /// Number of revoked tokens.
    tokens_revoked: usize,
}

impl Report for DeleteOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "users delete";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let user =
            authority::accounts::load_for_deletion(app.store.get()?, &caller, &self.target.user)?;
        let display_name = user.to_display();
        app.console
            .confirm(&format!("Delete {display_name} and revoke all tokens of this user?"))?;
        let (store, audit) = app.store.open_with_audit()?;
        let tokens_revoked = authority::accounts::delete(store, &audit, &caller, &user)?;
        app.console.print_status(&format!(
            "deleted {display_name}, revoked {}",
            pluralize(tokens_revoked, "token")
        ));
        app.console.report(&DeleteOutput { changed: true, user_id: user.id, tokens_revoked })
    }
}
