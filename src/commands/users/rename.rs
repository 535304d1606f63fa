//! `jeton users rename`

use super::{UserArgs, report_change};
use crate::app::App;
use crate::authority;
use crate::authority::accounts::{Patch, ProfilePatch};
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

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    if args.username.is_none() && args.email.is_none() && args.name.is_none() {
        return Err(Failure::usage("a new username, `--email` or `--name` is required"));
    }
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let patch = ProfilePatch { username: args.username, email: args.email, name: args.name };
    let (user, changed) =
        authority::accounts::rename(app.store()?, &context, &caller, &args.target.user, &patch)?;
    let message = describe_names(&user);
    report_change(app, user, changed, &message)
}

fn describe_names(user: &User) -> String {
    let names = [
        user.username.as_ref().map(UserName::to_display),
        user.email.as_ref().map(Email::to_display),
        user.display_name.as_ref().map(DisplayName::to_display),
    ];
    let names: Vec<String> = names.into_iter().flatten().collect();
    format!("(id {}) has the names {}", user.id, names.join(", "))
}

fn patch_parser<T: Clone + 'static>(
    parse: fn(&str) -> Result<T, InvalidValue>,
) -> impl Fn(&str) -> Result<Patch<T>, InvalidValue> + Clone {
    move |text| if text.is_empty() { Ok(Patch(None)) } else { parse(text).map(Some).map(Patch) }
}
