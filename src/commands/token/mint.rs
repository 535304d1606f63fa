//! `jeton token mint`

use super::external_key::ExternalKey;
use super::mint_options::MintOptions;
use super::named_output::NamedOutput;
use super::named_tokens::{NamedJobs, NamedOptions, TokenDestination};
use super::test_token_args::NEW_SECRET_WARNING;
use super::token_file::NamedTokenFileArgs;
use super::token_output::TokenDelivery;
use crate::app::{App, OutputFormat, SecretOutput};
use crate::authority::audit_context::RequestedTarget;
use crate::authority::minting::{ClaimRows, MintJob};
use crate::commands::args::{
    DEFAULT_TOKEN_VARIABLE, number, parse_token_variable_name, stdin_argument,
};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use std::path::PathBuf;

/// Mint test tokens: any claims, signed with a test key
///
/// A test token never authenticates to jeton and is never accepted as an app token. Without
/// `--record`, a token is not listed, and can be revoked only by value, if a key of the store signed
/// it and it has a `jti`. Services verify tokens of asymmetric test keys with the output of
/// `jeton keys export --jwks --purpose test`. The default lifetime is that of the preset, otherwise
/// one hour; use `--defect missing_exp` for a token without `exp`. A CI job can mint without a login if
/// `JETON_TOKEN` is an app token with the permission `jeton:mint`. `--secret-env` and `--key-file` need
/// no store.
///
/// Precedence of claims, highest first: `--claim` and `--claim-json`; options such as `--scope`, if
/// the preset has no parameter for the claim; `--claims`; the preset with its parameters, and the
/// lifetime.
///
/// With `--file`, mints all tokens in a TOML file, or only the tokens with the given names. The file
/// has one table `[tokens.NAME]` for each token, with options of this command. `-o dotenv` prints
/// `NAME=TOKEN` lines. In GitHub Actions, `-o github` sets the variables for the next steps of the job.
///
///   jeton token mint --sub alice --aud api --claim-json 'roles=["admin"]'
///   jeton token mint --sub alice --expires-at 2020-01-01T00:00:00Z
///   jeton token mint --preset flask --secret-env JWT_SECRET_KEY --alg HS256 --sub 7 --set fresh=true
///   jeton token mint --from users.csv -o jsonl > tokens.jsonl
///   jeton token mint --file tokens.toml --allow-env JWT_SECRET_KEY -o github
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    mut_arg("file", |file| {
        file.conflicts_with_all(["issued_at", "not_before", "record", "defect", "count", "from"])
    }),
    mut_group("key_input", |group| group.arg("file"))
)]
pub(crate) struct Args {
    /// Names of the tokens in the file to mint [default: all]
    #[arg(value_name = "NAME", requires = "file")]
    names: Vec<String>,

    #[command(flatten)]
    options: MintOptions,

    /// Number of tokens; a generated `jti` is unique for each token; at most 100000 with `-o json`
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=u32::MAX), conflicts_with_all = ["from", "no_jti"])]
    count: Option<u32>,

    /// Mint a token for each row of this JSON Lines or CSV file (`-` for standard input); CSV
    /// columns are text claims, except the times `exp`, `nbf` and `iat`; at most 128 KiB per row, and
    /// at most 100000 rows with `-o json`
    #[arg(long, value_name = "FILE", conflicts_with = "claims_input", value_parser = crate::commands::args::input_path())]
    from: Option<PathBuf>,

    /// Variable for the token with `-o dotenv` or `-o github`; variables that affect the loader, a
    /// shell or a runtime are refused [default: API_TOKEN]
    #[arg(long, value_name = "NAME", value_parser = parse_token_variable_name)]
    env: Option<String>,

    #[command(flatten)]
    named_token_file: NamedTokenFileArgs,
}

impl Command for Args {
    const ACTION: &'static str = "token mint";
    const EFFECT: Effect = Effect::Changes;
    const FORMATS: &'static [OutputFormat] = &[
        OutputFormat::Text,
        OutputFormat::Json,
        OutputFormat::JsonLines,
        OutputFormat::Dotenv,
        OutputFormat::Github,
    ];

    fn stdin_arguments(&self) -> Vec<&'static str> {
        let from = stdin_argument("--from", self.from.as_ref());
        let MintOptions { key, test_token, .. } = &self.options;
        let file = self.named_token_file.stdin_argument();
        let inputs = [key.stdin_argument(), test_token.stdin_argument(), from, file];
        inputs.into_iter().flatten().collect()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        self.options.test_token.audit_target()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.named_token_file.file().is_some() || self.writes_variables(app)? {
            return mint_named(app, self);
        }
        let output = SecretOutput::open()?;
        let is_bulk = self.from.is_some() || self.count.is_some();
        let key_bytes = self.options.key.read_key_bytes(app)?;
        let claim_rows = read_claim_rows(app, &self)?;
        let bulk_count = is_bulk.then(|| claim_rows.count());
        let mint_only = self.options.mint_only_options();
        let MintOptions { test_token, key: key_args, .. } = self.options;
        if let Some(bytes) = key_bytes {
            let now = app.store.now()?;
            let (request, ExternalKey { key, kid }) =
                test_token.into_external_request(app, &key_args, &bytes)?;
            let request = mint_only.apply(request);
            let job = MintJob::with_external_key(now, &key, kid.as_ref(), request, claim_rows)?;
            // A token that an external key signs cannot be recorded.
            let is_recorded = false;
            let mut delivery = TokenDelivery::start(app, output, bulk_count, is_recorded)?;
            let check = delivery.interruption_check();
            let result = job.mint_all_with_external_key(&key, kid.as_ref(), &check, |tokens| {
                delivery.deliver(app, &tokens)
            });
            return delivery.finish(app, result);
        }
        let is_recorded = mint_only.records_tokens();
        let error_converter = test_token.store_key_error_converter();
        let request = mint_only.apply(test_token.into_store_request(app)?);
        let minter = app.minter()?;
        let (store, audit) = app.store.open_with_audit()?;
        let previous_key = None;
        let (job, mut job_key) =
            MintJob::with_store_key(store, &audit, &minter, request, claim_rows, previous_key)
                .map_err(|error| error_converter.to_failure(error))?;
        if job_key.is_new_secret {
            app.console.print_warning(NEW_SECRET_WARNING);
        }
        let mut delivery = TokenDelivery::start(app, output, bulk_count, is_recorded)?;
        let check = delivery.interruption_check();
        let result = job.mint_all(
            app,
            &mut job_key,
            |app| app.store.get(),
            &check,
            |app, tokens| delivery.deliver(app, &tokens),
        );
        delivery.finish(app, result)
    }
}

impl Args {
    /// Returns whether the output format assigns the token to an environment variable. With such a
    /// format, refuses `--from` and a `--count` above 1. With any other format, refuses `--env`.
    /// Called only without `--file`.
    fn writes_variables(&self, app: &App) -> Result<bool, Failure> {
        let is_variable_format =
            matches!(app.console.output_format(), OutputFormat::Dotenv | OutputFormat::Github);
        let allows_several_tokens = self.from.is_some() || self.count.is_some_and(|n| n > 1);
        if is_variable_format && allows_several_tokens {
            let message =
                "`--from` or `--count` above 1 found, expected one token for the variable";
            return Err(Failure::usage(message)
                .with_hint("use `-o jsonl`, or describe the tokens in a file for `--file`"));
        }
        if self.env.is_some() && !is_variable_format {
            let message = "`--env` requires `-o dotenv` or `-o github`";
            return Err(Failure::usage(message).with_hint("add `-o dotenv`"));
        }
        Ok(is_variable_format)
    }
}

/// Mints and delivers the tokens of `--file`. Without `--file`, mints and delivers one token for
/// the variable in `--env`, by default [`DEFAULT_TOKEN_VARIABLE`].
fn mint_named(app: &mut App, args: Args) -> Result<(), Failure> {
    let Args { names, options, env, named_token_file, .. } = args;
    let named_options = named_token_file.read(app, &names, options.key.allow_weak)?;
    let named_options = named_options.unwrap_or_else(|| {
        let name = env.unwrap_or_else(|| DEFAULT_TOKEN_VARIABLE.to_owned());
        vec![NamedOptions { name, options, position: None }]
    });
    let output = NamedOutput::open(app)?;
    let tokens = NamedJobs::prepare(app, named_options, TokenDestination::Output)?.mint(app)?;
    output.deliver(app, tokens)
}

/// Maximum number of tokens in one JSON document, which is kept in memory until the last token is
/// minted.
const MAX_TOKENS_PER_DOCUMENT: usize = 100_000;

/// Reads the claims of each token from the rows of `--from`. Without `--from`, returns the claims
/// of `--claims` for each of the `--count` tokens. Refuses too many tokens for one JSON document.
fn read_claim_rows(app: &App, args: &Args) -> Result<ClaimRows, Failure> {
    let claim_rows = if let Some(path) = &args.from {
        app.console.read_rows("--from", path, |rows| Ok(ClaimRows::read(rows)?))?
    } else {
        let count = usize::try_from(args.count.unwrap_or(1)).unwrap_or(usize::MAX);
        ClaimRows::repeat(args.options.test_token.read_claims(app)?, count)
    };
    if app.console.output_format() == OutputFormat::Json
        && claim_rows.count() > MAX_TOKENS_PER_DOCUMENT
    {
        let message =
            format!("too many tokens for one JSON document: at most {MAX_TOKENS_PER_DOCUMENT}");
        return Err(
            Failure::usage(message).with_hint("use `-o jsonl` to write one object per line")
        );
    }
    Ok(claim_rows)
}
