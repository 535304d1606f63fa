//! `jeton keys activate`

use super::{OverlapArgs, Rotated, report};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;
use crate::model::Foreign;

/// Let one certain key sign (admins only)
///
/// The one that signed until now is retired: it verifies for a while. A retired key can be let
/// sign again, a revoked one cannot.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The key id, as `jeton keys list` shows it
    #[arg(
        allow_hyphen_values = true,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys_to_activate)
    )]
    kid: String,

    #[command(flatten)]
    overlap: OverlapArgs,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let (kid, overlap) = (&args.kid, args.overlap.overlap);
    if let Some(rotation) = authority::activate_key(app.store()?, &act, &caller, kid, overlap)? {
        return report(app, rotation);
    }
    let active = Foreign::new(kid.as_str());
    app.status(&format!("key {} signed before", active.shown()));
    app.report(&Rotated { changed: false, active, retired: None })
}
