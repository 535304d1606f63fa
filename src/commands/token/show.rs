//! `jeton token show`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::TokenShape;
use crate::failure::Failure;
use crate::model::{Invalid, TokenId};
use serde::Serialize;

/// Show what is recorded of an app token; never the token itself
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id
    #[arg(value_parser = number, add = clap_complete::ArgValueCandidates::new(crate::commands::complete::tokens))]
    id: i64,
}

fn number(text: &str) -> Result<i64, Invalid> {
    text.parse().map_err(|_| Invalid::new("id", "a number, as `jeton token list` has it"))
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
    let token = authority::show_token(app.store()?, &caller, TokenId(args.id))?;
    app.report(&Shown(TokenShape::of(token, now)))
}
