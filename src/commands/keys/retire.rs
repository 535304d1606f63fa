//! `jeton keys retire`

use super::{KeyArgs, OverlapArgs, RetiredKeyView};
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use serde::Serialize;

/// Stop signing with a key; tokens signed with it are still accepted for a while (admins only)
///
/// The app key that signs new tokens cannot be retired, only replaced: `jeton keys rotate`.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    overlap: OverlapArgs,
}

#[derive(Debug, Serialize)]
struct RetireOutput {
    changed: bool,
    retired: RetiredKeyView,
}

impl Report for RetireOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "keys retire";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::Key(self.key.kid.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let (kid, overlap) = (&self.key.kid, self.overlap.overlap);
        let (key, verify_until) = authority::keys::retire(store, &audit, &caller, kid, overlap)?;
        let kid = key.spec.kid;
        app.console.print_status(&format!(
            "key {} is retired; its tokens are accepted until {}",
            kid.to_display(),
            app.console.render_cell(verify_until)
        ));
        app.console
            .report(&RetireOutput { changed: true, retired: RetiredKeyView { kid, verify_until } })
    }
}
