//! `jeton keys rotate`

use super::{OverlapArgs, report_rotation};
use crate::app::App;
use crate::authority;
use crate::failure::Failure;
use crate::model::{Algorithm, Purpose};

/// Let the next key sign (admins only)
///
/// The oldest key that stands by signs from now on, else a new one. The one that signed until now
/// is retired: what it signed is accepted for a while. To let verifiers fetch the next key before
/// it signs, make it some time before with `jeton keys generate`.
///
///   jeton keys rotate
///   jeton keys rotate --purpose test --alg RS256 --overlap 1h
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// For which tokens: app (and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// The algorithm of the next key [default: any that stands by, else the present one]
    #[arg(long, value_parser = Algorithm::parse, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    #[command(flatten)]
    overlap: OverlapArgs,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let (purpose, overlap) = (args.purpose, args.overlap.overlap);
    let rotation =
        authority::rotate_key(app.store()?, &context, &caller, purpose, args.alg, overlap)?;
    report_rotation(app, rotation)
}
