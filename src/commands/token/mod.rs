//! `jeton token …`

mod create;
mod decode;
pub(super) mod external_key;
mod file_options;
mod fixtures;
mod inspect;
mod introspect;
mod list;
mod manifest;
mod mint;
pub(super) mod mint_options;
mod named_output;
pub(super) mod named_tokens;
mod presets;
mod renew;
mod revoke;
mod show;
pub(super) mod test_token_args;
pub(super) mod token_file;
mod token_output;
mod verification_keys;
mod verify;
mod verify_batch;
mod verify_output;

use crate::app::App;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::tokens::Expiry;
use crate::authority::{self, RejectReason};
use crate::commands::command::command_group;
use crate::failure::Failure;
use crate::model::{ExtraClaims, InvalidValue, Lifetime, TimeSpec, TokenSelector};
use secrecy::SecretString;

command_group! {
    /// Create, inspect, verify and revoke tokens
    pub(crate) enum Commands {
        Create(create::Args),
        Mint(mint::Args),
        #[command(alias = "fixture")]
        Fixtures(fixtures::Args),
        #[command(alias = "preset")]
        Presets(presets::Args),
        Inspect(inspect::Args),
        Introspect(introspect::Args),
        Decode(decode::Args),
        Verify(verify::Args),
        #[command(alias = "ls")]
        List(list::Args),
        Show(show::Args),
        #[command(alias = "rotate")]
        Renew(renew::Args),
        #[command(aliases = ["rm", "delete"])]
        Revoke(revoke::Args),
    }
}

/// Options for claims without a dedicated option.
#[derive(Debug, clap::Args)]
struct ClaimArgs {
    /// Additional claim with a text value; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,

    /// Additional claim with a JSON value; repeatable
    #[arg(long, value_name = "NAME=JSON")]
    claim_json: Vec<String>,
}

impl ClaimArgs {
    /// Parses the claims. Prints a hint for each claim of `--claim` whose text is usually meant as
    /// JSON.
    fn parse_claims(&self, app: &App) -> Result<ExtraClaims, Failure> {
        for name in ExtraClaims::parse(&self.claim, &[])?.json_like_names() {
            app.console
                .print_hint(&format!("the claim `{name}` is text; for JSON, use `--claim-json`"));
        }
        Ok(ExtraClaims::parse(&self.claim, &self.claim_json)?)
    }
}

/// Options for the expiry of a token.
#[derive(Debug, clap::Args)]
struct ExpiryArgs {
    /// Lifetime: `90s`, `15m`, `12h`, `7d`, `2w` or `1d12h`
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse, conflicts_with = "expires_at")]
    ttl: Option<Lifetime>,

    /// Expiry time (`exp`): RFC 3339, a date, Unix seconds, `now`, `+1h` or `-1h`
    #[arg(long, alias = "exp", value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    expires_at: Option<TimeSpec>,
}

impl ExpiryArgs {
    fn expiry(&self) -> Expiry {
        match (self.ttl, self.expires_at) {
            (Some(lifetime), _) => Expiry::After(lifetime),
            (None, Some(time)) => Expiry::At(time),
            (None, None) => Expiry::Default,
        }
    }
}

/// Argument for the token that a command reads.
#[derive(Debug, clap::Args)]
struct TokenArgs {
    /// Token, `-` for standard input, or `@FILE` [default: `--token-file`, `JETON_TOKEN` or
    /// `JETON_TOKEN_FILE`]. Other users of the machine can see arguments
    #[arg(value_name = "TOKEN", add = crate::commands::completers::token_files())]
    token: Option<String>,
}

impl TokenArgs {
    /// Returns the name of the argument if its value is `-`, standard input.
    fn stdin_argument(&self) -> Option<&'static str> {
        self.token.as_deref().filter(|token| *token == "-").map(|_| "TOKEN")
    }

    /// Reads the token from the source that the argument gives. Without the argument, reads the
    /// token from `--token-file` or the environment.
    fn read(&self, app: &App) -> Result<SecretString, Failure> {
        app.console.read_token_argument("TOKEN", self.token.as_deref())
    }
}

/// Converts an error from the verification of a token with the keys of the store. If the token
/// names no key of the store, adds a hint about third-party tokens, unless the error already has a
/// hint.
fn with_third_party_token_hint(error: authority::Error) -> Failure {
    let is_key_unknown = matches!(
        &error,
        authority::Error::TokenRejected { reasons, .. }
            if reasons.first().is_some_and(|first| first.reason == RejectReason::UnknownKey)
    );
    let failure = Failure::from(error);
    if !is_key_unknown || failure.hint.is_some() {
        return failure;
    }
    failure.with_hint(
        "for a token that was signed elsewhere, use `jeton token verify` with `--jwks`, `--key` or \
         `--secret-env`, or `jeton token decode` without verification",
    )
}

/// Splits `name=value` into name and value. Refuses an empty name.
fn parse_pair(text: &str) -> Result<(String, String), InvalidValue> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| InvalidValue::new("value", "not in the format `name=value`"))
}

/// Returns the audit target for a token id, `jti` or token; `None` for any other `word`, such as
/// `-` or `@FILE`.
fn parse_token_target(word: &str) -> Option<RequestedTarget> {
    TokenSelector::parse(word).ok().map(RequestedTarget::Token)
}
