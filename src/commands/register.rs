//! `jeton register`

use super::password::PasswordArgs;
use super::shapes::UserShape;
use crate::app::{App, Report, Text};
use crate::authority::{self, Registration};
use crate::failure::Failure;
use crate::model::{Algorithm, DisplayName, Email, Role, UserName};
use serde::Serialize;

/// Register an account
///
/// It does not log in. The first account of a store becomes its admin; a role above `user` is
/// given by admins only. A username, an e-mail address or both are needed.
///
///   printf 123456 | jeton register john --email john@example.com --password-stdin
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
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
    #[arg(long, default_value = "user", value_parser = Role::parse, add = super::complete::roles())]
    role: Role,

    /// Succeed if an account with just these names exists already, and leave it as it is
    #[arg(long)]
    exist_ok: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Serialize)]
struct Registered {
    changed: bool,
    user: UserShape,
}

impl Report for Registered {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let password = app.new_password(&args.password.from())?;
    app.make_store_for(Algorithm::ES256)?;
    // Nobody needs to be logged in for an ordinary account, and a session that does not work any
    // more is no hindrance.
    let caller = match app.caller_if_any() {
        Ok(caller) => caller,
        Err(_) if args.role == Role::User => None,
        Err(failure) => return Err(failure),
    };
    let act = app.act()?;
    let wish = Registration {
        username: args.username,
        email: args.email,
        name: args.name,
        password,
        role: args.role,
    };
    let (user, changed) =
        authority::register(app.store()?, &act, caller.as_ref(), &wish, args.exist_ok)?;
    if changed {
        app.warn_of_short(&wish.password);
    }
    let done = if changed { "registered" } else { "was registered before:" };
    app.status(&format!("{done} {} (id {}, {})", user.shown(), user.id, user.role.name()));
    app.report(&Registered { changed, user: user.into() })
}
