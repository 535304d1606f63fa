//! `jeton users rename`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::authority::accounts::{Patch, ProfilePatch};
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{DisplayName, Email, InvalidValue, User, UserName};

/// Change a user's username, e-mail address or display name (admins only)
///
/// An empty value removes the username, e-mail address or display name; the user must keep a
/// username or an e-mail address. Ids, sessions and tokens are not affected.
///
///   jeton users rename john johnny
///   jeton users rename john --email johnny@example.com --name 'John Doe'
///   jeton users rename john --email ''
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    target: UserArgs,

    /// New username
    #[arg(value_parser = patch_parser(UserName::parse))]
    username: Option<Patch<UserName>>,

    /// New e-mail address
    #[arg(long, value_parser = patch_parser(Email::parse))]
    email: Option<Patch<Email>>,

    /// New display name
    #[arg(long, value_parser = patch_parser(DisplayName::parse))]
    name: Option<Patch<DisplayName>>,
}

impl Command for Args {
    const ACTION: &'static str = "users rename";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        Some(RequestedTarget::User(self.target.user.clone()))
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.username.is_none() && self.email.is_none() && self.name.is_none() {
            return Err(Failure::usage("a new username, `--email` or `--name` is required"));
        }
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let patch = ProfilePatch { username: self.username, email: self.email, name: self.name };
        let (user, changed) =
            authority::accounts::rename(store, &audit, &caller, &self.target.user, &patch)?;
        let predicate = describe_id_and_names(&user);
        report_change(app, user, changed, &predicate)
    }
}

/// Returns the end of the status message, such as `(id 7) has the names john, john@example.com`.
fn describe_id_and_names(user: &User) -> String {
    let names = [
        user.username.as_ref().map(UserName::to_display),
        user.email.as_ref().map(Email::to_display),
        user.display_name.as_ref().map(DisplayName::to_display),
    ];
    let names: Vec<String> = names.into_iter().flatten().collect();
    format!("(id {}) has the names {}", user.id, names.join(", "))
}

/// Returns a parser of new values. An empty text means that the value is removed: `Patch(None)`.
fn patch_parser<T: Clone + 'static>(
    parse: fn(&str) -> Result<T, InvalidValue>,
) -> impl Fn(&str) -> Result<Patch<T>, InvalidValue> + Clone {
    move |text| if text.is_empty() { Ok(Patch(None)) } else { parse(text).map(Some).map(Patch) }
}
