//! `jeton keys …`

mod activate;
mod export;
mod generate;
mod list;
mod retire;
mod revoke;
mod rotate;

use crate::app::App;
use crate::authority::Rotation;
use crate::failure::Failure;
use crate::model::{Foreign, Lifetime, Timestamp};
use clap::Subcommand;
use serde::Serialize;

/// Make and replace signing keys, and give verifiers the public ones
///
/// A key stands by, signs, is retired and verifies for a while, and is gone. Verifiers are given
/// it as long as it stands by or verifies.
#[derive(Debug, Subcommand)]
#[command(defer = true, verbatim_doc_comment)]
pub(crate) enum Command {
    #[command(alias = "ls")]
    List(list::Args),
    Generate(generate::Args),
    Activate(activate::Args),
    Rotate(rotate::Args),
    Retire(retire::Args),
    #[command(alias = "rm")]
    Revoke(revoke::Args),
    Export(export::Args),
}

impl Command {
    pub(crate) fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::List(args) => list::run(app, &args),
            Self::Generate(args) => generate::run(app, &args),
            Self::Activate(args) => activate::run(app, &args),
            Self::Rotate(args) => rotate::run(app, &args),
            Self::Retire(args) => retire::run(app, &args),
            Self::Revoke(args) => revoke::run(app, &args),
            Self::Export(args) => export::run(app, &args),
        }
    }
}

/// A key.
#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// The key id, as `jeton keys list` shows it
    #[arg(add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys))]
    kid: String,
}

/// How long the key that signed until now is still good for verifying.
#[derive(Debug, clap::Args)]
struct OverlapArgs {
    /// How long what it signed is still accepted [default: the setting `key.verify_overlap`]
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    overlap: Option<Lifetime>,
}

#[derive(Debug, Serialize)]
struct Rotated {
    changed: bool,
    active: Foreign,
    retired: Option<RetiredKey>,
}

#[derive(Debug, Serialize)]
struct RetiredKey {
    kid: Foreign,
    verify_until: Timestamp,
}

impl crate::app::Report for Rotated {
    fn text(&self) -> crate::app::Text {
        crate::app::Text::Nothing
    }
}

/// Says and reports which key took the place of which.
fn report(app: &App, rotation: Rotation) -> Result<(), Failure> {
    app.status(&format!("key {} signs now", rotation.active.shown()));
    if let Some((kid, until)) = &rotation.retired {
        app.status(&format!("key {} verifies until {until}", kid.shown()));
    }
    let retired = rotation.retired.map(|(kid, verify_until)| RetiredKey { kid, verify_until });
    app.report(&Rotated { changed: true, active: rotation.active, retired })
}
