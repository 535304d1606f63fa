//! `jeton settings set`

use super::{SettingArgs, SettingChangeOutput};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Untrusted;

/// Change a setting for all users of the store (admins only)
///
///   jeton settings set token.quota 10
///   jeton settings set session.access_ttl 5m
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: SettingArgs,

    /// New value
    #[arg(allow_hyphen_values = true, add = crate::commands::completers::setting_values())]
    value: String,
}

impl Command for Args {
    const ACTION: &'static str = "settings set";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::Setting(self.setting.name))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let setting = self.setting.name;
        let changed = authority::settings::set(store, &audit, &caller, setting, &self.value)?;
        let (name, value) = (setting.name(), setting.to_json(&self.value));
        let shown_value = Untrusted::new(&self.value).to_display();
        let message = if changed {
            format!("set {name} to {shown_value}")
        } else {
            format!("{name} is already {shown_value}")
        };
        app.console.print_status(&message);
        app.console.report(&SettingChangeOutput { changed, name, value })
    }
}
