//! `jeton users show`

use super::UserArgs;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::UserShape;
use crate::failure::Failure;
use serde::Serialize;

/// Show an account: one's own, or any for admins
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(UserShape);

impl Report for Shown {
    fn text(&self) -> Text {
        Text::Fields(self.0.fields())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let user = authority::show(app.store()?, &caller, &args.who.user)?;
    app.report(&Shown(user.into()))
}
