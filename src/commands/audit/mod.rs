//! `jeton audit …`

mod list;

use crate::app::App;
use crate::failure::Failure;
use clap::Subcommand;

/// Show the audit log of changes and refusals
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, &args),
        }
    }
}
