//! `jeton keys …`

mod activate;
mod export;
mod generate;
mod import;
mod list;
mod retire;
mod revoke;
mod rotate;

use crate::app::App;
use crate::authority::{self, Added, Adding, Rotation};
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::{
    Algorithm, Foreign, Key, KeyState, Lifetime, NewKey, Purpose, Timestamp, command_line,
};
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
    Import(import::Args),
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
            Self::Import(args) => import::run(app, &args),
            Self::Activate(args) => activate::run(app, &args),
            Self::Rotate(args) => rotate::run(app, &args),
            Self::Retire(args) => retire::run(app, &args),
            Self::Revoke(args) => revoke::run(app, &args),
            Self::Export(args) => export::run(app, &args),
        }
    }
}

/// Adds keys to the store, which is made if it is not there: with the first of them that is an app
/// key.
fn add(
    app: &mut App,
    activate: bool,
    draft: impl FnOnce(&App) -> Result<Vec<NewKey>, Failure>,
) -> Result<Vec<Added>, Failure> {
    let caller = if app.has_store()? { app.caller_if_founded()? } else { None };
    if let Some(caller) = &caller {
        authority::may_add_keys(caller)?;
    }
    let keys = draft(app)?;
    let first = keys.iter().find(|key| key.purpose == Purpose::App);
    let made = match first {
        Some(key) => app.make_store(|| Ok(key.clone()))?,
        None => app.make_store_for(Algorithm::ES256)?,
    };
    let first = first.filter(|_| made).map(|key| &key.kid);
    let act = app.act()?;
    let wish = Adding { keys: &keys, first, activate };
    Ok(authority::add_keys(app.store()?, &act, caller.as_ref(), wish)?)
}

/// Says whether a key that was added signs, and if not how it will.
fn say_state(app: &App, name: &str, key: &Key) {
    let state = match key.state {
        KeyState::Active => return app.status(&format!("{name} signs now")),
        KeyState::Standby => "stands by",
        KeyState::Retired => "is retired",
        KeyState::Revoked => "is revoked",
    };
    let activate = command_line("jeton keys activate", &key.spec.kid.shown());
    app.status(&format!("{name} {state}"));
    app.hint(&format!("let it sign: {activate}"));
}

/// A key.
#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// The key id, as `jeton keys list` shows it
    #[arg(
        allow_hyphen_values = true,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys_left)
    )]
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
    let algorithm = rotation.algorithm.name();
    app.status(&format!("key {} ({algorithm}) signs now", rotation.active.shown()));
    if let Some(retired) = &rotation.retired {
        let until = app.said(retired.until);
        app.status(&format!("key {} verifies until {until}", retired.kid.shown()));
        if retired.outlasting > 0 {
            let tokens = counted(retired.outlasting, "live token");
            app.warning(&format!("{tokens} that it signed would have worked longer"));
        }
    }
    let retired = rotation.retired.map(|key| RetiredKey { kid: key.kid, verify_until: key.until });
    app.report(&Rotated { changed: true, active: rotation.active, retired })
}
