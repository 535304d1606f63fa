//! `jeton settings list`

use super::Answer;
use crate::app::{App, Report, Table, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::escaped;
use serde::Serialize;

/// List all settings with their values
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Settings(Vec<Answer>);

impl Report for Settings {
    fn text(&self) -> Text {
        let mut table = Table::new(&["NAME", "VALUE", "DEFAULT"]);
        for setting in &self.0 {
            let cells = [setting.name, &escaped(&setting.value), setting.default];
            table.row(cells.map(str::to_owned).to_vec());
        }
        Text::Table(table)
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    app.caller()?;
    let settings = authority::settings(app.store()?)?;
    app.report(&Settings(settings.into_iter().map(|(s, value)| Answer::new(s, value)).collect()))
}
