//! `jeton token mint`

use super::{ClaimArgs, EndArgs, delivery, pair};
use crate::app::App;
use crate::authority::{self, Import, Mint, Minted, Minting, Signer};
use crate::failure::Failure;
use crate::model::{Algorithm, ExtraClaims, NewKey, Purpose, Row, Timestamp, rows};
use serde_json::Map;
use std::path::PathBuf;

/// Mint test tokens: any claims, signed by a test key
///
/// A test token never logs in and never passes as an app token. Unless it is recorded nobody can
/// list it, and it can be revoked only by its value. Services check it with the keys of
/// `jeton keys export --jwks --purpose test`. It lives an hour unless said. A file of claims replaces
/// what other flags say, and `--claim` replaces what would stand there in any case. A job needs no
/// login for it: an app token with the permission jeton:mint in `JETON_TOKEN` is enough. With
/// `--secret-env` or `--key-file` there is no store at all.
///
///   jeton token mint --sub alice --aud api --claim-json 'roles=["admin"]'
///   jeton token mint --sub alice --expires-at 2020-01-01T00:00:00Z
///   jeton token mint --preset flask --sub 7 --set fresh=true
///   jeton token mint --from users.csv -o jsonl > tokens.jsonl
///   jeton token mint --secret-env JWT_SECRET_KEY --alg HS256 --sub alice
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What kind of token: see `jeton token presets`
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,

    /// A parameter of the preset
    #[arg(long, value_name = "NAME=VALUE", requires = "preset", value_parser = pair)]
    set: Vec<(String, String)>,

    /// The subject [default: the uid of whoever mints]
    #[arg(long)]
    sub: Option<String>,

    /// For whom it is meant (the `aud` claim)
    #[arg(long, value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// The issuer [default: the setting `issuer`]
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,

    /// What it may be used for, in the form of OAuth: words with spaces between
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,

    /// A permission (the `permissions` claim)
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',')]
    permission: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    /// A file with claims, a JSON object (`-`: standard input)
    #[arg(long = "claims", value_name = "FILE", conflicts_with = "from")]
    claims_file: Option<PathBuf>,

    /// A further member of the header
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<String>,

    #[command(flatten)]
    end: EndArgs,

    /// When it was issued: RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    issued_at: Option<Timestamp>,

    /// From when it is valid: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    not_before: Option<Timestamp>,

    /// The algorithm, and so the test key that signs [default: ES256]
    #[arg(long, value_parser = Algorithm::parse)]
    alg: Option<Algorithm>,

    /// The test key that signs, by its id
    #[arg(
        long,
        value_name = "KID",
        conflicts_with = "alg",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys)
    )]
    key: Option<String>,

    /// Sign with the secret in this environment variable; no store is needed
    #[arg(long, value_name = "NAME", requires = "alg", conflicts_with_all = ["key_file", "record", "key"])]
    secret_env: Option<String>,

    /// Sign with the key in this file: PEM, DER, a JWK, or a secret; no store is needed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "key"])]
    key_file: Option<PathBuf>,

    /// How many: each has an identity of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "from")]
    count: Option<u32>,

    /// One for each row of this file (`-`: standard input): CSV whose columns are claims, or a
    /// JSON object a line
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Record it, so that it can be listed, and revoked by its id
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let is_bulk = args.from.is_some() || args.count.is_some();
    let rows = told_rows(&args)?;
    if let Some(key) = given_key(&args)? {
        let now = app.now()?;
        let kid = (!key.algorithm.is_symmetric()).then(|| key.kid.clone());
        let mint = wish(app, args)?;
        let mut minting = Minting::alone(now, &key, kid.as_ref(), mint, rows)?;
        return deliver(app, is_bulk, |_| Ok(minting.next_alone(&key, kid.as_ref())?));
    }
    let mint = wish(app, args)?;
    let minter = app.minter()?;
    let act = app.act()?;
    let (mut minting, mut hand) = Minting::begin(app.store()?, &act, &minter, mint, rows)?;
    if hand.is_new_secret {
        app.warning(
            "a new secret signs, which no service knows: `jeton keys import` brings theirs",
        );
    }
    deliver(app, is_bulk, |app| Ok(minting.next(app.store()?, &act, &mut hand)?))
}

/// The claims of each token that are not those of all, with the lines they stand in.
fn told_rows(args: &Args) -> Result<Vec<Row>, Failure> {
    if let Some(path) = &args.from {
        return Ok(rows(&App::rows_file(path)?).map_err(authority::Error::from)?);
    }
    let claims = match &args.claims_file {
        Some(path) => App::claims_file(path)?,
        None => Map::new(),
    };
    let count = usize::try_from(args.count.unwrap_or(1)).unwrap_or(usize::MAX);
    Ok(vec![Row { line: 0, claims }; count])
}

/// The key that signs without a store.
fn given_key(args: &Args) -> Result<Option<NewKey>, Failure> {
    let bytes = match (&args.secret_env, &args.key_file) {
        (Some(name), _) => App::key_variable(name)?,
        (None, Some(path)) => App::key_file(path)?,
        (None, None) => return Ok(None),
    };
    let import = Import {
        purpose: Purpose::Test,
        algorithm: args.alg,
        encoding: None,
        // Nothing is kept that could be marked as weak.
        allow_weak: true,
    };
    let mut keys = import.read(&bytes).map_err(authority::Error::from)?;
    match (keys.pop(), keys.pop()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Failure::usage("one key is needed, not a set")),
    }
}

fn wish(app: &App, args: Args) -> Result<Mint, Failure> {
    let mut mint = Mint::new(app.preset(args.preset.as_deref())?);
    for (name, value) in &args.set {
        mint.set(name, &[value])?;
    }
    for (name, words) in [
        ("sub", args.sub.as_slice()),
        ("iss", args.iss.as_slice()),
        ("aud", &args.aud),
        ("scope", args.scope.as_slice()),
        ("permissions", &args.permission),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        mint.say(name, &words)?;
    }
    mint.claims.extend(args.claims.claims()?.0);
    mint.add_header(ExtraClaims::parse(&args.header, &[])?.0)?;
    mint.signer = args.key.map_or(Signer::Algorithm(args.alg), Signer::Key);
    mint.issued_at = args.issued_at;
    mint.not_before = args.not_before;
    mint.end = args.end.end();
    mint.record = args.record;
    Ok(mint)
}

fn deliver(
    app: &mut App,
    is_bulk: bool,
    mut next: impl FnMut(&mut App) -> Result<Vec<Minted>, Failure>,
) -> Result<(), Failure> {
    if is_bulk {
        return delivery::many(app, next);
    }
    next(app)?.into_iter().try_for_each(|minted| delivery::one(app, minted))
}
