//! `jeton settings list`

use super::{SettingView, to_plain_text};
use crate::app::{App, Rendered, Report, Table};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::escape;
use serde::Serialize;

/// List settings with values and defaults
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct SettingsOutput {
    items: Vec<SettingView>,
}

impl Report for SettingsOutput {
    fn render(&self) -> Rendered {
        let mut table = Table::new(&["NAME", "VALUE", "DEFAULT"]);
        for setting in &self.items {
            let [value, default] = [&setting.value, &setting.default].map(to_plain_text);
            table.add_row(vec![setting.name.to_owned(), escape(&value), default]);
        }
        Rendered::Table(table)
    }
}

impl Command for Args {
    const ACTION: &'static str = "settings list";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        app.caller()?;
        let settings = authority::settings::list(app.store.get()?)?;
        let items =
            settings.iter().map(|(setting, value)| SettingView::new(*setting, value)).collect();
        app.console.report(&SettingsOutput { items })
    }
}
