//! `jeton token verify`

use super::{TokenArgs, parse_pair};
use crate::app::{App, Cell, Rendered, Report, Style};
use crate::authority::{
    self, Expectations, ExpectedKind, MediaType, RejectReason, SecretEncoding, VerificationReport,
    Verifier,
};
use crate::failure::Failure;
use crate::model::{
    Algorithm, InvalidValue, Lifetime, Permission, Timestamp, TokenId, TokenKind, TokenStatus,
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
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("third_party").args(["jwks", "key"]))]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,

    /// A permission it must have; a token of others may have it in `scope` or `scp`, too
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', value_parser = Permission::parse_including_reserved)]
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
        value_parser = parse_expected_kind,
        add = crate::commands::completers::fixed_values(&["app", "access", "refresh", "test", "any"]),
        conflicts_with_all = ["jwks", "key"]
    )]
    kind: ExpectedKind,

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
        requires = "third_party",
        add = crate::commands::completers::algorithms()
    )]
    alg: Vec<Algorithm>,

    /// The key is a secret, spelled like this: text (without the line break at its end), base64 (of
    /// either alphabet), or raw bytes
    #[arg(long, value_name = "FORM", requires = "key", value_parser = SecretEncoding::parse)]
    encoding: Option<SecretEncoding>,

    /// Take a secret that is shorter than its hash
    #[arg(long, requires = "key")]
    allow_weak: bool,

    /// A claim it must have, with its value: text, or JSON
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    require: Vec<(String, String)>,

    /// A claim that must be present, with any value but `null`
    #[arg(long, value_name = "NAME")]
    require_claim: Vec<String>,

    /// Media type that the header must name (`typ`): case-insensitive, with or without
    /// `application/`
    #[arg(long, value_name = "TYP", value_parser = MediaType::parse)]
    typ: Option<MediaType>,

    /// Accept third-party tokens without `exp`
    #[arg(long, requires = "third_party")]
    allow_no_expiry: bool,

    /// Minimum remaining lifetime; a token that may lack `exp` passes without
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    min_ttl: Option<Lifetime>,

    /// How far its times may be off, five minutes at most
    #[arg(long, value_name = "DURATION", value_parser = parse_leeway)]
    leeway: Option<Lifetime>,

    /// Judge its times as of then: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,

    /// Read tokens from standard input, one a line, and answer each with a line of JSON
    #[arg(long, conflicts_with = "token")]
    batch: bool,
}

#[derive(Debug, Serialize)]
struct VerifyOutput {
    valid: bool,
    kind: Option<TokenKind>,
    reasons: Vec<RejectReason>,
    claims: Option<Map<String, Value>>,
    token_id: Option<TokenId>,
    status: Option<TokenStatus>,
}

impl Report for VerifyOutput {
    fn render(&self) -> Rendered {
        Rendered::Line(match self.reasons.first() {
            None => Cell::styled("valid", Style::Success),
            Some(reason) => Cell::styled(&format!("invalid: {}", reason.code()), Style::Error),
        })
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let keys = load_keys(app, &args)?;
    if args.batch {
        let expectations = build_expectations(app, &keys, args)?;
        return verify_batch(app, &keys, &expectations);
    }
    let token = app.read_token_argument(args.token.token.as_deref())?;
    let expectations = build_expectations(app, &keys, args)?;
    let report = verify_token(app, &keys, token.expose_secret(), &expectations)?;
    app.report(&output_for(&report, expectations.now))?;
    report.into_accepted()?;
    Ok(())
}

/// What a token is held against.
enum VerificationKeys {
    Store,
    External(Vec<Verifier>),
}

fn load_keys(app: &App, args: &Args) -> Result<VerificationKeys, Failure> {
    let Some(keys) = read_external_keys(app, args)? else { return Ok(VerificationKeys::Store) };
    if keys.iter().any(Verifier::is_symmetric) {
        authority::ensure_no_public_secrets(&keys, &app.public_keys()).map_err(Failure::bad_key)?;
    }
    Ok(VerificationKeys::External(keys))
}

/// Reads the keys that the caller names.
fn read_external_keys(app: &App, args: &Args) -> Result<Option<Vec<Verifier>>, Failure> {
    if let Some(path) = &args.jwks {
        let mut keys = authority::read_jwks(&app.read_key_file(path)?).map_err(Failure::bad_key)?;
        for key in keys.iter_mut().filter(|_| !args.alg.is_empty()) {
            key.restrict(&args.alg);
        }
        return Ok(Some(keys));
    }
    if let Some(path) = &args.key {
        let bytes = app.read_key_file(path)?;
        let key = authority::read_key(&bytes, &args.alg, args.encoding, args.allow_weak);
        return Ok(Some(vec![key.map_err(Failure::bad_key)?]));
    }
    Ok(None)
}

fn verify_token(
    app: &mut App,
    keys: &VerificationKeys,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Failure> {
    match keys {
        VerificationKeys::Store => Ok(authority::verify(app.store()?, token, expectations)?),
        VerificationKeys::External(keys) => {
            Ok(authority::verify_third_party(keys, token, expectations))
        }
    }
}

/// Answers every line, in order, and ends as the first one that is not valid would.
fn verify_batch(
    app: &mut App,
    keys: &VerificationKeys,
    expectations: &Expectations,
) -> Result<(), Failure> {
    let mut tokens = app.open_token_lines()?;
    let (mut lines, mut invalid, mut first) = (0_usize, 0_usize, None);
    while let Some(token) = tokens.next()? {
        lines += 1;
        let report = verify_token(app, keys, token.expose_secret(), expectations)?;
        if !app.write_json_line(&output_for(&report, expectations.now))? {
            return Ok(());
        }
        if let Err(error) = report.into_accepted() {
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

fn build_expectations(
    app: &mut App,
    keys: &VerificationKeys,
    args: Args,
) -> Result<Expectations, Failure> {
    if matches!(keys, VerificationKeys::Store) {
        app.store()?;
    }
    let now = app.now()?;
    Ok(Expectations {
        kind: args.kind,
        now,
        reference_time: args.at.unwrap_or(now),
        leeway: args.leeway.map_or(0, Lifetime::seconds),
        issuer: args.iss,
        audience: args.aud,
        permissions: args.permission,
        required_values: args.require,
        required_claims: args.require_claim,
        typ: args.typ,
        allow_no_expiry: args.allow_no_expiry,
        min_ttl: args.min_ttl,
    })
}

fn output_for(report: &VerificationReport, now: Timestamp) -> VerifyOutput {
    VerifyOutput {
        valid: report.reasons.is_empty(),
        kind: report.kind,
        reasons: report.reasons.clone(),
        claims: report.claims.clone(),
        token_id: report.token_id(),
        status: report.status(now),
    }
}

fn parse_expected_kind(text: &str) -> Result<ExpectedKind, InvalidValue> {
    match text {
        "app" => Ok(ExpectedKind::Only(TokenKind::App)),
        "access" => Ok(ExpectedKind::Only(TokenKind::Access)),
        "refresh" => Ok(ExpectedKind::Only(TokenKind::Refresh)),
        "test" => Ok(ExpectedKind::Only(TokenKind::Test)),
        "any" => Ok(ExpectedKind::Any),
        _ => Err(InvalidValue::new("type", "`app`, `access`, `refresh`, `test` or `any`")),
    }
}

fn parse_leeway(text: &str) -> Result<Lifetime, InvalidValue> {
    let leeway = Lifetime::parse(text)?;
    if leeway > Lifetime::from_minutes(5) {
        return Err(InvalidValue::new("leeway", "five minutes at most"));
    }
    Ok(leeway)
}
