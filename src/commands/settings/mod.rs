//! `jeton settings …`

mod get;
mod list;
mod set;
mod unset;

use crate::app::{Rendered, Report};
use crate::commands::command::command_group;
use crate::model::{InvalidValue, Setting};
use serde::Serialize;
use serde_json::Value;

command_group! {
    /// Read and change store settings
    pub(crate) enum Commands {
        #[command(alias = "ls")]
        List(list::Args),
        Get(get::Args),
        Set(set::Args),
        Unset(unset::Args),
    }
}

/// Argument for the name of a setting.
#[derive(Debug, clap::Args)]
struct SettingArgs {
    /// Name of the setting
    #[arg(
        value_parser = parse_setting,
        help = setting_help(),
        add = crate::commands::completers::settings()
    )]
    name: Setting,
}

fn parse_setting(name: &str) -> Result<Setting, InvalidValue> {
    Setting::parse(name)
}

/// Returns the help for the name of a setting: a line for each setting, with description and
/// default.
fn setting_help() -> String {
    let line = |setting: &Setting| {
        let (name, description, default) =
            (setting.name(), setting.about(), setting.default_value());
        format!("\n{name}: {description} [default: {default}]")
    };
    "Name of the setting:".to_owned() + &Setting::ALL.iter().map(line).collect::<String>()
}

/// JSON view of a setting. The description is only in the table of `settings list`.
#[derive(Debug, Serialize)]
struct SettingView {
    name: &'static str,
    value: Value,
    default: Value,
    #[serde(skip)]
    description: &'static str,
}

impl SettingView {
    fn new(setting: Setting, value: &str) -> Self {
        let (value, default) = (setting.to_json(value), setting.to_json(setting.default_value()));
        Self { name: setting.name(), value, default, description: setting.about() }
    }
}

impl Report for SettingView {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![to_plain_text(&self.value)])
    }
}

/// Renders a value in the format that `settings set` accepts.
fn to_plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// JSON result of a command that changes a setting. `value` is the value after the command.
#[derive(Debug, Serialize)]
struct SettingChangeOutput {
    changed: bool,
    name: &'static str,
    value: Value,
}

impl Report for SettingChangeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}
