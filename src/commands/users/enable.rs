//! `jeton users enable`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let (user, changed) =
        authority::accounts::enable(app.store()?, &context, &caller, &args.target.user)?;
    report_change(app, user, changed, "is enabled")
}
