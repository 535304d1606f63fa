//! `jeton token revoke`

use crate::app::{App, Report, Text};
use crate::authority::{self, Revoked, Target};
use crate::failure::Failure;
use secrecy::ExposeSecret;
use serde::Serialize;

/// Revoke tokens, by id, by `jti` or by value
///
/// All are looked up first: if one is not there, none is revoked. Whoever holds a token may revoke
/// it without logging in. An access token by value is that one token, a refresh token by value is
/// its whole session. A token that was revoked before is no error.
///
///   jeton token revoke 7 8
///   jeton token revoke - < token.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Ids, `jti`s or tokens; `-` for a token on standard input, `@FILE` for one in a file. Others
    /// on this machine can see arguments
    #[arg(
        required = true,
        value_name = "ID|JTI|TOKEN",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::tokens)
    )]
    tokens: Vec<String>,
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

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
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

fn targets(app: &App, words: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::with_capacity(words.len());
    for word in words {
        let token = app.token_argument(Some(word))?;
        targets.push(Target::parse(token.expose_secret())?);
    }
    Ok(targets)
}

fn noun(revoked: &Revoked) -> &'static str {
    use crate::model::TokenKind;
    match revoked.kind {
        TokenKind::App => "token",
        TokenKind::Access => "access token",
        TokenKind::Refresh => "the session of refresh token",
        TokenKind::Test => "test token",
    }
}
