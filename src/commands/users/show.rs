//! `jeton users show`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::UserShape;
use crate::failure::Failure;
use crate::model::UserRef;
use serde::Serialize;

/// Show an account: one's own, or any for admins
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id, uid, username or e-mail
    #[arg(
        value_parser = UserRef::parse,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::users)
    )]
    user: UserRef,
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
    let user = authority::show(app.store()?, &caller, &args.user)?;
    app.report(&Shown(user.into()))
}
