//! `jeton token mint`

use super::external_key::{ExternalKey, ExternalKeyArgs};
use super::test_token_args::{NEW_SECRET_WARNING, TestTokenArgs};
use super::token_output::TokenDelivery;
use crate::app::{App, OutputFormat, SecretOutput};
use crate::authority::audit_context::AuditTarget;
use crate::authority::minting::{ClaimRows, Defect, MintJob, MintRequest};
use crate::commands::args::{number, stdin_path};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{InvalidValue, Lifetime, TimeSpec};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// Mint test tokens: any claims, signed with a test key
///
/// A test token never authenticates to jeton and is never accepted as an app token. Without
/// `--record`, a token is not listed and can be revoked only by value. Services verify test tokens
/// with the keys of `jeton keys export --jwks --purpose test`. The default lifetime is that of the
/// preset, otherwise one hour; use `--defect missing_exp` for a token without `exp`. `--claims`
/// overrides other options; `--claim` overrides both `--claims` and the other options. A CI job
/// can mint without a login if `JETON_TOKEN` is an app token with the permission `jeton:mint`.
/// `--secret-env` and `--key-file` need no store.
///
///   jeton token mint --sub alice --aud api --claim-json 'roles=["admin"]'
///   jeton token mint --sub alice --expires-at 2020-01-01T00:00:00Z
///   jeton token mint --preset flask --secret-env JWT_SECRET_KEY --alg HS256 --sub 7 --set fresh=true
///   jeton token mint --from users.csv -o jsonl > tokens.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, mut_arg("ttl", |ttl| ttl.value_parser(parse_mint_ttl)))]
pub(crate) struct Args {
    #[command(flatten)]
    test_token: TestTokenArgs,

    /// Issue time (`iat`), in the formats of `--expires-at` [default: now]
    #[arg(long, alias = "iat", value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    issued_at: Option<TimeSpec>,

    /// Start of validity (`nbf`), in the formats of `--expires-at`
    #[arg(long, alias = "nbf", value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    not_before: Option<TimeSpec>,

    #[command(flatten)]
    key: ExternalKeyArgs,

    /// Number of tokens, each with a unique `jti`; at most 100000 with `-o json`
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=u32::MAX), conflicts_with_all = ["from", "no_jti"])]
    count: Option<u32>,

    /// Mint a token for each row of this JSON Lines or CSV file (`-` for standard input); CSV
    /// columns are text claims, except the times `exp`, `nbf` and `iat`; at most 128 KiB per row
    #[arg(long, value_name = "FILE", conflicts_with = "claims_file", value_parser = crate::commands::args::input_path())]
    from: Option<PathBuf>,

    /// Record the token, so that it can be listed and revoked by id
    #[arg(long, conflicts_with_all = ["external_key", "no_jti"])]
    record: bool,

    /// Mint a negative test token with this single defect
    #[arg(long, value_name = "DEFECT", value_parser = defect_parser(), conflicts_with = "record")]
    defect: Option<Defect>,
}

/// Parses the lifetime; a negative lifetime gets a hint to expired tokens.
fn parse_mint_ttl(text: &str) -> Result<Lifetime, InvalidValue> {
    let age = text.strip_prefix('-').and_then(|age| Lifetime::parse(age).ok());
    Lifetime::parse(text).map_err(|invalid| match age.map(TimeSpec::expired_since) {
        Some(Some(age)) => invalid.with_hint(format!(
            "for an expired token, use `--defect expired` or `--expires-at {age}`"
        )),
        Some(None) => invalid.with_hint("for an expired token, use `--defect expired`"),
        None => invalid,
    })
}

fn defect_parser() -> impl TypedValueParser<Value = Defect> {
    let names = Defect::ALL.iter().map(|defect| defect.name());
    PossibleValuesParser::new(names).try_map(|name| Defect::parse(&name))
}

impl Command for Args {
    const ACTION: &'static str = "token mint";
    const EFFECT: Effect = Effect::Changes;
    const FORMATS: &'static [OutputFormat] =
        &[OutputFormat::Text, OutputFormat::Json, OutputFormat::JsonLines];

    fn stdin_arguments(&self) -> Vec<&'static str> {
        let from = stdin_path("--from", self.from.as_ref());
        let inputs = [self.key.stdin_argument(), self.test_token.stdin_argument(), from];
        inputs.into_iter().flatten().collect()
    }

    fn audit_target(&self) -> Option<AuditTarget> {
        self.test_token.audit_target()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let output = SecretOutput::open()?;
        let is_bulk = self.from.is_some() || self.count.is_some();
        let key_bytes = self.key.read_key(app)?;
        let claim_rows = read_claim_rows(app, &self)?;
        if let Some(bytes) = key_bytes {
            let now = app.store.now()?;
            let options = JobOptions::new(&self);
            let (request, ExternalKey { key, kid }) =
                self.test_token.into_external_request(app, &self.key, &bytes)?;
            let request = options.apply(request);
            let job = MintJob::with_external_key(now, &key, kid.as_ref(), request, claim_rows)?;
            let mut delivery = TokenDelivery::start(output, is_bulk)?;
            let result = job.mint_all_with_external_key(&key, kid.as_ref(), |tokens| {
                delivery.deliver(app, &tokens)
            });
            return delivery.finish(app, result);
        }
        let options = JobOptions::new(&self);
        let errors = self.test_token.store_key_errors();
        let request = options.apply(self.test_token.into_store_request(app)?);
        let minter = app.minter()?;
        let (store, audit) = app.store.open()?;
        let (job, mut job_key) =
            MintJob::with_store_key(store, &audit, &minter, request, claim_rows)
                .map_err(|error| errors.to_failure(error))?;
        if job_key.is_new_secret {
            app.console.print_warning(NEW_SECRET_WARNING);
        }
        let mut delivery = TokenDelivery::start(output, is_bulk)?;
        let result = job.mint_all(
            app,
            &mut job_key,
            |app| app.store.get(),
            |app, tokens| delivery.deliver(app, &tokens),
        );
        delivery.finish(app, result)
    }
}

/// Maximum number of tokens in one JSON document, which is kept in memory until the last token is
/// minted.
const MAX_TOKENS_PER_DOCUMENT: usize = 100_000;

fn read_claim_rows(app: &App, args: &Args) -> Result<ClaimRows, Failure> {
    let claim_rows = if let Some(path) = &args.from {
        ClaimRows::read(app.console.open_rows_file("--from", path)?)?
    } else {
        let count = usize::try_from(args.count.unwrap_or(1)).unwrap_or(usize::MAX);
        ClaimRows::repeat(args.test_token.read_claims(app)?, count)
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

/// Options of a request that only `mint` has.
struct JobOptions {
    issued_at: Option<TimeSpec>,
    not_before: Option<TimeSpec>,
    record: bool,
    defect: Option<Defect>,
}

impl JobOptions {
    fn new(args: &Args) -> Self {
        let Args { issued_at, not_before, record, defect, .. } = *args;
        Self { issued_at, not_before, record, defect }
    }

    fn apply(self, mut request: MintRequest) -> MintRequest {
        request.issued_at = self.issued_at;
        request.not_before = self.not_before;
        request.record = self.record;
        request.defect = self.defect;
        request
    }
}
