//! `jeton users …`

mod create;
mod delete;
mod disable;
mod enable;
mod export;
mod import;
pub(crate) mod import_progress;
mod list;
pub(crate) mod password_file;
mod rename;
mod set_quota;
mod set_role;
mod show;

use crate::app::{App, Rendered, Report};
use crate::commands::command::command_group;
use crate::commands::views::UserView;
use crate::failure::Failure;
use crate::model::{User, UserRef};
use serde::Serialize;

command_group! {
    /// List, create, change, delete, import and export accounts
    pub(crate) enum Commands {
        #[command(alias = "ls")]
        List(list::Args),
        Show(show::Args),
        Create(create::Args),
        SetRole(set_role::Args),
        SetQuota(set_quota::Args),
        Rename(rename::Args),
        Disable(disable::Args),
        Enable(enable::Args),
        #[command(alias = "rm")]
        Delete(delete::Args),
        Import(import::Args),
        Export(export::Args),
    }
}

/// Argument that names a user.
#[derive(Debug, clap::Args)]
struct UserArgs {
    /// Username, e-mail address, id (a number) or uid (a UUID)
    #[arg(
        value_parser = UserRef::parse,
        add = crate::commands::completers::users()
    )]
    user: UserRef,
}

/// Result of a command that changes a user.
#[derive(Debug, Serialize)]
struct ChangeOutput {
    changed: bool,
    user: UserView,
}

impl Report for ChangeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// Prints a status message with the name of the user and `predicate`, such as `is enabled`. Reports
/// the user and `changed` as the JSON result. `changed` is `false` if the user already had the new
/// value.
fn report_change(app: &App, user: User, changed: bool, predicate: &str) -> Result<(), Failure> {
    let suffix = if changed { "" } else { " (unchanged)" };
    app.console.print_status(&format!("{} {predicate}{suffix}", user.to_display()));
    app.console.report(&ChangeOutput { changed, user: user.into() })
}
