//! `jeton users set-quota`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::commands::views::QuotaView;
use crate::failure::Failure;
use crate::model::QuotaOverride;

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
    target: UserArgs,

    /// A number, `unlimited`, or `default` for what the setting `token.quota` says
    #[arg(
        value_name = "N|unlimited|default",
        value_parser = QuotaOverride::parse,
        add = crate::commands::completers::fixed_values(&["unlimited", "default"])
    )]
    quota: QuotaOverride,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let QuotaOverride(quota) = args.quota;
    let (user, changed) =
        authority::set_user_quota(app.store()?, &context, &caller, &args.target.user, quota)?;
    let display_quota = QuotaView::to_display(quota.map(QuotaView::from).as_ref());
    report_change(app, user, changed, &format!("has the quota {display_quota}"))
}
