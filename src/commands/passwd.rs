//! `jeton passwd`

use super::password::TwoPasswordsArgs;
use super::shapes::counted;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use serde::Serialize;

/// Change the password of whoever is logged in
///
/// Both are asked for on the terminal unless a flag says where they are; `JETON_PASSWORD` is not
/// looked at. The user's other sessions are ended.
///
///   jeton passwd
///   printf 'old\nnew\n' | jeton passwd --password-stdin
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    password: TwoPasswordsArgs,
}

#[derive(Debug, Serialize)]
struct Changed {
    changed: bool,
    sessions_ended: usize,
}

impl Report for Changed {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let (current, new) = app.old_and_new_password(&args.password.from())?;
    let act = app.act()?;
    let ended = authority::change_password(app.store()?, &act, &caller, &current, &new)?;
    app.warn_of_short(&new);
    app.status(&format!("password changed, {} ended", counted(ended, "other session")));
    app.report(&Changed { changed: true, sessions_ended: ended })
}
