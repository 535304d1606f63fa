//! `jeton sessions list`

use crate::app::{App, Cell, OutputFormat, Table};
use crate::authority;
use crate::commands::args::OwnerArgs;
use crate::commands::command::{Command, Effect, LIST_FORMATS};
use crate::commands::paging::{ListReport, all_rows};
use crate::commands::views::user_cell;
use crate::failure::Failure;
use crate::model::{ActiveSession, Sid, Timestamp, Untrusted, UserId, WithOwner};
use serde::Serialize;

/// List open sessions
///
///   jeton sessions list
///   jeton sessions list --all-users -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    owner: OwnerArgs,
}

/// CSV columns: the names of the members of [`SessionRow`].
const COLUMNS: &[&str] = &[
    "sid",
    "user_id",
    "user",
    "created_at",
    "refreshed_at",
    "refresh_expires_at",
    "expires_at",
    "current",
];

#[derive(Debug, Serialize)]
struct SessionRow {
    sid: Sid,
    user_id: UserId,
    user: Option<Untrusted>,
    created_at: Timestamp,
    refreshed_at: Timestamp,
    /// Time until which the session can be refreshed.
    refresh_expires_at: Timestamp,
    /// Expiry of the session; no refresh can extend it.
    expires_at: Timestamp,
    /// True for the session of the caller.
    current: bool,
}

impl SessionRow {
    fn new(session_with_owner: WithOwner<ActiveSession>, current_sid: Sid) -> Self {
        let active_session = session_with_owner.value;
        Self {
            sid: active_session.session.sid,
            user_id: active_session.session.user_id,
            user: session_with_owner.owner_name,
            created_at: active_session.created_at,
            refreshed_at: active_session.refreshed_at,
            refresh_expires_at: active_session.refreshable_until,
            expires_at: active_session.session.expires_at,
            current: active_session.session.sid == current_sid,
        }
    }
}

fn build_table(sessions: &[SessionRow]) -> Table {
    let header = ["SID", "USER", "CREATED", "REFRESHED", "REFRESH EXPIRES", "EXPIRES", "CURRENT"];
    let mut table = Table::new(&header);
    for session in sessions {
        table.add_row(vec![
            Cell::from(session.sid.to_string()),
            user_cell(session.user.as_ref(), session.user_id),
            Cell::from(session.created_at),
            Cell::from(session.refreshed_at),
            Cell::from(session.refresh_expires_at),
            Cell::from(session.expires_at),
            Cell::from(if session.current { "yes" } else { "-" }),
        ]);
    }
    table
}

impl Command for Args {
    const ACTION: &'static str = "sessions list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let owner = self.owner.resolve_owner(app, &caller)?;
        let list = ListReport {
            noun: "sessions",
            columns: COLUMNS,
            id_of: |session: &SessionRow| session.sid.to_string(),
            build_table,
            wide_columns: &["REFRESHED", "EXPIRES"],
        };
        list.report(app, all_rows(None), |app, request| {
            let (store, audit) = app.store.open_with_audit()?;
            let sessions =
                authority::sessions::list_active(store, &audit, &caller, owner, request)?;
            Ok(sessions.map(|session| SessionRow::new(session, caller.session.sid)))
        })?;
        Ok(())
    }
}
