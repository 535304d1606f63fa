//! `jeton keys activate`

use super::{OverlapArgs, RotateOutput, report_rotation};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;

/// Make a specific key the signing key (admins only)
///
/// The previous signing key (for a test key, of the same algorithm) is retired: tokens signed with
/// it are still accepted for a while. A retired key can be activated again, a revoked key cannot.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Key id, as listed by `jeton keys list`, or at least its first 4 characters
    #[arg(
        allow_hyphen_values = true,
        add = crate::commands::completers::activatable_keys()
    )]
    kid: String,

    #[command(flatten)]
    overlap: OverlapArgs,
}

impl Command for Args {
    const ACTION: &'static str = "keys activate";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::Key(self.kid.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let (kid, overlap) = (&self.kid, self.overlap.overlap);
        let (key, rotation) = authority::keys::activate(store, &audit, &caller, kid, overlap)?;
        if let Some(rotation) = rotation {
            return report_rotation(app, key.spec.purpose, rotation);
        }
        // The key was active before, so nothing was changed.
        let active_kid = key.spec.kid;
        app.console.print_status(&format!(
            "key {} is already the signing key for {} tokens",
            active_kid.to_display(),
            key.spec.purpose.name()
        ));
        app.console.report(&RotateOutput {
            changed: false,
            active_kid: Some(active_kid),
            retired: None,
        })
    }
}
