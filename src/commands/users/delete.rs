//! `jeton users delete`

use super::UserArgs;
use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::UserId;
use serde::Serialize;

/// Delete an account (admins only)
///
/// Its names are free again, its sessions end, its tokens are revoked; its ids are never used
/// again. The last admin stays.
///
///   jeton users delete john --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    who: UserArgs,
}

#[derive(Debug, Serialize)]
struct Deleted {
    changed: bool,
    id: UserId,
    tokens_revoked: usize,
}

impl Report for Deleted {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let user = authority::deletable(app.store()?, &caller, &args.who.user)?;
    let shown = user.shown();
    app.confirm(&format!("Delete {shown} and revoke all of its tokens?"))?;
    let act = app.act()?;
    let tokens_revoked = authority::delete(app.store()?, &act, &caller, &user)?;
    app.status(&format!("deleted {shown}, revoked {}", counted(tokens_revoked, "token")));
    app.report(&Deleted { changed: true, id: user.id, tokens_revoked })
}
