//! `jeton run`

use super::token::test_token_args::{NEW_SECRET_WARNING, TestTokenArgs};
use crate::app::{App, SignalForwarder};
use crate::authority::{self, ClaimRows, MintJob, RevocationCause};
use crate::failure::{Failure, Kind};
use crate::model::{AppName, InvalidValue, StoreId, TokenId, UserId, check_token_variable};
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
    #[arg(long, value_name = "NAME", default_value = "API_TOKEN", value_parser = parse_token_variable)]
    env: String,

    /// Not a test token, but one for this application
    #[arg(long, value_name = "NAME", value_parser = AppName::parse, conflicts_with = "TestOnlyArgs")]
    app: Option<AppName>,

    #[command(flatten)]
    test_token: TestTokenArgs,
}

/// A token, by its row; who made it, and where.
struct ChildToken {
    token: SecretString,
    id: TokenId,
    created_by: UserId,
    store_id: StoreId,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let Args { command, env, app: app_name, test_token } = args;
    let (child_token, forwarder) = match app_name {
        Some(app_name) => create_app_token(app, app_name, test_token)?,
        None => mint_test_token(app, test_token)?,
    };
    app.release_store();
    let exit_result = forwarder.run(&command, &env, &child_token.token);
    if let Err(failure) = revoke(app, &child_token) {
        return Err(unrevoked_token_error(&child_token, &exit_result, &failure));
    }
    app.set_exit_code(exit_result?);
    Ok(())
}

/// An app token. Signals are kept from before there is one.
fn create_app_token(
    app: &mut App,
    app_name: AppName,
    test_token: TestTokenArgs,
) -> Result<(ChildToken, SignalForwarder), Failure> {
    let request = test_token.into_app_token_request(app_name)?;
    let caller = app.caller()?;
    let context = app.audit_context()?;
    let forwarder = SignalForwarder::install()?;
    let store = app.store()?;
    let issued = authority::issue_token(store, &context, &caller, &request)?;
    let (id, created_by, store_id) = (issued.record.id, caller.user.id, store.id()?);
    Ok((ChildToken { token: issued.token, id, created_by, store_id }, forwarder))
}

/// A recorded test token. Signals are kept from before there is one.
fn mint_test_token(
    app: &mut App,
    test_token: TestTokenArgs,
) -> Result<(ChildToken, SignalForwarder), Failure> {
    let claims = test_token.read_claims_file(app)?;
    let mut request = test_token.into_mint_request(app)?;
    request.assign_jti();
    let claim_rows = ClaimRows::repeat(claims, 1);
    request.expiry = request.expiry.or_an_hour();
    request.record = true;
    let minter = app.minter()?;
    let context = app.audit_context()?;
    let forwarder = SignalForwarder::install()?;
    let store = app.store()?;
    let (mut job, mut job_key) =
        MintJob::with_store_key(store, &context, &minter, request, claim_rows)?;
    let token = job.next_batch(store, &mut job_key)?.pop();
    let Some((token, id)) = token.and_then(|minted| Some((minted.token, minted.id?))) else {
        return Err(internal_error("the token was not recorded"));
    };
    let store_id = store.id()?;
    if job_key.is_new_secret {
        app.print_warning(NEW_SECRET_WARNING);
    }
    Ok((ChildToken { token, id, created_by: minter.user.id, store_id }, forwarder))
}

fn revoke(app: &mut App, child_token: &ChildToken) -> Result<(), Failure> {
    let context = app.audit_context()?;
    let store = app.store()?;
    if store.id()? != child_token.store_id {
        return Err(internal_error("another store is in the place of its own"));
    }
    Ok(authority::revoke_issued(
        store,
        &context,
        Some(child_token.created_by),
        &[child_token.id],
        RevocationCause::ChildExited,
    )?)
}

/// What is said of a token that still lives, and of how the command ended.
fn unrevoked_token_error(
    child_token: &ChildToken,
    exit_result: &Result<u8, Failure>,
    cause: &Failure,
) -> Failure {
    let (code, exit_description) = match exit_result {
        Ok(code) => (Some(code), format!("the command ended with {code}")),
        Err(failure) => (None, failure.message.clone()),
    };
    let id = child_token.id;
    let message =
        format!("{exit_description}, and token {id} could not be revoked: {}", cause.message);
    let is_outcome_unknown = cause.kind == Kind::OutcomeUnknown;
    let failure = if is_outcome_unknown {
        Failure::new(cause.kind, cause.code, message)
    } else {
        internal_error(message)
    };
    let mut failure = failure.with_hint(format!("revoke it: jeton token revoke {id}"));
    failure.details.insert("token_id".to_owned(), json!(id));
    failure.details.insert("command_exit_code".to_owned(), json!(code));
    failure
}

fn internal_error(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Internal, "internal", message)
}

/// The name of the variable, if it may hold a token.
fn parse_token_variable(text: &str) -> Result<String, InvalidValue> {
    check_token_variable(text).map(|()| text.to_owned())
}
