//! `jeton users enable`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;

/// Let a user log in again who was disabled (admins only)
///
/// Its tokens work again, as far as they have not expired or were revoked; its sessions are over.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let (user, changed) =
        authority::enable_user(app.store()?, &context, &caller, &args.target.user)?;
    report_change(app, user, changed, "is enabled")
}
