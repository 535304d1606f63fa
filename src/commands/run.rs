//! `jeton run`

use super::args::{DEFAULT_TOKEN_VARIABLE, parse_token_variable_name};
use super::token::external_key::ExternalKeyArgs;
use super::token::mint_options::MintOptions;
use super::token::named_tokens::{
    NamedJobs, NamedOptions, NamedToken, TokenDestination, recorded_ids,
};
use super::token::test_token_args::TestTokenArgs;
use super::token::token_file::NamedTokenFileArgs;
use crate::app::{App, SignalForwarder};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::tokens::RevocationCause;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{AppName, StoreId, TokenId};
use secrecy::SecretString;
use serde_json::json;
use std::ffi::OsString;

/// Run a command with a token that is revoked when the command exits
///
/// The command and its child processes get the token in the environment variable API_TOKEN (see
/// `--env`). By default, the token is a test token with a lifetime of one hour. Claims are set with
/// the options of `jeton token mint`. The token is recorded so that it can be revoked: it is signed by
/// a test key of the store, and its `jti` is a UUID, even if the preset sets another `jti` or none.
/// With `--app`, the token is one of your own app tokens and counts towards your quota.
///
/// When the command ends, for any reason, the recorded tokens and any renewals are revoked. Services
/// that verify only with exported keys do not see the revocation.
///
/// `--secret-env` and `--key-file` sign with a key of your own and need neither store nor login. Such a
/// token is not recorded and cannot be revoked.
///
/// With `--file`, the command gets a variable for each token of a TOML file: the table `[tokens.NAME]`
/// describes the token in the variable NAME, with the options of `jeton token mint` as keys. A token
/// with a `defect` is not recorded, because services refuse it.
///
/// Signals are forwarded to the command, except KILL and fault signals (BUS, FPE, ILL, SEGV), which
/// end jeton without revoking the token. The exit code is that of the command, 128 plus the signal
/// number after a fatal signal, 127 if the command is not found, or 126 if the command is not
/// executable. If the token cannot be revoked, the error names the token and the exit code is 1,
/// or 74 if the token may have been revoked. As process 1 of a container, jeton reaps orphaned
/// processes.
///
/// `JETON_TOKEN`, `JETON_TOKEN_FILE`, `JETON_PASSWORD` and `PGPASSWORD` are removed from the command's
/// environment, and so is the password in `JETON_STORE`. All other variables stay, including the secret
/// that `--secret-env` names.
///
///   jeton run --aud api --scope 'read write' -- pytest
///   jeton run --preset flask --secret-env JWT_SECRET_KEY -- pytest
///   jeton run --app smoke --permission read --env SMOKE_TOKEN -- ./smoke.sh
///   jeton run --file tokens.toml --allow-env JWT_SECRET_KEY -- pytest
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, mut_group("key_input", |group| group.arg("file")))]
pub(crate) struct Args {
    /// Command with arguments
    #[arg(last = true, required = true, value_name = "COMMAND", add = crate::commands::completers::command_line())]
    command: Vec<OsString>,

    /// Environment variable for the token; variables that affect the loader, a shell or a runtime are
    /// refused (PATH, LD_*, BASH_ENV, NODE_OPTIONS, PYTHON*, GITHUB_*, …)
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TOKEN_VARIABLE, value_parser = parse_token_variable_name)]
    env: String,

    /// Create an app token for this application instead of a test token
    #[arg(long, value_name = "NAME", value_parser = AppName::parse, add = crate::commands::completers::apps(), conflicts_with_all = ["TestOnlyArgs", "external_key", "file"])]
    app: Option<AppName>,

    #[command(flatten)]
    test_token: TestTokenArgs,

    #[command(flatten)]
    key: ExternalKeyArgs,

    #[command(flatten)]
    named_token_file: NamedTokenFileArgs,
}

/// Tokens for the command that `jeton run` starts, the child process.
struct ChildTokens {
    /// Names of the environment variables, with the tokens as values.
    variables: Vec<(String, SecretString)>,
    /// Ids of the recorded tokens.
    recorded_token_ids: Vec<TokenId>,
    /// Id of the store with the recorded tokens; `None` if no token is recorded.
    store_id: Option<StoreId>,
}

impl Command for Args {
    const ACTION: &'static str = "run";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        let file = self.named_token_file.stdin_argument();
        let inputs = [self.key.stdin_argument(), self.test_token.stdin_argument(), file];
        inputs.into_iter().flatten().collect()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        self.test_token.audit_target()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let Args { command, env, app: app_name, test_token, key, named_token_file } = self;
        let (child_tokens, forwarder) = if let Some(app_name) = app_name {
            create_app_token(app, env, app_name, test_token)?
        } else {
            // An empty list of names selects all tokens of the file.
            let named_options = named_token_file.read(app, &[], key.allows_weak_secrets())?;
            let named_options = named_options.unwrap_or_else(|| {
                let options = MintOptions::for_run(test_token, key);
                // `position` is a position in a file; these options are on the command line.
                vec![NamedOptions { name: env, options, position: None }]
            });
            mint_test_tokens(app, named_options)?
        };
        // The store is not open while the command runs.
        app.store.release();
        let exit_result = forwarder.run(&command, &child_tokens.variables);
        if let Err(failure) = revoke_child_tokens(app, &child_tokens) {
            return Err(unrevoked_tokens_error(
                &child_tokens.recorded_token_ids,
                &exit_result,
                &failure,
            ));
        }
        app.exit_code = exit_result?;
        Ok(())
    }
}

/// Creates an app token. Before that, installs handlers for the signals to forward, so that none of
/// these signals can end jeton before the token is revoked.
fn create_app_token(
    app: &mut App,
    variable: String,
    app_name: AppName,
    test_token: TestTokenArgs,
) -> Result<(ChildTokens, SignalForwarder), Failure> {
    let request = test_token.into_app_token_request(app, app_name)?;
    let caller = app.caller()?;
    let (store, audit) = app.store.open_with_audit()?;
    let forwarder = SignalForwarder::install()?;
    let issued_token = authority::tokens::issue(store, &audit, &caller, &request)?;
    let child_tokens = ChildTokens {
        recorded_token_ids: vec![issued_token.record.id],
        store_id: Some(store.id()?),
        variables: vec![(variable, issued_token.token)],
    };
    Ok((child_tokens, forwarder))
}

/// Mints test tokens. A token that a key of the store signs is recorded, unless the token has a
/// defect. Before minting, installs handlers for the signals to forward, so that none of these
/// signals can end jeton before the tokens are revoked.
fn mint_test_tokens(
    app: &mut App,
    named_options: Vec<NamedOptions>,
) -> Result<(ChildTokens, SignalForwarder), Failure> {
    let jobs = NamedJobs::prepare(app, named_options, TokenDestination::ChildProcess)?;
    if jobs.uses_store() {
        app.store.get()?.require_right_to_revoke()?;
    }
    let forwarder = SignalForwarder::install()?;
    let tokens = jobs.mint(app)?;
    warn_of_external_keys(app, &tokens);
    let recorded_token_ids = recorded_ids(&tokens);
    let store_id = if recorded_token_ids.is_empty() { None } else { Some(app.store.get()?.id()?) };
    let variables = tokens.into_iter().map(|token| (token.name, token.minted.token)).collect();
    Ok((ChildTokens { variables, recorded_token_ids, store_id }, forwarder))
}

/// Warns that tokens signed with an external key cannot be revoked. The warning has the latest
/// expiry of these tokens, or states that a token may never expire. Prints nothing if no token was
/// signed with an external key.
fn warn_of_external_keys(app: &App, tokens: &[NamedToken]) {
    let expiries: Vec<_> = tokens
        .iter()
        .filter(|token| token.is_signed_externally)
        .map(|token| token.minted.expires_at)
        .collect();
    // `None` if at least one of the tokens has no `exp`, or an `exp` that is not in whole seconds.
    let all_expiries = expiries.iter().copied().collect::<Option<Vec<_>>>();
    // `Some(None)` if no token has an external key.
    let latest_expiry = all_expiries.map(|times| times.into_iter().max());
    let latest_expiry = latest_expiry.map(|time| time.map(|time| app.console.render_cell(time)));
    app.console.print_warning(&match (expiries.len(), latest_expiry) {
        (_, Some(None)) => return,
        (1, Some(Some(time))) => format!("the externally signed token cannot be revoked and expires at {time}"),
        (1, None) => "the externally signed token cannot be revoked and may never expire".to_owned(),
        (count, Some(Some(time))) => {
            format!("{count} externally signed tokens cannot be revoked; the latest expiry is {time}")
        }
        (count, None) => {
            format!("{count} externally signed tokens cannot be revoked; at least one of the tokens may never expire")
        }
    });
}

/// Revokes the recorded tokens of the child process, and any renewals of these tokens. Fails if the
/// store is no longer the store in which the tokens were recorded.
fn revoke_child_tokens(app: &mut App, child_tokens: &ChildTokens) -> Result<(), Failure> {
    let Some(store_id) = child_tokens.store_id else { return Ok(()) };
    let actor = app.session.authenticated_user_id();
    let (store, audit) = app.store.open_with_audit()?;
    if store.id()? != store_id {
        let message = "the store was replaced by another store";
        return Err(Failure::new(Code::Internal, message));
    }
    let (ids, cause) = (&child_tokens.recorded_token_ids, RevocationCause::RunEnded);
    Ok(authority::tokens::revoke_issued(store, &audit, actor, ids, cause)?)
}

/// Returns the error for the tokens in `ids`, which could not be revoked because of `cause`. The
/// message and the details contain the exit code of the child command; if there is no exit code, the
/// message contains the failure in `exit_result`.
fn unrevoked_tokens_error(
    ids: &[TokenId],
    exit_result: &Result<u8, Failure>,
    cause: &Failure,
) -> Failure {
    let (exit_code, exit_description) = match exit_result {
        Ok(code) => (Some(code), format!("the command exited with code {code}")),
        Err(failure) => (None, failure.message.clone()),
    };
    let mut failure = Failure::unrevoked_tokens(&exit_description, ids, cause);
    failure.details.insert("command_exit_code".to_owned(), json!(exit_code));
    failure
}
