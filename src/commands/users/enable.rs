//! `jeton users enable`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;

/// Enable a disabled user (admins only)
///
/// The user's tokens are accepted again, unless they have expired or were revoked. Sessions are not
/// restored.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,
}

impl Command for Args {
    const ACTION: &'static str = "users enable";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let (user, changed) =
            authority::accounts::enable(store, &audit, &caller, &self.target.user)?;
        report_change(app, user, changed, "is enabled")
    }
}
