//! `jeton settings get`

use super::{SettingArgs, SettingView};
use crate::app::App;
use crate::authority;
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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    app.caller()?;
    let value = authority::settings::load(app.store()?, args.setting.name)?;
    app.report(&SettingView::new(args.setting.name, &value))
}
