//! `jeton recover`

use super::password::PasswordArgs;
use super::shapes::{UserShape, counted};
use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::{UserRef, command_line};
use serde::Serialize;

/// Set a user's password without being logged in
///
/// Whoever can write the store's file owns it, and so may do this. It is written down in the
/// audit, and the user's sessions are ended.
///
///   jeton recover ada
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Id, uid, username or e-mail
    #[arg(value_parser = UserRef::parse, add = clap_complete::ArgValueCandidates::new(super::complete::users))]
    user: UserRef,

    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Serialize)]
struct Recovered {
    changed: bool,
    user: UserShape,
    sessions_ended: usize,
}

impl Report for Recovered {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    authority::recoverable(app.store()?, &args.user)?;
    let new = app.new_password(&args.password.from())?;
    let act = app.act()?;
    let (user, ended) = authority::recover(app.store()?, &act, &args.user, &new)?;
    app.warn_of_short(&new);
    let sessions = counted(ended, "session");
    app.status(&format!("{} has a new password, {sessions} ended", user.shown()));
    if user.disabled_at.is_some() {
        let shown = user.shown();
        app.warning(&format!("{shown} is disabled"));
        let enable = command_line("jeton users enable", &shown);
        app.hint(&format!("an admin lets {shown} in again: {enable}"));
    }
    app.report(&Recovered { changed: true, user: user.into(), sessions_ended: ended })
}
