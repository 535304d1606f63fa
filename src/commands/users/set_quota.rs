//! `jeton users set-quota`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::commands::views::QuotaView;
use crate::failure::Failure;
use crate::model::QuotaOverride;

/// Change a user's quota of live app tokens (admins only)
///
/// Existing tokens remain valid even if the new quota is lower than their number; the user cannot
/// create an app token until the number of live app tokens is below the quota.
///
///   jeton users set-quota john 10
///   jeton users set-quota ci unlimited
///   jeton users set-quota john default
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,

    /// Number of tokens, `unlimited`, or `default` for the setting `token.quota`
    #[arg(
        value_name = "N|unlimited|default",
        allow_hyphen_values = true,
        value_parser = QuotaOverride::parse,
        add = crate::commands::completers::fixed_values(&["unlimited", "default"])
    )]
    quota: QuotaOverride,
}

impl Command for Args {
    const ACTION: &'static str = "users set-quota";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let QuotaOverride(quota) = self.quota;
        let (user, changed) =
            authority::accounts::set_quota(store, &audit, &caller, &self.target.user, quota)?;
        let display_quota = QuotaView::to_display(quota.map(QuotaView::from).as_ref());
        report_change(app, user, changed, &format!("has the quota {display_quota}"))
    }
}
