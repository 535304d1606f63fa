//! `jeton token mint`

use super::delivery;
use super::wish::{KeyArgs, NEW_SECRET, WishArgs};
use crate::app::{App, Form, SecretOutput};
use crate::authority::{Defect, Mint, Minted, Minting, Told};
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
    wish: WishArgs,

    /// When it was issued: RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    issued_at: Option<Timestamp>,

    /// From when it is valid: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    not_before: Option<Timestamp>,

    #[command(flatten)]
    key: KeyArgs,

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
    #[arg(long, value_name = "DEFECT", value_parser = defects(), conflicts_with = "record")]
    defect: Option<Defect>,
}

fn defects() -> impl TypedValueParser<Value = Defect> {
    let names = Defect::ALL.iter().map(|defect| defect.name());
    PossibleValuesParser::new(names).try_map(|name| Defect::parse(&name))
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let is_bulk = args.from.is_some() || args.count.is_some();
    let told = told(app, &args)?;
    if let Some((key, kid)) = args.key.key(app, args.wish.algorithm(app)?)? {
        let now = app.now()?;
        let mint = wish(app, args)?;
        let mut minting = Minting::alone(now, &key, kid.as_ref(), mint, told)?;
        return deliver(app, output, is_bulk, |_| Ok(minting.next_alone(&key, kid.as_ref())?));
    }
    let mint = wish(app, args)?;
    let minter = app.minter()?;
    let act = app.act()?;
    let (mut minting, mut hand) = Minting::begin(app.store()?, &act, &minter, mint, told)?;
    if hand.is_new_secret {
        app.warning(NEW_SECRET);
    }
    deliver(app, output, is_bulk, |app| Ok(minting.next(app.store()?, &mut hand)?))
}

/// So many tokens one document of JSON may have, which is written when the last one is made.
const MOST_IN_ONE: usize = 100_000;

fn told(app: &App, args: &Args) -> Result<Told, Failure> {
    let told = if let Some(path) = &args.from {
        Told::read(app.rows_file(path)?)?
    } else {
        let count = usize::try_from(args.count.unwrap_or(1)).unwrap_or(usize::MAX);
        Told::alike(args.wish.file(app)?, count)
    };
    if app.form() == Form::Json && told.count() > MOST_IN_ONE {
        let why = format!("more than {MOST_IN_ONE} tokens are not written as one document");
        return Err(Failure::usage(why).with_hint("write an object a line: `-o jsonl`"));
    }
    Ok(told)
}

fn wish(app: &App, args: Args) -> Result<Mint, Failure> {
    let mut mint = args.wish.wish(app)?;
    mint.issued_at = args.issued_at;
    mint.not_before = args.not_before;
    mint.record = args.record;
    mint.defect = args.defect;
    Ok(mint)
}

fn deliver(
    app: &mut App,
    output: SecretOutput,
    is_bulk: bool,
    mut next: impl FnMut(&mut App) -> Result<Vec<Minted>, Failure>,
) -> Result<(), Failure> {
    if is_bulk {
        return delivery::many(app, output, next);
    }
    next(app)?.into_iter().try_for_each(|minted| delivery::one(app, output, minted))
}
