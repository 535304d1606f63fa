//! `jeton users set-role`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;
use crate::model::Role;

/// Change a user's role (admins only)
///
/// The change takes effect immediately, even in open sessions. The role of the last admin cannot be
/// changed.
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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let (user, changed) = authority::accounts::set_role(
        app.store()?,
        &context,
        &caller,
        &args.target.user,
        args.role,
    )?;
    report_change(app, user, changed, &format!("has the role {}", args.role.name()))
}
