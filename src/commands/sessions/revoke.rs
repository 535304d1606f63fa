//! `jeton sessions revoke`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{SidPrefix, UserRef};
use serde::Serialize;

/// End sessions: invalidate their access and refresh tokens
///
/// Only admins can end sessions of other users. If any of the sessions does not exist, no session
/// is ended.
///
///   jeton sessions revoke 018f4f5e-7a3b-7c1d-8e2f-0123456789ab
///   jeton sessions revoke --user john --all
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Session ids, as listed by `jeton sessions list`, or at least their first 4 characters
    #[arg(
        value_name = "SID",
        required_unless_present = "all",
        conflicts_with_all = ["all", "user"],
        value_parser = SidPrefix::parse,
        add = crate::commands::completers::sessions()
    )]
    sids: Vec<SidPrefix>,

    /// Owner of the sessions (other users: admins only) [default: yourself]
    #[arg(
        long,
        requires = "all",
        value_parser = UserRef::parse,
        add = crate::commands::completers::users()
    )]
    user: Option<UserRef>,

    /// End all sessions of the user, including the current session
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct RevokeOutput {
    changed: bool,
    sessions_ended: usize,
}

impl Report for RevokeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "sessions revoke";
    const EFFECT: Effect = Effect::Changes;

    fn audit_target(&self) -> Option<RequestedTarget> {
        match (&self.user, self.sids.as_slice()) {
            (Some(user), _) => Some(RequestedTarget::User(user.clone())),
            (None, [sid]) => Some(RequestedTarget::Session(sid.clone())),
            (None, _) => None,
        }
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let count = if self.all {
            let user_id = match &self.user {
                Some(user_ref) => {
                    authority::accounts::load(app.store.get()?, &caller, user_ref)?.id
                }
                None => caller.user.id,
            };
            app.console.confirm(&format!("End all sessions of user {user_id}?"))?;
            let (store, audit) = app.store.open_with_audit()?;
            authority::sessions::revoke_all(store, &audit, &caller, user_id)?
        } else {
            let (store, audit) = app.store.open_with_audit()?;
            let results = authority::sessions::revoke(store, &audit, &caller, &self.sids)?;
            // `changed` is false for a session that had already ended.
            results.into_iter().filter(|(_, changed)| *changed).count()
        };
        app.console.print_status(&format!("ended {}", pluralize(count, "session")));
        app.console.report(&RevokeOutput { changed: count > 0, sessions_ended: count })
    }
}
