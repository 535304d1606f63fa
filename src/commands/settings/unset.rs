//! `jeton settings unset`

use super::{Changed, NameArgs};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;

/// Give a setting its default again (admins only)
///
///   jeton settings unset token.quota
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: NameArgs,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let setting = args.setting.name;
    let changed = authority::unset_setting(app.store()?, &act, &caller, setting)?;
    let (name, default) = (setting.name(), setting.default());
    app.status(&format!("{name} is {default}"));
    app.report(&Changed { changed, name, value: setting.typed(default) })
}
