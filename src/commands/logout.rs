//! `jeton logout`

use crate::app::{App, Report, Text};
use crate::failure::Failure;
use serde::Serialize;

/// End the session: its access and refresh tokens are dead, its file is removed
///
/// Nobody logged in is no error. With `JETON_TOKEN` that token's session is ended and the file is
/// left alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct LoggedOut {
    changed: bool,
}

impl Report for LoggedOut {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    let changed = app.log_out()?;
    app.status(if changed { "logged out" } else { "nobody was logged in" });
    app.report(&LoggedOut { changed })
}
