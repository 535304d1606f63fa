//! `jeton sessions revoke`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::{Sid, UserRef};
use serde::Serialize;

/// End sessions: their access and refresh tokens are dead
///
/// One's own, or anybody's for admins. If one of them is not there, none is ended.
///
///   jeton sessions revoke 018f4f5e-7a3b-7c1d-8e2f-0123456789ab
///   jeton sessions revoke --user john --all
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Their ids, from `jeton sessions list`
    #[arg(
        value_name = "SID",
        required_unless_present = "all",
        conflicts_with_all = ["all", "user"],
        value_parser = sid,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::sessions)
    )]
    sids: Vec<Sid>,

    /// Those of this user [default: one's own]
    #[arg(
        long,
        requires = "all",
        value_parser = UserRef::parse,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::users)
    )]
    user: Option<UserRef>,

    /// All of them, this one included
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Ended {
    changed: bool,
    count: usize,
}

impl Report for Ended {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let count = if args.all {
        let user = match &args.user {
            Some(who) => authority::show(app.store()?, &caller, who)?.id,
            None => caller.user.id,
        };
        app.confirm(&format!("End all sessions of user {user}?"))?;
        let act = app.act()?;
        authority::revoke_all_sessions(app.store()?, &act, &caller, user)?
    } else {
        let act = app.act()?;
        let ended = authority::revoke_sessions(app.store()?, &act, &caller, &args.sids)?;
        ended.into_iter().filter(|(_, changed)| *changed).count()
    };
    app.status(&format!("{} ended", counted(count, "session")));
    app.report(&Ended { changed: count > 0, count })
}

fn sid(text: &str) -> Result<Sid, String> {
    Sid::typed(text).ok_or_else(|| "not the id of a session".to_owned())
}
