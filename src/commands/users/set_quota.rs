//! `jeton users set-quota`

use super::{UserArgs, report};
use crate::app::App;
use crate::authority;
use crate::commands::shapes::QuotaShape;
use crate::failure::Failure;
use crate::model::OwnQuota;

/// Say how many live app tokens a user may have (admins only)
///
/// Tokens that are too many from now on stay as they are; no new one is made until they are fewer.
///
///   jeton users set-quota john 10
///   jeton users set-quota ci unlimited
///   jeton users set-quota john default
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,

    /// A number, `unlimited`, or `default` for what the setting `token.quota` says
    #[arg(
        value_name = "N|unlimited|default",
        value_parser = OwnQuota::parse,
        add = crate::commands::complete::words(&["unlimited", "default"])
    )]
    quota: OwnQuota,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let OwnQuota(quota) = args.quota;
    let (user, changed) =
        authority::set_user_quota(app.store()?, &act, &caller, &args.who.user, quota)?;
    let shown = QuotaShape::shown(quota.map(QuotaShape::from).as_ref());
    report(app, user, changed, &format!("has the quota {shown}"))
}
