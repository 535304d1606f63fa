//! `jeton logout`

use super::shapes::counted;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use serde::Serialize;

/// End the session: its access and refresh tokens are dead, its file is removed
///
/// Nobody logged in is no error. With `JETON_TOKEN` that token's session is ended and the file is
/// left alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End all sessions of this user, on other machines too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct LoggedOut {
    changed: bool,
}

impl Report for LoggedOut {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let mut changed = false;
    if args.all {
        let caller = app.caller()?;
        let act = app.act()?;
        let ended = authority::revoke_all_sessions(app.store()?, &act, &caller, caller.user.id)?;
        app.status(&format!("{} ended", counted(ended.saturating_sub(1), "other session")));
        changed = ended > 0;
    }
    changed |= app.log_out()?;
    app.status(if changed { "logged out" } else { "nobody was logged in" });
    app.report(&LoggedOut { changed })
}
