//! `jeton settings get`

use super::{SettingArgs, SettingView};
use crate::app::App;
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;

/// Print the value of a setting
///
///   jeton settings get token.ttl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: SettingArgs,
}

impl Command for Args {
    const ACTION: &'static str = "settings get";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        // Only a logged-in user can read settings.
        app.caller()?;
        let value = authority::settings::load(app.store.get()?, self.setting.name)?;
        app.console.report(&SettingView::new(self.setting.name, &value))
    }
}
