//! Arguments and result of the commands `register` and `users create`, which create one account.

use super::views::UserView;
use crate::app::{App, Rendered, Report};
use crate::authority::accounts::{IfExists, Registration};
use crate::model::{DisplayName, Email, Password, Role, User, UserName};
use serde::Serialize;

/// Username, e-mail address, display name and role of the account, and the option for an account
/// that already exists.
#[derive(Debug, clap::Args)]
pub(super) struct NewAccountArgs {
    /// Username
    #[arg(required_unless_present = "email", value_parser = UserName::parse)]
    username: Option<UserName>,

    /// E-mail address
    #[arg(long, value_parser = Email::parse)]
    email: Option<Email>,

    /// Display name
    #[arg(long, value_parser = DisplayName::parse)]
    name: Option<DisplayName>,

    /// Role: user, minter or admin
    #[arg(long, default_value = "user", value_parser = Role::parse, add = super::completers::roles())]
    pub(super) role: Role,

    /// Succeed without changes if an account with the given username and e-mail address exists
    #[arg(long)]
    exist_ok: bool,
}

impl NewAccountArgs {
    /// Returns the action for an account that already exists: `Skip` with `--exist-ok`, otherwise
    /// `Refuse`.
    pub(super) fn if_exists(&self) -> IfExists {
        if self.exist_ok { IfExists::Skip } else { IfExists::Refuse }
    }

    pub(super) fn into_registration(self, password: Password) -> Registration {
        let Self { username, email, name, role, .. } = self;
        Registration { username, email, name, password, role }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct NewAccountOutput {
    pub(super) changed: bool,
    pub(super) user: UserView,
}

impl Report for NewAccountOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// Prints a status message: `verb`, such as `registered`, and the name, id and role of the account.
pub(super) fn print_account(app: &App, verb: &str, user: &User) {
    let (name, role) = (user.to_display(), user.role.name());
    app.console.print_status(&format!("{verb} {name} (id {}, {role})", user.id));
}
