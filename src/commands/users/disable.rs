//! `jeton users disable`

use super::UserArgs;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::{UserShape, counted};
use crate::failure::Failure;
use serde::Serialize;

/// Keep a user from logging in (admins only)
///
/// Its sessions end, and its tokens are refused as long as it is disabled. The last admin stays.
///
///   jeton users disable john
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,
}

#[derive(Debug, Serialize)]
struct Disabled {
    changed: bool,
    user: UserShape,
    sessions_ended: usize,
}

impl Report for Disabled {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let act = app.act()?;
    let (user, ended) = authority::disable_user(app.store()?, &act, &caller, &args.who.user)?;
    let shown = user.shown();
    app.status(&match ended {
        Some(ended) => format!("{shown} is disabled, {} ended", counted(ended, "session")),
        None => format!("{shown} is disabled as before"),
    });
    app.report(&Disabled {
        changed: ended.is_some(),
        user: user.into(),
        sessions_ended: ended.unwrap_or(0),
    })
}
