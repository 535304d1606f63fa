//! `jeton run`

use super::token::external_key::{ExternalKey, ExternalKeyArgs};
use super::token::test_token_args::{NEW_SECRET_WARNING, TestTokenArgs};
use crate::app::{App, SignalForwarder};
use crate::authority;
use crate::authority::audit_context::AuditTarget;
use crate::authority::minting::{ClaimRows, MintJob};
use crate::authority::tokens::RevocationCause;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{AppName, InvalidValue, StoreId, TokenId, UserId, check_token_variable};
use secrecy::SecretString;
use serde_json::json;
use std::ffi::OsString;

/// Run a command with a token that is revoked when the command exits
///
/// The command and its child processes get the token in the environment variable API_TOKEN. By
/// default, the token is a test token with a lifetime of one hour. Claims are set with the options
/// of `jeton token mint`. The token is recorded so that it can be revoked: it is signed by a test
/// key of the store, and its `jti` is a UUID, even if the preset sets another `jti` or none. With
/// `--app`, the token is one of your own app tokens and counts towards your quota.
///
/// When the command ends, for any reason, the token and any renewal of it are revoked. Services that
/// verify only with exported keys do not see the revocation.
///
/// `--secret-env` and `--key-file` sign with a key of your own and need neither store nor login. Such a
/// token is not recorded and cannot be revoked.
///
/// Signals are forwarded to the command, except KILL and fault signals (BUS, FPE, ILL, SEGV), which
/// end jeton without revoking the token. The exit code is that of the command, 128 plus the signal
/// number after a fatal signal, 127 if the command is not found, or 126 if the command is not
/// executable. If the token cannot be revoked, the error names the token and the exit code is 1.
/// `JETON_TOKEN`, `JETON_TOKEN_FILE` and `JETON_PASSWORD` are removed from the command's
/// environment. All other variables stay, including the secret that `--secret-env` names.
///
///   jeton run --aud api --scope 'read write' -- pytest
///   jeton run --preset flask --secret-env JWT_SECRET_KEY -- pytest
///   jeton run --app smoke --permission read --env SMOKE_TOKEN -- ./smoke.sh
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Command with arguments
    #[arg(last = true, required = true, value_name = "COMMAND", add = crate::commands::completers::command_line())]
    command: Vec<OsString>,

    /// Environment variable for the token; variables that affect the loader, a shell or a runtime are
    /// refused (PATH, LD_*, BASH_ENV, NODE_OPTIONS, PYTHON*, GITHUB_*, …)
    #[arg(long, value_name = "NAME", default_value = "API_TOKEN", value_parser = parse_token_variable)]
    env: String,

    /// Create an app token for this application instead of a test token
    #[arg(long, value_name = "NAME", value_parser = AppName::parse, add = crate::commands::completers::apps(), conflicts_with_all = ["TestOnlyArgs", "external_key"])]
    app: Option<AppName>,

    #[command(flatten)]
    test_token: TestTokenArgs,

    #[command(flatten)]
    key: ExternalKeyArgs,
}

/// Token of the child process, with the creator of the token and its store.
struct ChildToken {
    token: SecretString,
    id: TokenId,
    created_by: UserId,
    store_id: StoreId,
}

impl Command for Args {
    const ACTION: &'static str = "run";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        let inputs = [self.key.stdin_argument(), self.test_token.stdin_argument()];
        inputs.into_iter().flatten().collect()
    }

    fn audit_target(&self) -> Option<AuditTarget> {
        self.test_token.audit_target()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let Args { command, env, app: app_name, test_token, key } = self;
        if let Some(bytes) = key.read_key(app)? {
            let token = mint_with_external_key(app, test_token, &key, &bytes)?;
            app.exit_code = SignalForwarder::install()?.run(&command, &env, &token)?;
            return Ok(());
        }
        let (child_token, forwarder) = match app_name {
            Some(app_name) => create_app_token(app, app_name, test_token)?,
            None => mint_test_token(app, test_token)?,
        };
        app.store.release();
        let exit_result = forwarder.run(&command, &env, &child_token.token);
        if let Err(failure) = revoke_child_token(app, &child_token) {
            return Err(unrevoked_token_error(&child_token, &exit_result, &failure));
        }
        app.exit_code = exit_result?;
        Ok(())
    }
}

/// Creates an app token. Installs the signal handlers first, so that no signal can end jeton before
/// the revocation.
fn create_app_token(
    app: &mut App,
    app_name: AppName,
    test_token: TestTokenArgs,
) -> Result<(ChildToken, SignalForwarder), Failure> {
    let request = test_token.into_app_token_request(app, app_name)?;
    let caller = app.caller()?;
    let (store, audit) = app.store.open()?;
    let forwarder = SignalForwarder::install()?;
    let issued_token = authority::tokens::issue(store, &audit, &caller, &request)?;
    let (id, created_by, store_id) = (issued_token.record.id, caller.user.id, store.id()?);
    Ok((ChildToken { token: issued_token.token, id, created_by, store_id }, forwarder))
}

/// Mints and records a test token. Installs the signal handlers first, so that no signal can end
/// jeton before the revocation.
fn mint_test_token(
    app: &mut App,
    test_token: TestTokenArgs,
) -> Result<(ChildToken, SignalForwarder), Failure> {
    test_token.ensure_jti()?;
    let claims = test_token.read_claims(app)?;
    let errors = test_token.store_key_errors();
    let mut request = test_token.into_store_request(app)?;
    request.assign_jti();
    let claim_rows = ClaimRows::repeat(claims, 1);
    request.expiry = request.expiry.with_one_hour_default();
    request.record = true;
    let minter = app.minter()?;
    let (store, audit) = app.store.open()?;
    let forwarder = SignalForwarder::install()?;
    let (job, mut job_key) = MintJob::with_store_key(store, &audit, &minter, request, claim_rows)
        .map_err(|error| errors.to_failure(error))?;
    let recorded = job.mint_one(store, &mut job_key)?;
    let Some((token, id)) = recorded.and_then(|minted| Some((minted.token, minted.id?))) else {
        return Err(internal_error("the token was not recorded"));
    };
    let store_id = store.id()?;
    if job_key.is_new_secret {
        app.console.print_warning(NEW_SECRET_WARNING);
    }
    Ok((ChildToken { token, id, created_by: minter.user.id, store_id }, forwarder))
}

/// Mints a test token with an external key, without a record, and states its expiry.
fn mint_with_external_key(
    app: &App,
    test_token: TestTokenArgs,
    key_args: &ExternalKeyArgs,
    bytes: &[u8],
) -> Result<SecretString, Failure> {
    let claim_rows = ClaimRows::repeat(test_token.read_claims(app)?, 1);
    let now = app.store.now()?;
    let (mut request, ExternalKey { key, kid }) =
        test_token.into_external_request(app, key_args, bytes)?;
    request.expiry = request.expiry.with_one_hour_default();
    let job = MintJob::with_external_key(now, &key, kid.as_ref(), request, claim_rows)?;
    let mut minted = None;
    job.mint_all_with_external_key(&key, kid.as_ref(), |tokens| {
        minted = tokens.into_single();
        Ok::<_, Failure>(())
    })?;
    let minted = minted.ok_or_else(|| internal_error("no token was minted"))?;
    let expiry = match minted.expires_at {
        Some(time) => format!("expires at {}", app.console.render_cell(time)),
        None => "never expires".to_owned(),
    };
    app.console.print_warning(&format!("the token cannot be revoked and {expiry}"));
    Ok(minted.token)
}

fn revoke_child_token(app: &mut App, child_token: &ChildToken) -> Result<(), Failure> {
    let (store, audit) = app.store.open()?;
    if store.id()? != child_token.store_id {
        return Err(internal_error("the store of the token was replaced by another store"));
    }
    Ok(authority::tokens::revoke_issued(
        store,
        &audit,
        Some(child_token.created_by),
        &[child_token.id],
        RevocationCause::ChildExited,
    )?)
}

/// Returns the error for a token that could not be revoked. Message and details contain the exit status
/// of the child command.
fn unrevoked_token_error(
    child_token: &ChildToken,
    exit_result: &Result<u8, Failure>,
    cause: &Failure,
) -> Failure {
    let (code, exit_description) = match exit_result {
        Ok(code) => (Some(code), format!("the command exited with {code}")),
        Err(failure) => (None, failure.message.clone()),
    };
    let id = child_token.id;
    let message =
        format!("{exit_description}, and token {id} could not be revoked: {}", cause.message);
    let is_outcome_unknown = cause.code == Code::OutcomeUnknown;
    let error_code = if is_outcome_unknown { cause.code } else { Code::Internal };
    let mut failure =
        Failure::new(error_code, message).with_hint(format!("revoke it: jeton token revoke {id}"));
    failure.details.insert("token_id".to_owned(), json!(id));
    failure.details.insert("command_exit_code".to_owned(), json!(code));
    failure
}

fn internal_error(message: impl Into<String>) -> Failure {
    Failure::new(Code::Internal, message)
}

/// Parses the name of an environment variable that may hold a token.
fn parse_token_variable(text: &str) -> Result<String, InvalidValue> {
    check_token_variable(text).map(|()| text.to_owned())
}
