//! `jeton store prune`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Lifetime, Timestamp};
use serde::Serialize;

/// Delete expired tokens and sessions (admins only)
///
/// Deleted tokens stay refused as expired, but earlier revocations are forgotten: test tokens of the
/// same key that expired as early are refused as `unknown_token` from then on (see `pruned` in `jeton
/// store info`). Revoked tokens are kept until they expire, without `exp` permanently, and the revoked
/// `jti`s of unrecorded tokens until the signing key is revoked. The audit is kept. Safe to run
/// concurrently. Freed space is reused; the file does not shrink.
///
/// Also recalculates the most expensive password hash in the store, which determines the duration of
/// failed logins.
///
/// Asks for confirmation if the store was last changed more than a day before the tokens and sessions
/// to delete expired: the clock may be ahead.
///
///   jeton store prune --keep 30d
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Keep tokens and sessions that expired less than this time ago
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    keep: Option<Lifetime>,
}

#[derive(Debug, Serialize)]
struct PruneOutput {
    changed: bool,
    tokens_deleted: usize,
    sessions_deleted: usize,
    revocations_deleted: usize,
    grants_deleted: usize,
}

impl Report for PruneOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let context = app.audit_context()?;
    if let Some(newest) = authority::find_prune_gap(app.store()?, &context, &caller, args.keep)? {
        confirm_clock_gap(app, newest)?;
    }
    let progress = app.start_progress("pruning", 0);
    let mut on_progress = |done, total| progress.set(done, total);
    let pruned = authority::prune(app.store()?, &context, &caller, args.keep, &mut on_progress)?;
    drop(progress);
    let tokens = pluralize(pruned.tokens, "token");
    let sessions = pluralize(pruned.sessions, "session");
    let revocation_entries = match pruned.revocation_entries {
        1 => "1 revocation entry".to_owned(),
        count => format!("{count} revocation entries"),
    };
    app.print_status(&format!("removed {tokens}, {sessions} and {revocation_entries}"));
    app.report(&PruneOutput {
        changed: pruned != authority::PruneCounts::default(),
        tokens_deleted: pruned.tokens,
        sessions_deleted: pruned.sessions,
        revocations_deleted: pruned.revocation_entries,
        grants_deleted: pruned.grants,
    })
}

/// Asks for confirmation if the clock may be ahead: tokens that have not expired must be kept.
fn confirm_clock_gap(app: &App, newest: Timestamp) -> Result<(), Failure> {
    let reason = format!("the store was last changed at {newest}, and the clock may be ahead");
    app.confirm(&format!("Prune although {reason}?"))
        .map_err(|failure| Failure { message: format!("{}: {reason}", failure.message), ..failure })
}
