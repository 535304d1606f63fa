//! `jeton keys …`

mod export;

use crate::app::App;
use crate::failure::Failure;
use clap::Subcommand;

/// Give verifiers the public keys
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    Export(export::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::Export(args) => export::run(app, &args),
        }
    }
}
