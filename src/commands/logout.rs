//! `jeton logout`

use super::views::pluralize;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::failure::{Failure, Kind};
use serde::Serialize;

/// End the session: its access and refresh tokens are dead, its file is removed
///
/// Nobody logged in is no error, nor is a session that is over: its file is removed. With
/// `JETON_TOKEN` that token's session is ended and the file is left alone. With `--all` JSON says
/// as `all` whether all are ended.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End all sessions of this user, on other machines too; those stay where the session here is
    /// over and proves nothing
    #[arg(long)]
    all: bool,
}

/// How a session is refused that is not there or over.
const UNUSABLE_SESSION_KINDS: [Kind; 4] =
    [Kind::TokenMissing, Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];

#[derive(Debug, Serialize)]
struct LogoutOutput {
    changed: bool,
    /// Whether the others are ended, too, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
}

impl Report for LogoutOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let ended_count = if args.all { end_all_sessions(app)? } else { None };
    let changed = app.log_out()? || ended_count > Some(0);
    match ended_count {
        Some(count) => {
            app.print_status(&format!(
                "{} ended",
                pluralize(count.saturating_sub(1), "other session")
            ));
        }
        None if args.all && changed => {
            app.print_warning(
                "other sessions go on: the one here was over and does not prove who asks",
            );
            app.print_hint("to end them, log in once more: jeton login && jeton logout --all");
        }
        None => {}
    }
    app.print_status(if changed { "logged out" } else { "nobody was logged in" });
    app.report(&LogoutOutput {
        changed,
        all: (args.all && changed).then_some(ended_count.is_some()),
    })
}

/// Ends all sessions of whoever is logged in; how many. `None`: nobody proves to be. A token that was
/// given has to.
fn end_all_sessions(app: &mut App) -> Result<Option<usize>, Failure> {
    if !app.has_store()? {
        return Ok(None);
    }
    let result = app.caller().and_then(|caller| {
        let context = app.audit_context()?;
        Ok(authority::revoke_all_sessions(app.store()?, &context, &caller, caller.user.id)?)
    });
    match result {
        Err(failure)
            if UNUSABLE_SESSION_KINDS.contains(&failure.kind)
                && !app.has_bearer_credential()? =>
        {
            Ok(None)
        }
        result => result.map(Some),
    }
}
