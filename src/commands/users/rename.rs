//! `jeton users rename`

use super::{UserArgs, report};
use crate::app::App;
use crate::authority::{self, Other, Renaming};
use crate::failure::Failure;
use crate::model::{DisplayName, Email, Invalid, User, UserName};

/// Give a user another username, e-mail address or display name (admins only)
///
/// What is not given stays; an empty one takes away what is there. A username or an e-mail address
/// must be left. Ids, sessions and tokens stay as they are.
///
///   jeton users rename john johnny
///   jeton users rename john --email johnny@example.com --name 'John Doe'
///   jeton users rename john --email ''
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,

    /// The new username
    #[arg(value_parser = other(UserName::parse))]
    username: Option<Other<UserName>>,

    /// The new e-mail address
    #[arg(long, value_parser = other(Email::parse))]
    email: Option<Other<Email>>,

    /// The new display name
    #[arg(long, value_parser = other(DisplayName::parse))]
    name: Option<Other<DisplayName>>,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    if args.username.is_none() && args.email.is_none() && args.name.is_none() {
        return Err(Failure::usage("a new username, `--email` or `--name` is needed"));
    }
    let caller = app.caller()?;
    let act = app.act()?;
    let to = Renaming { username: args.username, email: args.email, name: args.name };
    let (user, changed) = authority::rename_user(app.store()?, &act, &caller, &args.who.user, &to)?;
    let sentence = called(&user);
    report(app, user, changed, &sentence)
}

fn called(user: &User) -> String {
    let names = [
        user.username.as_ref().map(UserName::shown),
        user.email.as_ref().map(Email::shown),
        user.name.as_ref().map(DisplayName::shown),
    ];
    let names: Vec<String> = names.into_iter().flatten().collect();
    format!("(id {}) is called {}", user.id, names.join(", "))
}

fn other<T: Clone + 'static>(
    parse: fn(&str) -> Result<T, Invalid>,
) -> impl Fn(&str) -> Result<Other<T>, Invalid> + Clone {
    move |text| if text.is_empty() { Ok(Other(None)) } else { parse(text).map(Some).map(Other) }
}
