//! `jeton token mint`

use super::test_token_args::{ExternalKeyArgs, NEW_SECRET_WARNING, TestTokenArgs};
use super::token_output;
use crate::app::{App, OutputFormat, SecretOutput};
use crate::authority::{ClaimRows, Defect, MintJob, MintRequest, MintedToken};
use crate::failure::Failure;
use crate::model::Timestamp;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// Mint test tokens: any claims, signed by a test key
///
/// A test token never logs in and never passes as an app token. Unless it is recorded nobody can
/// list it, and it can be revoked only by its value. Services check it with the keys of
/// `jeton keys export --jwks --purpose test`. It lives as long as the preset says, else an hour; one
/// without an end is `--defect missing_exp`. A file of claims replaces what other flags say, and
/// `--claim` replaces what would stand there in any case. A job needs no login for it: an app token
/// with the permission jeton:mint in `JETON_TOKEN` is enough. With `--secret-env` or `--key-file`
/// there is no store at all.
///
///   jeton token mint --sub alice --aud api --claim-json 'roles=["admin"]'
///   jeton token mint --sub alice --expires-at 2020-01-01T00:00:00Z
///   jeton token mint --preset flask --secret-env JWT_SECRET_KEY --alg HS256 --sub 7 --set fresh=true
///   jeton token mint --from users.csv -o jsonl > tokens.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    test_token: TestTokenArgs,

    /// When it was issued: RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    issued_at: Option<Timestamp>,

    /// From when it is valid: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    not_before: Option<Timestamp>,

    #[command(flatten)]
    key: ExternalKeyArgs,

    /// How many: each has an identity of its own. With `-o json` at most 100000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "from")]
    count: Option<u32>,

    /// One for each row of this file (`-`: standard input): CSV whose columns are claims, text but
    /// for the times `exp`, `nbf` and `iat`, or a JSON object a line; a row has at most 128 KiB
    #[arg(long, value_name = "FILE", conflicts_with = "claims_file")]
    from: Option<PathBuf>,

    /// Record it, so that it can be listed, and revoked by its id
    #[arg(long, conflicts_with = "own_key")]
    record: bool,

    /// Make it wrong in this one thing, for a service that is to refuse it
    #[arg(long, value_name = "DEFECT", value_parser = defect_parser(), conflicts_with = "record")]
    defect: Option<Defect>,
}

fn defect_parser() -> impl TypedValueParser<Value = Defect> {
    let names = Defect::ALL.iter().map(|defect| defect.name());
    PossibleValuesParser::new(names).try_map(|name| Defect::parse(&name))
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let is_bulk = args.from.is_some() || args.count.is_some();
    let claim_rows = read_claim_rows(app, &args)?;
    if let Some((key, kid)) = args.key.load_key(app, args.test_token.secret_algorithm(app)?)? {
        let now = app.now()?;
        let request = build_request(app, args)?;
        let mut job = MintJob::with_external_key(now, &key, kid.as_ref(), request, claim_rows)?;
        return deliver(app, output, is_bulk, |_| {
            Ok(job.next_unrecorded_batch(&key, kid.as_ref())?)
        });
    }
    let request = build_request(app, args)?;
    let minter = app.minter()?;
    let context = app.audit_context()?;
    let (mut job, mut job_key) =
        MintJob::with_store_key(app.store()?, &context, &minter, request, claim_rows)?;
    if job_key.is_new_secret {
        app.print_warning(NEW_SECRET_WARNING);
    }
    deliver(app, output, is_bulk, |app| Ok(job.next_batch(app.store()?, &mut job_key)?))
}

/// So many tokens one document of JSON may have, which is written when the last one is made.
const MAX_TOKENS_PER_DOCUMENT: usize = 100_000;

fn read_claim_rows(app: &App, args: &Args) -> Result<ClaimRows, Failure> {
    let claim_rows = if let Some(path) = &args.from {
        ClaimRows::read(app.rows_file(path)?)?
    } else {
        let count = usize::try_from(args.count.unwrap_or(1)).unwrap_or(usize::MAX);
        ClaimRows::repeat(args.test_token.read_claims_file(app)?, count)
    };
    if app.output_format() == OutputFormat::Json && claim_rows.count() > MAX_TOKENS_PER_DOCUMENT {
        let message =
            format!("more than {MAX_TOKENS_PER_DOCUMENT} tokens are not written as one document");
        return Err(Failure::usage(message).with_hint("write an object a line: `-o jsonl`"));
    }
    Ok(claim_rows)
}

fn build_request(app: &App, args: Args) -> Result<MintRequest, Failure> {
    let mut request = args.test_token.into_mint_request(app)?;
    request.issued_at = args.issued_at;
    request.not_before = args.not_before;
    request.record = args.record;
    request.defect = args.defect;
    Ok(request)
}

fn deliver(
    app: &mut App,
    output: SecretOutput,
    is_bulk: bool,
    mut next_batch: impl FnMut(&mut App) -> Result<Vec<MintedToken>, Failure>,
) -> Result<(), Failure> {
    if is_bulk {
        return token_output::deliver_many(app, output, next_batch);
    }
    next_batch(app)?
        .into_iter()
        .try_for_each(|minted| token_output::deliver_one(app, output, minted))
}
