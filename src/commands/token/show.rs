//! `jeton token show`

use crate::app::{App, Report, Text};
use crate::authority::{self, Target};
use crate::commands::shapes::TokenShape;
use crate::failure::Failure;
use crate::model::Invalid;
use serde::Serialize;

/// Show what is recorded of an app token; never the token itself
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id or its `jti`
    #[arg(
        value_name = "ID|JTI",
        value_parser = handle,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::tokens)
    )]
    id: Target,
}

fn handle(text: &str) -> Result<Target, Invalid> {
    let target = Target::parse(text).ok().filter(Target::needs_caller);
    target.ok_or_else(|| Invalid::new("id", "a number, as `jeton token list` has it, or a `jti`"))
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(TokenShape);

impl Report for Shown {
    fn text(&self) -> Text {
        Text::Fields(self.0.fields())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let now = app.now()?;
    let token = authority::show_token(app.store()?, &caller, &args.id)?;
    app.report(&Shown(TokenShape::of(token, now)))
}
