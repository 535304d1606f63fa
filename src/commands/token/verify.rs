//! `jeton token verify`

use super::{TokenArgs, pair};
use crate::app::{App, Cell, Report, Text, Tone};
use crate::authority::{self, Checks, Encoding, MediaType, Reason, Verdict, Verifier, Wanted};
use crate::failure::Failure;
use crate::model::{
    Algorithm, Invalid, Lifetime, Permission, Status, Timestamp, TokenId, TokenKind,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Check a token of this store, or one of others by their keys
///
/// Prints `valid`, or `invalid:` and the first reason, and exits accordingly: 10 not acceptable,
/// 11 expired, 12 revoked, 9 valid but lacking what was asked for. Issuer and audience are
/// compared only when they are given. A third-party token must have an expiry (`exp`) unless
/// `--allow-no-expiry` is given.
///
///   jeton token verify "$TOKEN" --permission deploy && ./deploy.sh
///   jeton token verify --batch < tokens.txt
///   jeton token verify - --jwks jwks.json --iss https://idp.example --aud api
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("theirs").args(["jwks", "key"]))]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,

    /// A permission it must have; a token of others may have it in `scope` or `scp`, too
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', value_parser = Permission::parse_any)]
    permission: Vec<Permission>,

    /// The audience it must be for
    #[arg(long, value_name = "AUDIENCE")]
    aud: Option<String>,

    /// The issuer it must have
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,

    /// What it must be: app, access, refresh, test or any
    #[arg(
        long = "type",
        value_name = "TYPE",
        default_value = "app",
        value_parser = wanted,
        add = crate::commands::complete::words(&["app", "access", "refresh", "test", "any"]),
        conflicts_with_all = ["jwks", "key"]
    )]
    kind: Wanted,

    /// Check a token of others by a JWK Set (`-`: standard input); no store is needed
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,

    /// Check a token of others by one key, with `--alg`: PEM, a JWK, or the secret itself (`-`:
    /// standard input). A key in any other form is never taken for a secret
    #[arg(long, value_name = "FILE", requires = "alg")]
    key: Option<PathBuf>,

    /// The algorithms that the key is for; of a JWK Set, the only ones to accept
    #[arg(
        long,
        value_name = "A[,A]",
        value_delimiter = ',',
        value_parser = Algorithm::parse,
        requires = "theirs",
        add = crate::commands::complete::algorithms()
    )]
    alg: Vec<Algorithm>,

    /// The key is a secret, spelled like this: text (without the line break at its end), base64 (of
    /// either alphabet), or raw bytes
    #[arg(long, value_name = "FORM", requires = "key", value_parser = Encoding::parse)]
    encoding: Option<Encoding>,

    /// Take a secret that is shorter than its hash
    #[arg(long, requires = "key")]
    allow_weak: bool,

    /// A claim it must have, with its value: text, or JSON
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    require: Vec<(String, String)>,

    /// A claim that must be present, with any value but `null`
    #[arg(long, value_name = "NAME")]
    require_claim: Vec<String>,

    /// Media type that the header must name (`typ`): case-insensitive, with or without
    /// `application/`
    #[arg(long, value_name = "TYP", value_parser = MediaType::parse)]
    typ: Option<MediaType>,

    /// Accept third-party tokens without `exp`
    #[arg(long, requires = "theirs")]
    allow_no_expiry: bool,

    /// Minimum remaining lifetime; a token that may lack `exp` passes without
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    min_ttl: Option<Lifetime>,

    /// How far its times may be off, five minutes at most
    #[arg(long, value_name = "DURATION", value_parser = leeway)]
    leeway: Option<Lifetime>,

    /// Judge its times as of then: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,

    /// Read tokens from standard input, one a line, and answer each with a line of JSON
    #[arg(long, conflicts_with = "token")]
    batch: bool,
}

#[derive(Debug, Serialize)]
struct Judged {
    valid: bool,
    kind: Option<TokenKind>,
    reasons: Vec<Reason>,
    claims: Option<Map<String, Value>>,
    token_id: Option<TokenId>,
    status: Option<Status>,
}

impl Report for Judged {
    fn text(&self) -> Text {
        Text::Line(match self.reasons.first() {
            None => Cell::toned("valid", Tone::Good),
            Some(reason) => Cell::toned(&format!("invalid: {}", reason.word()), Tone::Bad),
        })
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let keys = keys(app, &args)?;
    if args.batch {
        let checks = checks(app, &keys, args)?;
        return batch(app, &keys, &checks);
    }
    let token = app.token_argument(args.token.token.as_deref())?;
    let checks = checks(app, &keys, args)?;
    let verdict = verdict(app, &keys, token.expose_secret(), &checks)?;
    app.report(&judged(&verdict, checks.now))?;
    verdict.accepted()?;
    Ok(())
}

/// What a token is held against.
enum Keys {
    OfTheStore,
    Given(Vec<Verifier>),
}

fn keys(app: &App, args: &Args) -> Result<Keys, Failure> {
    let Some(keys) = given(app, args)? else { return Ok(Keys::OfTheStore) };
    if keys.iter().any(Verifier::is_symmetric) {
        authority::refuse_public(&keys, &app.public_keys()).map_err(Failure::bad_key)?;
    }
    Ok(Keys::Given(keys))
}

/// Reads the keys that the caller names.
fn given(app: &App, args: &Args) -> Result<Option<Vec<Verifier>>, Failure> {
    if let Some(path) = &args.jwks {
        let mut keys = authority::read_jwks(&app.key_file(path)?).map_err(Failure::bad_key)?;
        for key in keys.iter_mut().filter(|_| !args.alg.is_empty()) {
            key.restrict(&args.alg);
        }
        return Ok(Some(keys));
    }
    if let Some(path) = &args.key {
        let bytes = app.key_file(path)?;
        let key = authority::read_key(&bytes, &args.alg, args.encoding, args.allow_weak);
        return Ok(Some(vec![key.map_err(Failure::bad_key)?]));
    }
    Ok(None)
}

fn verdict(app: &mut App, keys: &Keys, token: &str, checks: &Checks) -> Result<Verdict, Failure> {
    match keys {
        Keys::OfTheStore => Ok(authority::verify(app.store()?, token, checks)?),
        Keys::Given(keys) => Ok(authority::verify_foreign(keys, token, checks)),
    }
}

/// Answers every line, in order, and ends as the first one that is not valid would.
fn batch(app: &mut App, keys: &Keys, checks: &Checks) -> Result<(), Failure> {
    let mut tokens = app.token_lines()?;
    let (mut lines, mut invalid, mut first) = (0_usize, 0_usize, None);
    while let Some(token) = tokens.next()? {
        lines += 1;
        let verdict = verdict(app, keys, token.expose_secret(), checks)?;
        if !app.line(&judged(&verdict, checks.now))? {
            return Ok(());
        }
        if let Err(error) = verdict.accepted() {
            invalid += 1;
            first.get_or_insert((lines, error));
        }
    }
    let Some((line, error)) = first else { return Ok(()) };
    let mut failure = Failure::from(error);
    failure.message =
        format!("{invalid} of {lines} tokens are not valid; line {line}: {}", failure.message);
    Err(failure)
}

fn checks(app: &mut App, keys: &Keys, args: Args) -> Result<Checks, Failure> {
    if matches!(keys, Keys::OfTheStore) {
        app.store()?;
    }
    let now = app.now()?;
    Ok(Checks {
        wanted: args.kind,
        now,
        at: args.at.unwrap_or(now),
        leeway: args.leeway.map_or(0, Lifetime::seconds),
        issuer: args.iss,
        audience: args.aud,
        permissions: args.permission,
        required: args.require,
        required_claims: args.require_claim,
        typ: args.typ,
        allow_no_expiry: args.allow_no_expiry,
        min_ttl: args.min_ttl,
    })
}

fn judged(verdict: &Verdict, now: Timestamp) -> Judged {
    Judged {
        valid: verdict.reasons.is_empty(),
        kind: verdict.kind,
        reasons: verdict.reasons.clone(),
        claims: verdict.claims.clone(),
        token_id: verdict.token_id(),
        status: verdict.status(now),
    }
}

fn wanted(text: &str) -> Result<Wanted, Invalid> {
    match text {
        "app" => Ok(Wanted::Only(TokenKind::App)),
        "access" => Ok(Wanted::Only(TokenKind::Access)),
        "refresh" => Ok(Wanted::Only(TokenKind::Refresh)),
        "test" => Ok(Wanted::Only(TokenKind::Test)),
        "any" => Ok(Wanted::Any),
        _ => Err(Invalid::new("type", "`app`, `access`, `refresh`, `test` or `any`")),
    }
}

fn leeway(text: &str) -> Result<Lifetime, Invalid> {
    let leeway = Lifetime::parse(text)?;
    if leeway > Lifetime::minutes(5) {
        return Err(Invalid::new("leeway", "five minutes at most"));
    }
    Ok(leeway)
}
