//! `jeton settings unset`

use super::{SettingArgs, SettingChangeOutput};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;

/// Reset a setting to its default (admins only)
///
///   jeton settings unset token.quota
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: SettingArgs,
}

impl Command for Args {
    const ACTION: &'static str = "settings unset";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::Setting(self.setting.name))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let setting = self.setting.name;
        let changed = authority::settings::unset(store, &audit, &caller, setting)?;
        let (name, default) = (setting.name(), setting.default_value());
        let message = if changed {
            format!("reset {name} to {default}")
        } else {
            format!("{name} already has the default {default}")
        };
        app.console.print_status(&message);
        app.console.report(&SettingChangeOutput { changed, name, value: setting.to_json(default) })
    }
}
