//! `jeton users set-role`

use super::{UserArgs, report};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;
use crate::model::Role;

/// Give a user another role (admins only)
///
/// It counts at once, in open sessions too. The last admin stays one.
///
///   jeton users set-role john minter
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,

    /// user, minter or admin
    #[arg(value_parser = Role::parse, add = crate::commands::complete::roles())]
    role: Role,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let (user, changed) =
        authority::set_role(app.store()?, &act, &caller, &args.who.user, args.role)?;
    report(app, user, changed, &format!("has the role {}", args.role.name()))
}
