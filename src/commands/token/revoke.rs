//! `jeton token revoke`

use crate::app::{App, Report, Text};
use crate::authority::{self, Caller, Revoked, Target, TokenFilter};
use crate::commands::owner::OwnerArgs;
use crate::commands::shapes::counted;
use crate::failure::Failure;
use crate::model::{AppName, Moment, Status, TokenKind, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Revoke tokens, by id, by `jti` or by value, or many at once
///
/// All are looked up first: if one is not there, none is revoked. Whoever holds a token may revoke
/// it without logging in. An access token by value is that one token, a refresh token by value is
/// its whole session; a `jti` is all that has it and that one may revoke. A token that was revoked
/// before is no error.
///
/// Many at once are live ones as `jeton token list` shows them, of whoever is logged in unless said;
/// of several flags each narrows them down. None to be found is no error. Sessions go on: see
/// `jeton sessions revoke`.
///
///   jeton token revoke 7 8
///   jeton token revoke - < token.txt
///   jeton token revoke --app deploy
///   jeton token revoke --all-users --before 2026-01-31T12:00:00Z --yes
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("which").required(true).multiple(true)
        .args(["tokens", "kind", "app", "before", "all", "user"])
)]
pub(crate) struct Args {
    /// Ids, `jti`s or tokens; `-` for a token on standard input, `@FILE` for one in a file. Others
    /// on this machine can see arguments
    #[arg(
        value_name = "ID|JTI|TOKEN",
        conflicts_with_all = ["kind", "app", "before", "all", "user", "all_users"],
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::tokens)
    )]
    tokens: Vec<String>,

    /// Those of this kind: app or test
    #[arg(long, value_parser = TokenKind::recorded, add = crate::commands::complete::purposes())]
    kind: Option<TokenKind>,

    /// Those of this application; of test tokens, of this subject
    #[arg(long, value_parser = AppName::parse)]
    app: Option<AppName>,

    /// Those issued before that, as their `iat` has it: RFC 3339, Unix seconds, or how long ago it was (30d)
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    before: Option<Moment>,

    /// All of them
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    owner: OwnerArgs,
}

#[derive(Debug, Serialize)]
struct Answer {
    changed: bool,
    tokens: Vec<Revoked>,
}

impl Report for Answer {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

/// What became of many.
#[derive(Debug, Serialize)]
struct Counted {
    changed: bool,
    count: usize,
}

impl Report for Counted {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    if args.tokens.is_empty() {
        return many(app, args);
    }
    let targets = targets(app, &args.tokens)?;
    app.store()?;
    let caller = if targets.iter().any(Target::needs_caller) { Some(app.caller()?) } else { None };
    let act = app.act()?;
    let revoked = authority::revoke(app.store()?, &act, caller.as_ref(), &targets)?;
    for one in &revoked {
        let name = one.id.map_or_else(|| one.jti.shown(), |id| id.to_string());
        let done = if one.changed { "revoked" } else { "was revoked before:" };
        app.status(&format!("{done} {} {name}", noun(one)));
    }
    app.report(&Answer { changed: revoked.iter().any(|one| one.changed), tokens: revoked })
}

fn many(app: &mut App, args: Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let owner = args.owner.owner(app, &caller)?;
    let now = app.now()?;
    let filter = TokenFilter {
        owner,
        kind: args.kind,
        app: args.app,
        status: Some(Status::Live),
        ending_within: None,
        issued_before: args.before.map(|moment| moment.instant(now)),
    };
    let found = authority::count_tokens(app.store()?, now, &caller, &filter)?;
    if found == 0 {
        app.status("no tokens to revoke");
        return app.report(&Counted { changed: false, count: 0 });
    }
    let whose = whose(app, &caller, &filter)?;
    app.confirm(&format!("Revoke {} of {whose}?", counted(found, "token")))?;
    let act = app.act()?;
    let count = authority::revoke_many(app.store()?, &act, &caller, &filter)?;
    app.status(&format!("revoked {}", counted(count, "token")));
    app.report(&Counted { changed: count > 0, count })
}

fn whose(app: &mut App, caller: &Caller, filter: &TokenFilter) -> Result<String, Failure> {
    match filter.owner {
        None => Ok("all users".to_owned()),
        Some(owner) => Ok(authority::show(app.store()?, caller, &UserRef::Id(owner))?.shown()),
    }
}

fn targets(app: &App, words: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::with_capacity(words.len());
    for word in words {
        let token = app.token_argument(Some(word))?;
        targets.push(Target::parse(token.expose_secret())?);
    }
    Ok(targets)
}

fn noun(revoked: &Revoked) -> &'static str {
    match revoked.kind {
        TokenKind::App => "token",
        TokenKind::Access => "access token",
        TokenKind::Refresh => "the session of refresh token",
        TokenKind::Test => "test token",
    }
}
