//! `jeton sessions …`

mod list;
mod revoke;
mod token;

use crate::app::App;
use crate::failure::Failure;
use clap::Subcommand;

/// List and end sessions, or print an access token for other programs
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
    #[command(alias = "rm")]
    Revoke(revoke::Args),
    Token(token::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, &args),
            Self::Revoke(args) => revoke::run(app, &args),
            Self::Token(args) => token::run(app, &args),
        }
    }
}
