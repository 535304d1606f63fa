//! `jeton logout`

use super::shapes::counted;
use crate::app::{App, Report, Text};
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
const PROVES_NOTHING: [Kind; 4] =
    [Kind::TokenMissing, Kind::TokenInvalid, Kind::TokenExpired, Kind::TokenRevoked];

#[derive(Debug, Serialize)]
struct LoggedOut {
    changed: bool,
    /// Whether the others are ended, too, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
}

impl Report for LoggedOut {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let ended = if args.all { end_all(app)? } else { None };
    let changed = app.log_out()? || ended > Some(0);
    match ended {
        Some(ended) => {
            app.status(&format!("{} ended", counted(ended.saturating_sub(1), "other session")));
        }
        None if args.all && changed => {
            app.warning("other sessions go on: the one here was over and does not prove who asks");
            app.hint("to end them, log in once more: jeton login && jeton logout --all");
        }
        None => {}
    }
    app.status(if changed { "logged out" } else { "nobody was logged in" });
    app.report(&LoggedOut { changed, all: (args.all && changed).then_some(ended.is_some()) })
}

/// Ends all sessions of whoever is logged in; how many. `None`: nobody proves to be. A token that was
/// given has to.
fn end_all(app: &mut App) -> Result<Option<usize>, Failure> {
    if !app.has_store()? {
        return Ok(None);
    }
    let ended = app.caller().and_then(|caller| {
        let act = app.act()?;
        Ok(authority::revoke_all_sessions(app.store()?, &act, &caller, caller.user.id)?)
    });
    match ended {
        Err(failure) if PROVES_NOTHING.contains(&failure.kind) && !app.is_given_token()? => {
            Ok(None)
        }
        ended => ended.map(Some),
    }
}
