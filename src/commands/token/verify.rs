//! `jeton token verify`

use super::verification_keys::{VerificationKeyArgs, VerificationKeys};
use super::verify_batch::verify_batch;
use super::verify_output::VerifyOutput;
use super::{TokenArgs, parse_pair, with_third_party_token_hint};
use crate::app::{App, SEVERAL_TOKENS_HINT};
use crate::authority::verification::{Expectations, ExpectedKind, MediaType, VerificationReport};
use crate::authority::{self, RejectReason, Rejection};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{InvalidValue, Lifetime, Permission, TimeSpec, TokenKind};
use secrecy::ExposeSecret;
use serde_json::json;

/// Verify a token of this store, or a third-party token with given keys
///
/// Prints `valid`, or a line for each reason: `invalid:`, the reason, and the values found and
/// expected. Exits with the code of the first reason: 10 for an invalid token, 11 expired, 12 revoked,
/// 9 for a valid token that fails a requested check. Issuer and audience are compared only if `--iss`
/// and `--aud` are given. A third-party token must have an expiry (`exp`) unless `--allow-no-expiry` is given.
///
///   jeton token verify "$TOKEN" --permission deploy && ./deploy.sh
///   jeton token verify --batch < tokens.txt
///   jeton token verify - --jwks jwks.json --iss https://idp.example --aud api
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,

    /// Required permissions; for test and third-party tokens, also read from `scope` and `scp`
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', value_parser = Permission::parse_including_reserved, add = crate::commands::completers::permissions())]
    permission: Vec<Permission>,

    /// Accepted audience (`aud`); repeatable, the token must name at least one
    #[arg(long, alias = "audience", value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// Required issuer (`iss`)
    #[arg(long, alias = "issuer", value_name = "ISSUER")]
    iss: Option<String>,

    /// Required token type: app, access, refresh, test or any
    #[arg(
        long = "type",
        value_name = "TYPE",
        default_value = "app",
        value_parser = parse_expected_kind,
        add = crate::commands::completers::fixed_values(&["app", "access", "refresh", "test", "any"]),
        conflicts_with = "third_party"
    )]
    kind: ExpectedKind,

    #[command(flatten)]
    keys: VerificationKeyArgs,

    /// Required claim with this value, text or JSON; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    require: Vec<(String, String)>,

    /// Required claim with any value except `null`; repeatable
    #[arg(long, value_name = "NAME")]
    require_claim: Vec<String>,

    /// Required media type (`typ`), case-insensitive, with or without `application/`
    #[arg(long, value_name = "TYP", value_parser = MediaType::parse)]
    typ: Option<MediaType>,

    /// Accept third-party tokens without `exp`
    #[arg(long, requires = "third_party")]
    allow_no_expiry: bool,

    /// Minimum remaining lifetime; a token that needs no `exp` and has none passes
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    min_ttl: Option<Lifetime>,

    /// Clock skew to allow, at most `5m` [default: none]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_leeway)]
    leeway: Option<Lifetime>,

    /// Time of verification, compared with `exp`, `nbf` and `--min-ttl`: RFC 3339, a date,
    /// Unix seconds, `now`, `+1h` or `-1h` [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    at: Option<TimeSpec>,

    /// Read tokens from standard input, one per line, and print one line of JSON for each
    #[arg(long, conflicts_with = "token")]
    batch: bool,
}

impl Command for Args {
    const ACTION: &'static str = "token verify";
    const EFFECT: Effect = Effect::Reads;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        let tokens = self.batch.then_some("--batch").or(self.token.stdin_argument());
        self.keys.stdin_arguments().chain(tokens).collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let keys = self.keys.load(app)?;
        if self.batch {
            let at = self.at;
            let expectations = build_expectations(app, &keys, self)?;
            return verify_batch(app, &keys, &expectations, at);
        }
        let token = self.token.read(app);
        let expectations = build_expectations(app, &keys, self)?;
        let (report, input_hint) = match token {
            Ok(token) => (verify_token(app, &keys, token.expose_secret(), &expectations)?, None),
            // Input that is not exactly one token is reported like an invalid token.
            Err(failure)
                if failure.details.get("reason") == Some(&json!(RejectReason::Malformed)) =>
            {
                let hint = failure.hint.map(with_batch_hint);
                (VerificationReport::malformed(failure.message), hint)
            }
            Err(failure) => return Err(failure),
        };
        app.console.report(&VerifyOutput::new(&report, expectations.now))?;
        let hint = input_hint.or_else(|| leeway_hint(&report.reasons));
        report.into_accepted().map_err(|error| {
            let failure = if matches!(keys, VerificationKeys::Store) {
                with_third_party_token_hint(error)
            } else {
                Failure::from(error)
            };
            Failure { hint: failure.hint.or(hint), ..failure }
        })?;
        Ok(())
    }
}

fn verify_token(
    app: &mut App,
    keys: &VerificationKeys,
    token: &str,
    expectations: &Expectations,
) -> Result<VerificationReport, Failure> {
    match keys {
        VerificationKeys::Store => {
            Ok(authority::verification::verify(app.store.get()?, token, expectations)?)
        }
        VerificationKeys::External(keys) => {
            Ok(authority::verification::verify_third_party(keys, token, expectations))
        }
    }
}

/// Builds the expectations that the options describe, for verification at the current time or at
/// the time in `--at`.
fn build_expectations(
    app: &mut App,
    keys: &VerificationKeys,
    args: Args,
) -> Result<Expectations, Failure> {
    if matches!(keys, VerificationKeys::Store) {
        // Opening the store may wait for a lock, so the time is read afterwards.
        app.store.get()?;
    }
    let now = app.store.now()?;
    let mut expectations = Expectations {
        leeway_seconds: args.leeway.map_or(0, Lifetime::seconds),
        issuer: args.iss,
        audience: args.aud,
        permissions: args.permission,
        required_values: args.require,
        required_claims: args.require_claim,
        typ: args.typ,
        allow_no_expiry: args.allow_no_expiry,
        min_ttl: args.min_ttl,
        ..Expectations::new(args.kind, now)
    };
    expectations.set_time(now, args.at)?;
    Ok(expectations)
}

/// Extends the hint about several tokens: the option `--batch` accepts them. Returns any other hint
/// unchanged.
fn with_batch_hint(hint: String) -> String {
    if hint == SEVERAL_TOKENS_HINT {
        return "pass one token, or `--batch` and several tokens on standard input, one per line"
            .to_owned();
    }
    hint
}

/// Returns the hint to allow for clock skew. Returns `None` if the token is valid, if at least one
/// of the `reasons` remains with every leeway, or if the longest leeway in `SUGGESTIONS` is too
/// short.
fn leeway_hint(reasons: &[Rejection]) -> Option<String> {
    /// Time in seconds that the user needs to type the suggested command.
    const MARGIN: i64 = 5;
    /// Leeways to suggest, each in seconds and as a value of `--leeway`.
    const SUGGESTIONS: [(i64, &str); 2] = [(60, "1m"), (300, "5m")];
    let required_leeways: Option<Vec<i64>> =
        reasons.iter().map(Rejection::required_leeway).collect();
    let required_seconds = required_leeways?.into_iter().max()? + MARGIN;
    let (_, leeway) = SUGGESTIONS.iter().find(|(seconds, _)| *seconds >= required_seconds)?;
    Some(format!("use `--leeway {leeway}` to allow for clock skew"))
}

fn parse_expected_kind(text: &str) -> Result<ExpectedKind, InvalidValue> {
    match text {
        "app" => Ok(ExpectedKind::Only(TokenKind::App)),
        "access" => Ok(ExpectedKind::Only(TokenKind::Access)),
        "refresh" => Ok(ExpectedKind::Only(TokenKind::Refresh)),
        "test" => Ok(ExpectedKind::Only(TokenKind::Test)),
        "any" => Ok(ExpectedKind::Any),
        _ => Err(InvalidValue::new("type", "expected `app`, `access`, `refresh`, `test` or `any`")),
    }
}

fn parse_leeway(text: &str) -> Result<Lifetime, InvalidValue> {
    Lifetime::parse_up_to(Lifetime::from_minutes(5), "leeway", text)
}
