//! `jeton audit list`

use crate::app::{App, Cell, Form, Table, Tone};
use crate::authority::{self, Caller, EventFilter};
use crate::commands::grammar::action_called;
use crate::commands::paging::{List, PagingArgs};
use crate::commands::shapes::{called, name, none};
use crate::failure::{Failure, Kind};
use crate::model::{AuditEvent, Foreign, Moment, UserId, UserRef, repeatable};

/// List what was done and what was refused, the newest first (admins only)
///
/// Every change has a row, and so has every change that was refused: who wanted it, what it was
/// about (of a refused one, if that is there), how it ended (`done`, `undelivered`, `revoked` after a
/// `run`, or the code of the error) and how many things it changed. What only reads, was misspelt, or
/// found everything as it should be, has none. With `-o jsonl` all rows that match are written, one a
/// line, unless a page is asked for. A program that collects them goes on behind the last id it has:
///
///   jeton audit list --since 7d --outcome forbidden
///   jeton audit list --user john --action token
///   jeton audit list --reverse --after 1234 -o jsonl >> audit.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// From that time on: RFC 3339, Unix seconds, or how long ago it was (7d)
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,

    /// Up to that time: RFC 3339, Unix seconds, or how long ago it was (7d)
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,

    /// What this user did; a deleted one is named by its id
    #[arg(
        long,
        value_parser = UserRef::parse,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::users)
    )]
    user: Option<UserRef>,

    /// What was done by this command: `token create`, or `token` for all that begin so
    #[arg(long)]
    action: Option<String>,

    /// What was about this, as the column has it: `user 3`, `token 7`, `key KID`
    #[arg(long, value_name = "TARGET", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    target: Option<String>,

    /// What ended like this: `done`, `forbidden`, or another code of `jeton help exit-codes`
    #[arg(long, value_name = "CODE")]
    outcome: Option<String>,

    /// The oldest first
    #[arg(long)]
    reverse: bool,

    #[command(flatten)]
    paging: PagingArgs,
}

fn table(events: &[AuditEvent]) -> Table {
    let header = ["ID", "TIME", "USER", "OS USER", "ACTION", "TARGET", "OUTCOME", "COUNT"];
    let mut table = Table::new(&header);
    for event in events {
        table.row(vec![
            Cell::from(event.id.to_string()),
            Cell::from(event.at),
            actor(event),
            Cell::from(event.os_uid.to_string()),
            Cell::from(event.action.shown()),
            name(event.target.as_ref().map(Foreign::shown)),
            outcome(event),
            Cell::from(event.count.to_string()),
        ]);
    }
    table
}

fn actor(event: &AuditEvent) -> Cell {
    event.user_id.map_or_else(|| none().into(), |id| called(event.user.as_ref(), id))
}

fn outcome(event: &AuditEvent) -> Cell {
    let tone = if event.outcome.as_str() == "done" { Tone::Good } else { Tone::Bad };
    Cell::toned(&event.outcome.shown(), tone)
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let filter = filter(app, &caller, args)?;
    let is_lines = app.form() == Form::JsonLines;
    if is_lines && !args.paging.is_cut() {
        return stream(app, &caller, &filter, args.paging.after());
    }
    if is_lines {
        let events = authority::events(app.store()?, &caller, &filter, args.paging.page())?;
        return app.rows(&events.items, true).map(drop);
    }
    let list = List { noun: "events", table, is_by_id: true };
    list.report(app, args.paging.page(), |app, page| {
        Ok(authority::events(app.store()?, &caller, &filter, page)?)
    })?;
    Ok(())
}

fn filter(app: &mut App, caller: &Caller, args: &Args) -> Result<EventFilter, Failure> {
    let now = app.now()?;
    let user = match &args.user {
        Some(who) => Some(actor_called(app, caller, who)?),
        None => None,
    };
    let [since, until] =
        [args.since, args.until].map(|moment| moment.map(|moment| moment.instant(now)));
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Failure::usage("`--since` is later than `--until`"));
    }
    let action = args.action.as_deref().map(|words| (words, action_called(words)));
    if let Some((words, None)) = &action {
        let shown = repeatable(words);
        app.warning(&format!("no command of this jeton is called `{shown}`"));
    }
    if let Some(word) = &args.outcome
        && !authority::OUTCOMES.contains(&word.as_str())
        && !Kind::has_code(word)
    {
        app.warning(&format!("nothing ends as `{}`", repeatable(word)));
    }
    Ok(EventFilter {
        since,
        until,
        user,
        action: action.map(|(words, name)| Foreign::new(name.as_deref().unwrap_or(words))),
        target: args.target.as_deref().map(Foreign::new),
        outcome: args.outcome.as_deref().map(Foreign::new),
        oldest_first: args.reverse,
    })
}

fn actor_called(app: &mut App, caller: &Caller, who: &UserRef) -> Result<UserId, Failure> {
    let failure = match authority::actor(app.store()?, caller, who) {
        Ok(id) => return Ok(id),
        Err(error) => Failure::from(error),
    };
    let is_named = !matches!(who, UserRef::Id(_));
    let may_be_deleted = failure.kind == Kind::NotFound && is_named;
    Err(if may_be_deleted {
        failure.with_hint("a deleted user is named by its id")
    } else {
        failure
    })
}

/// Writes events as they are read, so that it does not matter how many there are.
fn stream(
    app: &mut App,
    caller: &Caller,
    filter: &EventFilter,
    mut after: Option<i64>,
) -> Result<(), Failure> {
    loop {
        let events = authority::next_events(app.store()?, caller, filter, after)?;
        let Some(last) = events.last() else { return Ok(()) };
        after = Some(last.id);
        if !app.rows(&events, true)? {
            return Ok(());
        }
    }
}
