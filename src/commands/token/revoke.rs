//! `jeton token revoke`

use super::parse_token_target;
use crate::app::{App, Monitor, Rendered, Report, Total};
use crate::authority::audit_context::RequestedTarget;
use crate::authority::revocation::RevocationOutcome;
use crate::authority::tokens::TokenFilter;
use crate::authority::{self, Caller};
use crate::commands::args::{DryRunArgs, OwnerArgs};
use crate::commands::command::{Command, Effect};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{AppName, TimeSpec, TokenKind, TokenSelector, TokenStatus, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Revoke tokens by id, `jti` or value, or in bulk
///
/// If any of the arguments is refused, for example an unknown id, no token is revoked. The bearer of
/// a token can revoke it without logging in. An access token is revoked alone; for a refresh token,
/// the session is ended. A `jti` selects every token with this `jti` that you may revoke. Revoking a
/// revoked token succeeds without changes.
///
/// Bulk revocation selects live tokens as `jeton token list` does: your own tokens by default,
/// limited by each filter. If no token matches, the command succeeds without changes. Sessions are
/// not affected: see `jeton sessions revoke`.
///
///   jeton token revoke 7 8
///   jeton token revoke - < token.txt
///   jeton token revoke --app deploy --dry-run
///   jeton token revoke --all-users --before 2026-01-31T12:00:00Z --yes
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("selection").required(true).multiple(true)
        .args(["tokens", "kind", "app", "before", "all", "user"])
)]
pub(crate) struct Args {
    /// Token id, `jti` or token; `-` for a token on standard input, `@FILE` for a token in a file.
    /// Other users of the machine can see arguments
    #[arg(
        value_name = "ID|JTI|TOKEN",
        conflicts_with_all = ["kind", "app", "before", "all", "user", "all_users"],
        add = crate::commands::completers::tokens_and_token_files()
    )]
    tokens: Vec<String>,

    /// Filter by kind: app or test
    #[arg(long, value_parser = TokenKind::parse_recorded, add = crate::commands::completers::recorded_token_kinds())]
    kind: Option<TokenKind>,

    /// Filter by application, or subject of a test token
    #[arg(long, value_parser = AppName::parse, add = crate::commands::completers::apps())]
    app: Option<AppName>,

    /// Only tokens issued before this time (`iat`): RFC 3339, a date, Unix seconds, `now`, or an age (`30d`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse_bound)]
    before: Option<TimeSpec>,

    /// Select all live tokens of the owner (by default yourself)
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    owner: OwnerArgs,

    #[command(flatten)]
    dry_run: DryRunArgs,
}

/// Result of the revocation of the tokens that the arguments name.
#[derive(Debug, Serialize)]
struct RevokeOutput {
    changed: bool,
    tokens: Vec<RevocationOutcome>,
}

impl Report for RevokeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// Result of a bulk revocation, which selects tokens by filters.
#[derive(Debug, Serialize)]
struct BulkRevokeOutput {
    changed: bool,
    tokens_revoked: usize,
}

impl Report for BulkRevokeOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

impl Command for Args {
    const ACTION: &'static str = "token revoke";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        self.dry_run.effect()
    }

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.tokens.iter().filter(|token| *token == "-").map(|_| "ID|JTI|TOKEN").collect()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        match (self.owner.user(), self.tokens.as_slice()) {
            (Some(user), _) => Some(RequestedTarget::User(user.clone())),
            (None, [token]) => parse_token_target(token),
            (None, _) => None,
        }
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.tokens.is_empty() {
            return revoke_bulk(app, self);
        }
        let selectors = parse_selectors(app, &self.tokens)?;
        app.store.get()?;
        // The bearer of a token can revoke it. A token given by value therefore needs no caller.
        let caller = if selectors.iter().any(TokenSelector::requires_login) {
            Some(app.caller()?)
        } else {
            None
        };
        self.dry_run.start(app);
        let (store, audit) = app.store.open_with_audit()?;
        let outcomes = authority::revocation::revoke(store, &audit, caller.as_ref(), &selectors)?;
        for outcome in &outcomes {
            let name = outcome.id.map_or_else(|| outcome.jti.to_display(), |id| id.to_string());
            let verb = match (outcome.changed, outcome.kind) {
                (true, _) => "revoked",
                // A session can also end for other reasons, such as a logout.
                (false, TokenKind::Refresh) => "already ended:",
                (false, _) => "already revoked:",
            };
            app.console
                .print_status(&format!("{verb} {} {name}", describe_revoked_object(outcome)));
        }
        app.console.report(&RevokeOutput {
            changed: outcomes.iter().any(|outcome| outcome.changed),
            tokens: outcomes,
        })
    }
}

fn revoke_bulk(app: &mut App, args: Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    args.dry_run.start(app);
    let owner = args.owner.resolve_owner(app, &caller)?;
    let (store, audit) = app.store.open_with_audit()?;
    let filter = TokenFilter {
        owner,
        kind: args.kind,
        app: args.app,
        status: Some(TokenStatus::Live),
        expiring_within: None,
        issued_before: args.before.map(|bound| bound.resolve_bound(audit.now)),
    };
    let found_count = authority::revocation::count_revocable(store, audit.now, &caller, &filter)?;
    if found_count == 0 {
        app.console.print_status("no tokens to revoke");
        return app.console.report(&BulkRevokeOutput { changed: false, tokens_revoked: 0 });
    }
    let owner_name = load_owner_name(app, &caller, &filter)?;
    app.console.confirm(&format!("Revoke {} of {owner_name}?", pluralize(found_count, "token")))?;
    let (store, audit) = app.store.open_with_audit()?;
    let monitor = Monitor::start(&app.console, "revoking", Total::Items(found_count))?;
    let mut done_count = 0;
    let mut on_progress = |revoked_count| {
        done_count = revoked_count;
        monitor.set(done_count, found_count)
    };
    let result =
        authority::revocation::revoke_bulk(store, &audit, &caller, &filter, &mut on_progress);
    let revoked_count = monitor.finish(result, || {
        format!(
            " after {done_count} of {}; tokens revoked so far remain revoked",
            pluralize(found_count, "token")
        )
    })?;
    app.console.print_status(&format!("revoked {}", pluralize(revoked_count, "token")));
    app.console
        .report(&BulkRevokeOutput { changed: revoked_count > 0, tokens_revoked: revoked_count })
}

/// Loads the name of the user whose tokens the filter selects. Returns `all users` for a filter
/// that selects the tokens of all users.
fn load_owner_name(
    app: &mut App,
    caller: &Caller,
    filter: &TokenFilter,
) -> Result<String, Failure> {
    match filter.owner {
        None => Ok("all users".to_owned()),
        Some(owner) => {
            Ok(authority::accounts::load(app.store.get()?, caller, &UserRef::Id(owner))?
                .to_display())
        }
    }
}

/// Parses the arguments. Reads a token from standard input for `-`, or from the file for `@FILE`.
fn parse_selectors(app: &App, arguments: &[String]) -> Result<Vec<TokenSelector>, Failure> {
    let mut selectors = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let token = app.console.read_token_argument("ID|JTI|TOKEN", Some(argument))?;
        selectors.push(TokenSelector::parse(token.expose_secret())?);
    }
    Ok(selectors)
}

/// Returns the noun for the revoked object. For a refresh token, this object is the session.
fn describe_revoked_object(outcome: &RevocationOutcome) -> &'static str {
    match outcome.kind {
        TokenKind::App => "token",
        TokenKind::Access => "access token",
        TokenKind::Refresh => "session of refresh token",
        TokenKind::Test => "test token",
    }
}
