//! `jeton store prune`

use crate::app::{App, Monitor, Rendered, Report, Total};
use crate::authority;
use crate::authority::maintenance::PruneCounts;
use crate::commands::args::DryRunArgs;
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Lifetime, Timestamp};
use serde::Serialize;

/// Delete expired tokens and sessions (admins, or without a login the owner of the store file)
///
/// Deleted tokens are still refused as expired. Their revocations are deleted too: after a test
/// token is deleted, jeton no longer knows which test tokens of the same key with the same or an
/// earlier expiry were revoked. Therefore `jeton token verify` with `--leeway` or `--at` refuses
/// all test tokens up to this expiry as `unknown_token` (see `pruned` in `jeton store info`).
/// Records of revoked tokens are kept until the expiry, or permanently without `exp`. Revoked
/// `jti`s of unrecorded tokens are kept until the signing key is revoked. The audit log is kept.
/// Other commands can run at the same time. Freed space is reused; the file does not shrink. In
/// PostgreSQL, a database user with the rights of an operator needs no login.
///
/// Also adapts the duration of a failed login to the costliest password hash that remains in the
/// store.
///
/// Asks for confirmation if the clock may be ahead: if the last change of the store was more than a
/// day before the current time minus `--keep`.
///
///   jeton store prune --keep 30d
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Keep tokens and sessions that expired within this period before now
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    keep: Option<Lifetime>,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

#[derive(Debug, Serialize)]
struct PruneOutput {
    changed: bool,
    tokens_deleted: usize,
    sessions_deleted: usize,
    /// Revocations of unrecorded tokens whose signing key was revoked.
    revocations_deleted: usize,
    /// Grants without remaining tokens. A grant is a record of the properties that tokens share.
    grants_deleted: usize,
}

impl Report for PruneOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "store prune";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        self.dry_run.effect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.session.caller_or_store_owner(&mut app.store)?;
        let caller = caller.as_ref();
        self.dry_run.start(app);
        let (store, audit) = app.store.open_with_audit()?;
        if let Some(last_change) = authority::maintenance::last_event_time_if_clock_may_be_ahead(
            store, &audit, caller, self.keep,
        )? {
            confirm_although_clock_may_be_ahead(app, last_change)?;
        }
        // Gets the current time again, because time may have passed at the confirmation prompt.
        let (store, audit) = app.store.open_with_audit()?;
        // 0: the total is not known before the first rows are deleted.
        let monitor = Monitor::start(&app.console, "pruning", Total::Items(0))?;
        let mut counts_so_far = PruneCounts::default();
        let mut on_progress = |counts, done, total| {
            counts_so_far = counts;
            monitor.set(done, total)
        };
        let result =
            authority::maintenance::prune(store, &audit, caller, self.keep, &mut on_progress);
        let counts = monitor.finish(result, || {
            format!("; the {} removed so far remain removed", describe_counts(&counts_so_far))
        })?;
        app.console.print_status(&format!("removed {}", describe_counts(&counts)));
        app.console.report(&PruneOutput {
            changed: counts != PruneCounts::default(),
            tokens_deleted: counts.tokens,
            sessions_deleted: counts.sessions,
            revocations_deleted: counts.revocation_entries,
            grants_deleted: counts.grants,
        })
    }
}

/// Describes the numbers of removed tokens, sessions and revocation entries, without the grants.
fn describe_counts(counts: &PruneCounts) -> String {
    let tokens = pluralize(counts.tokens, "token");
    let sessions = pluralize(counts.sessions, "session");
    let revocation_entries = match counts.revocation_entries {
        1 => "1 revocation entry".to_owned(),
        count => format!("{count} revocation entries"),
    };
    format!("{tokens}, {sessions} and {revocation_entries}")
}

/// Asks for confirmation because the clock may be ahead. With such a clock, pruning could delete
/// tokens that have not expired. `last_change` is the time that
/// [`authority::maintenance::last_event_time_if_clock_may_be_ahead`] returned.
fn confirm_although_clock_may_be_ahead(app: &App, last_change: Timestamp) -> Result<(), Failure> {
    let reason = format!("the clock may be ahead (the store was last changed at {last_change})");
    app.console
        .confirm(&format!("Prune although {reason}?"))
        .map_err(|failure| Failure { message: format!("{reason}: {}", failure.message), ..failure })
}
