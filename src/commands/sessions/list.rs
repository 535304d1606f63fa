//! `jeton sessions list`

use crate::app::{App, Cell, Report, Table, Text};
use crate::authority;
use crate::commands::owner::OwnerArgs;
use crate::commands::shapes::called;
use crate::failure::Failure;
use crate::model::{Foreign, OpenSession, Owned, Sid, Timestamp, UserId};
use serde::Serialize;

/// List the sessions that can still be used
///
///   jeton sessions list
///   jeton sessions list --all-users -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    owner: OwnerArgs,
}

#[derive(Debug, Serialize)]
struct Sessions {
    items: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    sid: Sid,
    user_id: UserId,
    user: Option<Foreign>,
    created_at: Timestamp,
    refreshed_at: Timestamp,
    usable_until: Timestamp,
    expires_at: Timestamp,
    current: bool,
}

impl Line {
    fn new(owned: Owned<OpenSession>, current: Sid) -> Self {
        let open = owned.thing;
        Self {
            sid: open.session.sid,
            user_id: open.session.user,
            user: owned.owner,
            created_at: open.created_at,
            refreshed_at: open.refreshed_at,
            usable_until: open.usable_until,
            expires_at: open.session.expires_at,
            current: open.session.sid == current,
        }
    }
}

impl Report for Sessions {
    fn text(&self) -> Text {
        let mut table =
            Table::new(&["SID", "USER", "CREATED", "REFRESHED", "USABLE UNTIL", "CURRENT"]);
        for session in &self.items {
            table.row(vec![
                Cell::from(session.sid.to_string()),
                called(session.user.as_ref(), session.user_id),
                Cell::from(session.created_at),
                Cell::from(session.refreshed_at),
                Cell::from(session.usable_until),
                Cell::from(if session.current { "yes" } else { "-" }),
            ]);
        }
        Text::Table(table)
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let user = args.owner.owner(app, &caller)?;
    let act = app.act()?;
    let open = authority::open_sessions(app.store()?, &act, &caller, user)?;
    let items: Vec<Line> =
        open.into_iter().map(|open| Line::new(open, caller.session.sid)).collect();
    if items.is_empty() {
        app.status("no sessions");
    }
    app.report(&Sessions { items })
}
