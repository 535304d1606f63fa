//! `jeton store …`

mod backup;
mod check;
mod info;
mod migrate;
mod prune;
mod restore;

use crate::app::App;
use crate::failure::Failure;
use clap::Subcommand;

/// Inspect, check, back up and maintain the store file
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    Info(info::Args),
    Check(check::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Prune(prune::Args),
    Migrate(migrate::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::Info(args) => info::run(app, &args),
            Self::Check(args) => check::run(app, &args),
            Self::Backup(args) => backup::run(app, &args),
            Self::Restore(args) => restore::run(app, &args),
            Self::Prune(args) => prune::run(app, &args),
            Self::Migrate(args) => migrate::run(app, &args),
        }
    }
}
