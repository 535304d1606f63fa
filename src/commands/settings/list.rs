//! `jeton settings list`

use super::{Answer, plain};
use crate::app::{App, Report, Table, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::escaped;
use serde::Serialize;

/// List all settings with their values
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct Settings {
    items: Vec<Answer>,
}

impl Report for Settings {
    fn text(&self) -> Text {
        let mut table = Table::new(&["NAME", "VALUE", "DEFAULT"]);
        for setting in &self.items {
            let [value, default] = [&setting.value, &setting.default].map(plain);
            table.row(vec![setting.name.to_owned(), escaped(&value), default]);
        }
        Text::Table(table)
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    app.caller()?;
    let settings = authority::settings(app.store()?)?;
    let items = settings.iter().map(|(setting, value)| Answer::new(*setting, value)).collect();
    app.report(&Settings { items })
}
