//! `jeton settings list`

use super::{SettingView, to_plain_text};
use crate::app::{App, Cell, OutputFormat, Table};
use crate::authority;
use crate::commands::command::{Command, Effect, LIST_FORMATS};
use crate::commands::paging::ListReport;
use crate::failure::Failure;
use crate::model::escape;

/// List settings with values and defaults
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// CSV columns: the names of the members of [`SettingView`] in JSON, which has no descriptions.
const COLUMNS: &[&str] = &["name", "value", "default"];

fn build_table(settings: &[SettingView]) -> Table {
    let mut table = Table::new(&["NAME", "VALUE", "DEFAULT", "DESCRIPTION"]);
    for setting in settings {
        let [value, default] = [&setting.value, &setting.default].map(to_plain_text);
        table.add_row(vec![
            Cell::from(setting.name),
            Cell::shortenable(escape(&value)),
            Cell::from(default),
            Cell::from(setting.description),
        ]);
    }
    table
}

impl Command for Args {
    const ACTION: &'static str = "settings list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        // Only a logged-in user can read settings.
        app.caller()?;
        let settings = authority::settings::list(app.store.get()?)?;
        let rows =
            settings.iter().map(|(setting, value)| SettingView::new(*setting, value)).collect();
        let list = ListReport {
            noun: "settings",
            columns: COLUMNS,
            id_of: |setting: &SettingView| setting.name.to_owned(),
            build_table,
            wide_columns: &["DESCRIPTION"],
        };
        list.report_rows(app, rows)
    }
}
