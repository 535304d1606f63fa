//! `jeton users show`

use super::UserArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::commands::views::UserView;
use crate::failure::Failure;
use serde::Serialize;

/// Show your own account, or any account (admins only)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,
}

/// Data of the account.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct ShowOutput(UserView);

impl Report for ShowOutput {
    fn render(&self) -> Rendered {
        Rendered::Fields(self.0.to_fields())
    }
}

impl Command for Args {
    const ACTION: &'static str = "users show";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let user = authority::accounts::load(app.store.get()?, &caller, &self.target.user)?;
        app.console.report(&ShowOutput(user.into()))
    }
}
