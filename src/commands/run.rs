//! `jeton run`

use super::token::wish::{NEW_SECRET, WishArgs};
use crate::app::{App, Watch};
use crate::authority::{self, Minting, Over, Told};
use crate::failure::{Failure, Kind};
use crate::model::{AppName, Invalid, StoreId, TokenId, UserId, token_variable};
use secrecy::SecretString;
use serde_json::json;
use std::ffi::OsString;

/// Run a command with a token that dies with it
///
/// The token is in the variable API_TOKEN of the command and of what that starts, and nowhere else.
/// It is a test token and lives an hour unless said. The flags that say what it is are those of
/// `jeton token mint`. It is recorded, so that it can be revoked: a test key of the store signs it,
/// and a UUID is its `jti`, also where the preset has another or none. A secret of the service's own
/// signs once it is such a key: `jeton keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose
/// test --activate`, then `jeton run --preset flask --alg HS256 -- pytest`. With `--app` it is an
/// app token of yours, within the quota. It is revoked when the command has ended, however that
/// came, and so is what it was renewed to; services that check by exported keys alone do not notice.
///
/// Signals reach the command, but for KILL and those of faults (BUS, FPE, ILL, SEGV), which end
/// jeton and leave the token. The command's exit code is jeton's: 128 and the number of the signal
/// that killed it, 127 if there is no such command, 126 if it cannot be executed. If the token could
/// not be revoked, it is named, and the exit code is 1. `JETON_TOKEN`, `JETON_TOKEN_FILE` and
/// `JETON_PASSWORD` are not handed to the command.
///
///   jeton run --aud api --scope 'read write' -- pytest
///   jeton run --app smoke --permission read --env SMOKE_TOKEN -- ./smoke.sh
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// The variable that holds the token; none on which the loader, a shell or a runtime acts
    /// (PATH, LD_*, BASH_ENV, NODE_OPTIONS, PYTHON*, GITHUB_*, …)
    #[arg(long, value_name = "NAME", default_value = "API_TOKEN", value_parser = variable)]
    env: String,

    /// Not a test token, but one for this application
    #[arg(long, value_name = "NAME", value_parser = AppName::parse, conflicts_with = "TestArgs")]
    app: Option<AppName>,

    #[command(flatten)]
    wish: WishArgs,
}

/// A token, by its row; who made it, and where.
struct Made {
    token: SecretString,
    id: TokenId,
    by: UserId,
    store: StoreId,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let Args { command, env, app: name, wish } = args;
    let (made, watch) = match name {
        Some(name) => created(app, name, wish)?,
        None => minted(app, wish)?,
    };
    app.pause();
    let ended = watch.run(&command, &env, &made.token);
    if let Err(failure) = revoke(app, &made) {
        return Err(left_alive(&made, &ended, &failure));
    }
    app.exit_with(ended?);
    Ok(())
}

/// An app token. Signals are kept from before there is one.
fn created(app: &mut App, name: AppName, wish: WishArgs) -> Result<(Made, Watch), Failure> {
    let request = wish.request(name)?;
    let caller = app.caller()?;
    let act = app.act()?;
    let watch = Watch::begin()?;
    let store = app.store()?;
    let issued = authority::issue(store, &act, &caller, &request)?;
    let (id, by, store) = (issued.record.id, caller.user.id, store.id()?);
    Ok((Made { token: issued.token, id, by, store }, watch))
}

/// A recorded test token. Signals are kept from before there is one.
fn minted(app: &mut App, wish: WishArgs) -> Result<(Made, Watch), Failure> {
    let claims = wish.file(app)?;
    let mut mint = wish.wish(app)?;
    mint.identify();
    let told = Told::alike(claims, 1);
    mint.end = mint.end.or_an_hour();
    mint.record = true;
    let minter = app.minter()?;
    let act = app.act()?;
    let watch = Watch::begin()?;
    let store = app.store()?;
    let (mut minting, mut hand) = Minting::begin(store, &act, &minter, mint, told)?;
    let made = minting.next(store, &mut hand)?.pop();
    let Some((token, id)) = made.and_then(|made| Some((made.token, made.id?))) else {
        return Err(internal("the token was not recorded"));
    };
    let store = store.id()?;
    if hand.is_new_secret {
        app.warning(NEW_SECRET);
    }
    Ok((Made { token, id, by: minter.user.id, store }, watch))
}

fn revoke(app: &mut App, made: &Made) -> Result<(), Failure> {
    let act = app.act()?;
    let store = app.store()?;
    if store.id()? != made.store {
        return Err(internal("another store is in the place of its own"));
    }
    Ok(authority::take_back(store, &act, Some(made.by), &[made.id], Over::Used)?)
}

/// What is said of a token that still lives, and of how the command ended.
fn left_alive(made: &Made, ended: &Result<u8, Failure>, why: &Failure) -> Failure {
    let (code, how) = match ended {
        Ok(code) => (Some(code), format!("the command ended with {code}")),
        Err(failure) => (None, failure.message.clone()),
    };
    let id = made.id;
    let message = format!("{how}, and token {id} could not be revoked: {}", why.message);
    let is_unknown = why.kind == Kind::OutcomeUnknown;
    let failure =
        if is_unknown { Failure::new(why.kind, why.code, message) } else { internal(message) };
    let mut failure = failure.with_hint(format!("revoke it: jeton token revoke {id}"));
    failure.details.insert("token_id".to_owned(), json!(id));
    failure.details.insert("command_exit_code".to_owned(), json!(code));
    failure
}

fn internal(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Internal, "internal", message)
}

/// The name of the variable, if it may hold a token.
fn variable(text: &str) -> Result<String, Invalid> {
    token_variable(text).map(|()| text.to_owned())
}
