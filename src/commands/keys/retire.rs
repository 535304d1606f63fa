//! `jeton keys retire`

use super::{KeyArgs, OverlapArgs};
use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::{Foreign, Timestamp};
use serde::Serialize;

/// Let a key sign no more, and verify for a while (admins only)
///
/// The app key that signs is not retired but replaced: `jeton keys rotate`.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    overlap: OverlapArgs,
}

#[derive(Debug, Serialize)]
struct Retired {
    changed: bool,
    kid: Foreign,
    verify_until: Timestamp,
}

impl Report for Retired {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let kid = Foreign::new(args.key.kid.as_str());
    let overlap = args.overlap.overlap;
    let verify_until = authority::retire_key(app.store()?, &act, &caller, kid.as_str(), overlap)?;
    app.status(&format!("key {} verifies until {}", kid.shown(), app.said(verify_until)));
    app.report(&Retired { changed: true, kid, verify_until })
}
