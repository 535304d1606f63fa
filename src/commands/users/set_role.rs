//! `jeton users set-role`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Role;

/// Change a user's role (admins only)
///
/// The change takes effect immediately, even in open sessions. The role of the last active admin
/// cannot be changed.
///
///   jeton users set-role john minter
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,

    /// New role: user, minter or admin
    #[arg(value_parser = Role::parse, add = crate::commands::completers::roles())]
    role: Role,
}

impl Command for Args {
    const ACTION: &'static str = "users set-role";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let (user, changed) =
            authority::accounts::set_role(store, &audit, &caller, &self.target.user, self.role)?;
        report_change(app, user, changed, &format!("has the role {}", self.role.name()))
    }
}
