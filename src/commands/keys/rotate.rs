//! `jeton keys rotate`

use super::{OverlapArgs, report_rotation};
use crate::app::App;
use crate::authority;
use crate::commands::args::DryRunArgs;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Algorithm, Purpose};

/// Replace the signing key (admins only)
///
/// The oldest standby key with the purpose and, if given, the algorithm becomes the signing key. If
/// no such key exists, a new key becomes the signing key. The previous signing key (for test keys,
/// of the same algorithm) is retired: tokens signed with it are still accepted for a while. Create
/// the next key in advance with `jeton keys generate`, so that verifiers can fetch it before the
/// rotation.
///
///   jeton keys rotate
///   jeton keys rotate --purpose test --alg RS256 --overlap 1h
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Purpose of the key: app (app tokens and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// Algorithm of the next key, required if several test keys are active [default: algorithm of
    /// the standby key, otherwise of the signing key, otherwise ES256]
    #[arg(long, value_parser = Algorithm::parse_argument, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    #[command(flatten)]
    overlap: OverlapArgs,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

impl Command for Args {
    const ACTION: &'static str = "keys rotate";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        self.dry_run.effect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        self.dry_run.start(app);
        let (store, audit) = app.store.open_with_audit()?;
        let (purpose, overlap) = (self.purpose, self.overlap.overlap);
        let rotation = authority::keys::rotate(store, &audit, &caller, purpose, self.alg, overlap)?;
        report_rotation(app, purpose, rotation)
    }
}
