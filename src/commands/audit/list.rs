//! `jeton audit list`

use crate::app::{App, Cell, OutputFormat, Style, Table, user_name};
use crate::authority::audit::EventFilter;
use crate::authority::{self, Caller};
use crate::commands::command::{Command, CommandTree, Effect, LIST_FORMATS};
use crate::commands::paging::{ListReport, PageArgs};
use crate::commands::views::{name_cell, placeholder, user_cell};
use crate::failure::{Code, Failure, Kind};
use crate::model::{
    AuditEvent, EventTarget, TimeSpec, Untrusted, UserId, UserRef, redact_for_error,
};
use std::collections::HashMap;
use std::marker::PhantomData;

/// List changes, exports of secrets and refusals, newest first (admins only)
///
/// Every change, every export of secrets and every refusal of these is an event with actor (if
/// known), target (for a refusal, only if the target was found), outcome and number of objects.
/// Outcomes are `done`, an error code, `undelivered` (the output could not be written), `revoked`
/// (the tokens of `jeton run` at its end) and `token_reused` (a reused refresh token ended its
/// session). Other reads, usage errors and commands without an effect are not recorded. To collect
/// events incrementally, continue after the last known id with `--reverse --after` and `-o jsonl`.
///
///   jeton audit list --since 7d --outcome forbidden
///   jeton audit list --user john --action token
///   jeton audit list --reverse --after 1234 -o jsonl >> audit.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args<T: CommandTree> {
    /// Start time: RFC 3339, a date (00:00 UTC), Unix seconds, `now`, or an age (`7d`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse_bound)]
    since: Option<TimeSpec>,

    /// End time: RFC 3339, a date (00:00 UTC), Unix seconds, `now`, or an age (`7d`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse_bound)]
    until: Option<TimeSpec>,

    /// Filter by acting user (for a deleted user, only by id)
    #[arg(
        long,
        value_parser = UserRef::parse,
        add = crate::commands::completers::users()
    )]
    user: Option<UserRef>,

    /// Filter by action: a command such as `token create`, or a group such as `token`
    #[arg(long, add = crate::commands::completers::audit_actions::<T>())]
    action: Option<String>,

    /// Filter by object: `user 3`, `token 7`, `session SID`, `key KID`, `setting NAME`, `store`, or a
    /// kind such as `token`
    #[arg(long, value_name = "TARGET", value_parser = EventTarget::parse, add = crate::commands::completers::target_kinds())]
    target: Option<EventTarget>,

    /// Filter by outcome: `done`, `undelivered`, `revoked`, `token_reused`, or a code of
    /// `jeton help exit-codes`
    #[arg(long, value_name = "CODE", add = crate::commands::completers::audit_outcomes())]
    outcome: Option<String>,

    /// List oldest events first
    #[arg(long)]
    reverse: bool,

    #[command(flatten)]
    paging: PageArgs,

    // `T` is the command tree, from which actions are resolved and completed.
    #[arg(skip)]
    tree: PhantomData<T>,
}

/// Names of the JSON members of [`AuditEvent`].
const COLUMNS: &[&str] = &[
    "id",
    "created_at",
    "user_id",
    "user",
    "os_uid",
    "action",
    "target",
    "detail",
    "outcome",
    "count",
];

fn build_table(events: &[AuditEvent]) -> Table {
    let header = ["ID", "CREATED", "USER", "OS USER", "ACTION", "TARGET", "OUTCOME", "COUNT"];
    let mut table = Table::new(&header);
    let mut os_users = HashMap::new();
    for event in events {
        let os_user = os_users
            .entry(event.os_uid)
            .or_insert_with_key(|uid| user_name(*uid).unwrap_or_else(|| uid.to_string()));
        table.add_row(vec![
            Cell::from(event.id.to_string()),
            Cell::from(event.created_at),
            actor_cell(event),
            Cell::shortenable(os_user.as_str()),
            Cell::from(event.action.to_display()),
            name_cell(event.subject.to_text().as_ref().map(Untrusted::to_display)),
            outcome_cell(event),
            Cell::from(event.count.to_string()),
        ]);
    }
    table
}

fn actor_cell(event: &AuditEvent) -> Cell {
    event.user_id.map_or_else(|| placeholder().into(), |id| user_cell(event.user.as_ref(), id))
}

fn outcome_cell(event: &AuditEvent) -> Cell {
    let style = if event.outcome.as_str() == "done" { Style::Success } else { Style::Error };
    Cell::styled(&event.outcome.to_display(), style)
}

impl<T: CommandTree> Command for Args<T> {
    const ACTION: &'static str = "audit list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let filter = build_filter(app, &caller, &self)?;
        let list = ListReport {
            noun: "events",
            columns: COLUMNS,
            id_of: |event: &AuditEvent| event.id.to_string(),
            build_table,
            wide_columns: &[],
        };
        let page = self.paging.page_request(app.console.output_format());
        list.report(app, page, |app, page| {
            Ok(authority::audit::list_events(app.store.get()?, &caller, &filter, page)?)
        })?;
        Ok(())
    }
}

/// Returns the filter that the arguments describe. Prints a warning for an unknown action and for
/// an unknown outcome.
fn build_filter<T: CommandTree>(
    app: &mut App,
    caller: &Caller,
    args: &Args<T>,
) -> Result<EventFilter, Failure> {
    let now = app.store.now()?;
    let user = match &args.user {
        Some(user_ref) => Some(resolve_actor(app, caller, user_ref)?),
        None => None,
    };
    let [since, until] =
        [args.since, args.until].map(|bound| bound.map(|bound| bound.resolve_bound(now)));
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Failure::usage("`--since` is later than `--until`"));
    }
    let target = match args.target.clone() {
        Some(target) => Some(authority::audit::resolve_target(app.store.get()?, caller, target)?),
        None => None,
    };
    let action = args.action.as_deref().map(|words| (words, resolve_action(&T::build(), words)));
    if let Some((words, None)) = &action {
        let display_action = redact_for_error(words);
        app.console.print_warning(&format!("unknown action `{display_action}`"));
    }
    if let Some(outcome) = &args.outcome
        && !authority::audit_context::OUTCOMES_BESIDES_ERROR_CODES.contains(&outcome.as_str())
        && Code::parse(outcome).is_none()
    {
        app.console.print_warning(&format!("unknown outcome `{}`", redact_for_error(outcome)));
    }
    Ok(EventFilter {
        since,
        until,
        user,
        action: action.map(|(words, name)| Untrusted::new(name.as_deref().unwrap_or(words))),
        target,
        outcome: args.outcome.as_deref().map(Untrusted::new),
        oldest_first: args.reverse,
    })
}

/// Returns the audit action for the words of a command or command group. An alias is replaced with
/// the name of its command: `tokens ls` yields `token list`. Returns `None` if no command or group
/// has these words.
fn resolve_action(root: &clap::Command, words: &str) -> Option<String> {
    let mut command = root;
    let mut names = Vec::new();
    for word in words.split_whitespace() {
        command = command.find_subcommand(word)?;
        names.push(command.get_name());
    }
    (!names.is_empty()).then(|| names.join(" "))
}

/// Returns the id of the user in `--user`. Adds a hint to the error if the user may be deleted.
fn resolve_actor(app: &mut App, caller: &Caller, user_ref: &UserRef) -> Result<UserId, Failure> {
    let failure = match authority::audit::find_actor(app.store.get()?, caller, user_ref) {
        Ok(id) => return Ok(id),
        Err(error) => Failure::from(error),
    };
    let is_id = matches!(user_ref, UserRef::Id(_));
    let may_be_deleted = failure.kind() == Kind::NotFound && !is_id;
    Err(if may_be_deleted { failure.with_hint("for a deleted user, use the id") } else { failure })
}
