//! `jeton token list`

use crate::app::{App, Cell, OutputFormat, Table};
use crate::authority;
use crate::authority::tokens::TokenFilter;
use crate::commands::args::OwnerArgs;
use crate::commands::command::{Command, Effect, LIST_FORMATS};
use crate::commands::paging::{ListReport, PageArgs};
use crate::commands::views::{TokenView, expiry_cell, list_cell, user_cell};
use crate::failure::{Code, Failure};
use crate::model::{AppName, InvalidValue, Lifetime, TimeSpec, TokenKind, TokenStatus};
use serde_json::json;

/// List recorded tokens: their data, not the signed tokens
///
/// The list includes the recorded test tokens of `jeton token mint --record` and `jeton run`; the
/// subject of a test token is listed as the application. A token that was renewed with a grace period
/// expires at the end of the grace period.
///
///   jeton token list
///   jeton token list --all-users --status all -o json
///   jeton token list --kind app --expiring-within 7d --fail-if-any
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    owner: OwnerArgs,

    /// Filter by kind: app or test
    #[arg(long, value_parser = TokenKind::parse_recorded, add = crate::commands::completers::recorded_token_kinds())]
    kind: Option<TokenKind>,

    /// Filter by application, or subject of a test token
    #[arg(long, value_parser = AppName::parse, add = crate::commands::completers::apps())]
    app: Option<AppName>,

    /// Filter by status: live (includes superseded tokens), expired, revoked or all
    #[arg(
        long,
        default_value = "live",
        value_parser = parse_status,
        add = crate::commands::completers::fixed_values(&["live", "expired", "revoked", "all"])
    )]
    status: StatusFilter,

    /// Filter by expiry: live tokens that expire within this time (`12h`, `7d`, `2w`) and have not
    /// been renewed
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    expiring_within: Option<Lifetime>,

    /// Only tokens issued before this time (`iat`): RFC 3339, a date, Unix seconds, `now`, or an age (`30d`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse_bound)]
    before: Option<TimeSpec>,

    /// Exit with 9 if any token matches, after printing the list
    #[arg(long, requires = "expiring_within")]
    fail_if_any: bool,

    #[command(flatten)]
    paging: PageArgs,
}

/// CSV columns: the names of the members of [`TokenView`] in JSON.
const COLUMNS: &[&str] = &[
    "id",
    "jti",
    "kind",
    "app",
    "user_id",
    "user",
    "permissions",
    "aud",
    "claims",
    "status",
    "issued_at",
    "expires_at",
    "grace_until",
    "revoked_at",
];

/// Value of `--status`: the status of the tokens to list, or `None` for tokens of every status.
/// Here, [`TokenStatus::Live`] includes superseded tokens.
#[derive(Debug, Clone, Copy)]
struct StatusFilter(Option<TokenStatus>);

fn build_table(tokens: &[TokenView]) -> Table {
    let mut table = Table::new(&[
        "ID",
        "JTI",
        "KIND",
        "APP",
        "USER",
        "PERMISSIONS",
        "AUD",
        "STATUS",
        "ISSUED",
        "EXPIRES",
    ]);
    for token in tokens {
        table.add_row(vec![
            Cell::from(token.id.to_string()),
            Cell::from(token.jti.to_string()),
            Cell::from(token.kind.name()),
            Cell::shortenable(token.app.to_display()),
            user_cell(token.user.as_ref(), token.user_id),
            list_cell(&token.permissions),
            list_cell(&token.aud),
            Cell::from(token.status),
            Cell::from(token.issued_at),
            expiry_cell(token.effective_expiry()),
        ]);
    }
    table
}

impl Command for Args {
    const ACTION: &'static str = "token list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let status = self.status.0;
        if self.expiring_within.is_some() && status != Some(TokenStatus::Live) {
            return Err(Failure::usage("`--expiring-within` requires `--status live`"));
        }
        let caller = app.caller()?;
        let owner = self.owner.resolve_owner(app, &caller)?;
        let now = app.store.now()?;
        let filter = TokenFilter {
            owner,
            kind: self.kind,
            app: self.app,
            status,
            expiring_within: self.expiring_within,
            issued_before: self.before.map(|bound| bound.resolve_bound(now)),
        };
        let list = ListReport {
            noun: if status == Some(TokenStatus::Live) { "live tokens" } else { "tokens" },
            columns: COLUMNS,
            id_of: |token: &TokenView| token.id.to_string(),
            build_table,
            wide_columns: &["JTI", "AUD", "ISSUED"],
        };
        let page = self.paging.page_request(app.console.output_format());
        let total = list.report(app, page, |app, page| {
            let tokens = authority::tokens::list(app.store.get()?, now, &caller, &filter, page)?;
            Ok(tokens.map(|token| TokenView::new(token, now)))
        })?;
        match self.expiring_within {
            Some(within) if self.fail_if_any && total > 0 => {
                Err(expiring_tokens_error(total, within))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the error of `--fail-if-any`. `total` is the number of tokens that expire within the
/// duration `within`.
fn expiring_tokens_error(total: i64, within: Lifetime) -> Failure {
    let subject_and_verb = if total == 1 { "token expires" } else { "tokens expire" };
    let message = format!("{total} {subject_and_verb} within {within}");
    let mut failure = Failure::new(Code::CheckFailed, message);
    failure.details.insert("total".to_owned(), json!(total));
    failure
}

fn parse_status(text: &str) -> Result<StatusFilter, InvalidValue> {
    Ok(StatusFilter(match text {
        "live" => Some(TokenStatus::Live),
        "expired" => Some(TokenStatus::Expired),
        "revoked" => Some(TokenStatus::Revoked),
        "all" => None,
        _ => {
            return Err(InvalidValue::new(
                "status",
                "expected `live`, `expired`, `revoked` or `all`",
            ));
        }
    }))
}
