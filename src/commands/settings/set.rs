//! `jeton settings set`

use super::{SettingArgs, SettingChangeOutput};
use crate::app::App;
use crate::authority;
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
    value: String,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let setting = args.setting.name;
    let changed = authority::settings::set(app.store()?, &context, &caller, setting, &args.value)?;
    let (name, value) = (setting.name(), setting.to_json(&args.value));
    app.print_status(&format!("set {name} to {}", Untrusted::new(&args.value).to_display()));
    app.report(&SettingChangeOutput { changed, name, value })
}
