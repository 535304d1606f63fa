//! `jeton logout`

use super::views::pluralize;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::{Failure, Kind};
use serde::Serialize;

/// End the session: invalidate its access and refresh tokens, delete the session file
///
/// Also succeeds if you are not logged in, or if the session has already ended. With a token from
/// `--token-file`, `JETON_TOKEN` or `JETON_TOKEN_FILE`, the session of that token is ended and the
/// session file is kept; with `--all`, that token must be valid. With `--all`, the JSON member
/// `all` reports whether all sessions were ended; the member is absent if nothing was changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End all sessions of the user. If the local session has already ended, the other sessions are
    /// not ended: log in again first
    #[arg(long)]
    all: bool,
}

/// Kinds of the failure to authenticate with a session file that is missing or damaged, or with a
/// session that has ended or has expired.
const UNUSABLE_SESSION_KINDS: [Kind; 4] =
    [Kind::TokenMissing, Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];

#[derive(Debug, Serialize)]
struct LogoutOutput {
    changed: bool,
    /// True if all other sessions were ended too. `None` without `--all`, or if nothing was
    /// changed.
    #[serde(rename = "all", skip_serializing_if = "Option::is_none")]
    all_sessions_ended: Option<bool>,
}

impl Report for LogoutOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "logout";
    const EFFECT: Effect = Effect::Changes;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let ended_count = if self.all { end_all_sessions(app)? } else { None };
        let changed = app.session.log_out(&mut app.store)? || ended_count > Some(0);
        match ended_count {
            Some(count) => {
                // The count includes the current session.
                app.console.print_status(&format!(
                    "ended {}",
                    pluralize(count.saturating_sub(1), "other session")
                ));
            }
            None if self.all && changed => {
                app.console.print_warning(
                    "other sessions were not ended: the session file has no valid session",
                );
                app.console
                    .print_hint("log in to end all sessions: jeton login && jeton logout --all");
            }
            None => {}
        }
        app.console.print_status(if changed { "logged out" } else { "not logged in" });
        app.console.report(&LogoutOutput {
            changed,
            all_sessions_ended: (self.all && changed).then_some(ended_count.is_some()),
        })
    }
}

/// Ends all sessions of the logged-in user, including the current session, and returns the number
/// of ended sessions. `None` if the store does not exist, if the session file is missing or
/// damaged, or if the session in the file has ended or has expired. A token from `--token-file`,
/// `JETON_TOKEN` or `JETON_TOKEN_FILE` is used instead of the session file: if the store exists and
/// this token is invalid, the result is an error.
fn end_all_sessions(app: &mut App) -> Result<Option<usize>, Failure> {
    if !app.store.exists()? {
        return Ok(None);
    }
    let result = app.caller().and_then(|caller| {
        let (store, audit) = app.store.open_with_audit()?;
        Ok(authority::sessions::revoke_all(store, &audit, &caller, caller.user.id)?)
    });
    match result {
        Err(failure)
            if UNUSABLE_SESSION_KINDS.contains(&failure.kind())
                && !app.session.has_bearer_credential()? =>
        {
            Ok(None)
        }
        result => result.map(Some),
    }
}
