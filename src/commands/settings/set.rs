//! `jeton settings set`

use super::{Changed, NameArgs};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;
use crate::model::Foreign;

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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let setting = args.setting.name;
    let changed = authority::set_setting(app.store()?, &act, &caller, setting, &args.value)?;
    let (name, value) = (setting.name(), setting.typed(&args.value));
    app.status(&format!("{name} is {}", Foreign::new(&args.value).shown()));
    app.report(&Changed { changed, name, value })
}
