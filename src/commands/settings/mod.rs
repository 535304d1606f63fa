//! `jeton settings …`

mod get;
mod list;
mod set;
mod unset;

use crate::app::{App, Report, Text};
use crate::failure::Failure;
use crate::model::{Invalid, Setting};
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Read and change the settings of the store
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
    Get(get::Args),
    Set(set::Args),
    Unset(unset::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, &args),
            Self::Unset(args) => unset::run(app, &args),
            Self::Get(args) => get::run(app, &args),
            Self::Set(args) => set::run(app, &args),
        }
    }
}

/// A setting by name, and the names for the help.
#[derive(Debug, clap::Args)]
struct NameArgs {
    /// Which
    #[arg(
        value_parser = parse,
        help = names(),
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::settings)
    )]
    name: Setting,
}

fn parse(name: &str) -> Result<Setting, Invalid> {
    Setting::parse(name)
}

fn names() -> String {
    let line = |setting: &Setting| {
        let (name, about, default) = (setting.name(), setting.about(), setting.default());
        format!("\n{name}: {about} [default: {default}]")
    };
    "Which:".to_owned() + &Setting::ALL.iter().map(line).collect::<String>()
}

/// A setting and its value.
#[derive(Debug, Serialize)]
struct Answer {
    name: &'static str,
    value: Value,
    default: Value,
}

impl Answer {
    fn new(setting: Setting, value: &str) -> Self {
        let (value, default) = (setting.typed(value), setting.typed(setting.default()));
        Self { name: setting.name(), value, default }
    }
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Lines(vec![plain(&self.value)])
    }
}

/// A value as it is given to `settings set`.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a setting is now.
#[derive(Debug, Serialize)]
struct Changed {
    #[expect(clippy::struct_field_names, reason = "every answer to a change has it")]
    changed: bool,
    name: &'static str,
    value: Value,
}

impl Report for Changed {
    fn text(&self) -> Text {
        Text::Nothing
    }
}
