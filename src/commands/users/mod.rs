//! `jeton users …`

mod delete;
mod disable;
mod enable;
mod export;
mod import;
mod list;
mod rename;
mod set_quota;
mod set_role;
mod show;

use crate::app::{App, Report, Text};
use crate::commands::shapes::UserShape;
use crate::failure::Failure;
use crate::model::{User, UserRef};
use clap::Subcommand;
use serde::Serialize;

/// List, change and delete accounts, and move them between stores
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
    Show(show::Args),
    SetRole(set_role::Args),
    SetQuota(set_quota::Args),
    Rename(rename::Args),
    Disable(disable::Args),
    Enable(enable::Args),
    #[command(alias = "rm")]
    Delete(delete::Args),
    Import(import::Args),
    Export(export::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, args),
            Self::Show(args) => show::run(app, &args),
            Self::SetRole(args) => set_role::run(app, &args),
            Self::SetQuota(args) => set_quota::run(app, &args),
            Self::Rename(args) => rename::run(app, args),
            Self::Disable(args) => disable::run(app, &args),
            Self::Enable(args) => enable::run(app, &args),
            Self::Delete(args) => delete::run(app, &args),
            Self::Import(args) => import::run(app, &args),
            Self::Export(args) => export::run(app, &args),
        }
    }
}

/// A user.
#[derive(Debug, clap::Args)]
struct UserArgs {
    /// Id, uid, username or e-mail
    #[arg(
        value_parser = UserRef::parse,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::users)
    )]
    user: UserRef,
}

#[derive(Debug, Serialize)]
struct Changed {
    changed: bool,
    user: UserShape,
}

impl Report for Changed {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

/// Says and reports what a user is after a change.
fn report(app: &App, user: User, changed: bool, sentence: &str) -> Result<(), Failure> {
    let before = if changed { "" } else { " as before" };
    app.status(&format!("{} {sentence}{before}", user.shown()));
    app.report(&Changed { changed, user: user.into() })
}
