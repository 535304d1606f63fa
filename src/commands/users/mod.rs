//! `jeton users …`

mod delete;
mod list;
mod show;

use crate::app::App;
use crate::failure::Failure;
use clap::Subcommand;

/// List, show and delete accounts
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
    Show(show::Args),
    #[command(alias = "rm")]
    Delete(delete::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, args),
            Self::Show(args) => show::run(app, &args),
            Self::Delete(args) => delete::run(app, &args),
        }
    }
}
