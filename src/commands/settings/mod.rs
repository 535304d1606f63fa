//! `jeton settings …`

mod get;
mod set;

use crate::app::{App, Report, Text};
use crate::failure::Failure;
use crate::model::{Invalid, Setting};
use clap::Subcommand;
use serde::Serialize;

/// Read and change the settings of the store
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    Get(get::Args),
    Set(set::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::Get(args) => get::run(app, &args),
            Self::Set(args) => set::run(app, &args),
        }
    }
}

/// A setting by name, and the names for the help.
#[derive(Debug, clap::Args)]
struct NameArgs {
    /// Which
    #[arg(value_parser = parse, help = names())]
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
    value: String,
    default: &'static str,
}

impl Answer {
    fn new(setting: Setting, value: String) -> Self {
        Self { name: setting.name(), value, default: setting.default() }
    }
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Lines(vec![self.value.clone()])
    }
}
