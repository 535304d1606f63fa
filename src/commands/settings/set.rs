//! `jeton settings set`

use super::NameArgs;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::Foreign;
use serde::Serialize;

/// Change a setting, for everybody who uses the store (admins only)
///
///   jeton settings set token.quota 10
///   jeton settings set session.access_ttl 5m
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: NameArgs,

    /// Its value
    value: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    changed: bool,
    name: &'static str,
    value: Foreign,
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let setting = args.setting.name;
    let changed = authority::set_setting(app.store()?, &act, &caller, setting, &args.value)?;
    let value = Foreign::new(&args.value);
    app.status(&format!("{} is {}", setting.name(), value.shown()));
    app.report(&Answer { changed, name: setting.name(), value })
}
