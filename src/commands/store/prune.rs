//! `jeton store prune`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Lifetime, Timestamp};
use serde::Serialize;

/// Remove what is over: expired tokens and sessions (admins only)
///
/// What is removed stays refused, because it is expired; only that it was revoked before is not
/// known any more: test tokens of the same key that expired as early are `unknown_token` from then
/// on, and `jeton store info` shows until when. A revoked token is kept until it expires, one without
/// an expiry for ever, and a revoked `jti` of unrecorded tokens until their key is revoked. The audit
/// is kept. Other commands go on meanwhile. The file keeps its size and is filled again.
///
/// Failed logins take as long as the costliest password hash in the store needs: the costliest hash
/// is determined again.
///
/// Asks for confirmation if the store was last changed more than a day before what would be removed
/// expired: the clock may be ahead.
///
///   jeton store prune --keep 30d
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Keep what has been over for less than that
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    keep: Option<Lifetime>,
}

#[derive(Debug, Serialize)]
struct PruneOutput {
    changed: bool,
    tokens: usize,
    sessions: usize,
    blocklist: usize,
    grants: usize,
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
    let blocklist = pluralize(pruned.revocation_entries, "row");
    app.print_status(&format!("removed {tokens}, {sessions} and {blocklist} of the blocklist"));
    app.report(&PruneOutput {
        changed: pruned != authority::PruneCounts::default(),
        tokens: pruned.tokens,
        sessions: pruned.sessions,
        blocklist: pruned.revocation_entries,
        grants: pruned.grants,
    })
}

/// Asks for confirmation where the clock may be ahead: what has not expired in truth must not go.
fn confirm_clock_gap(app: &App, newest: Timestamp) -> Result<(), Failure> {
    let reason = format!("the store was last changed at {newest}, and the clock may be ahead");
    app.confirm(&format!("Prune, although {reason}?"))
        .map_err(|failure| Failure { message: format!("{}: {reason}", failure.message), ..failure })
}
