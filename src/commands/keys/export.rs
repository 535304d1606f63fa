//! `jeton keys export`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::{Failure, Kind};
use crate::model::Purpose;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

/// Print the public keys of one purpose, or one key
///
/// Services check tokens with it. Keys for test tokens and keys for app tokens never stand in the
/// same set, and a symmetric key (HS256) stands in none.
///
///   jeton keys export --jwks > jwks.json
///   jeton keys export --jwks --purpose test
///   jeton keys export --pem 31icmYEycs8hyUNTkZRlmpDptr7QlLlW97KZQyIIoVM > public.pem
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("what").required(true).args(["jwks", "pem", "private"])
)]
pub(crate) struct Args {
    /// The public keys of one purpose as a JWK Set (RFC 7517)
    #[arg(long)]
    jwks: bool,

    /// For which tokens the set is: app (and sessions) or test
    #[arg(long, default_value = "app", value_parser = Purpose::parse, conflicts_with_all = ["pem", "private"])]
    purpose: Purpose,

    /// The public part of one key as PEM
    #[arg(
        long,
        value_name = "KID",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys)
    )]
    pem: Option<String>,

    /// The private part of one key as PEM (PKCS#8), or a symmetric key as a JWK. Whoever has it can
    /// sign what he wants (admins only)
    #[arg(
        long,
        value_name = "KID",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys)
    )]
    private: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct KeySet(Value);

impl Report for KeySet {
    fn text(&self) -> Text {
        Text::Json(self.0.clone())
    }
}

#[derive(Debug, Serialize)]
struct KeyText {
    key: String,
}

impl Report for KeyText {
    fn text(&self) -> Text {
        Text::Lines(self.key.lines().map(str::to_owned).collect())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if let Some(kid) = &args.private {
        return private(app, kid);
    }
    if let Some(kid) = &args.pem {
        let key = authority::public_pem(app.store()?, kid)?;
        return app.report(&KeyText { key });
    }
    app.store()?;
    let now = app.now()?;
    let (keys, left_out) = authority::jwks(app.store()?, args.purpose, now)?;
    let is_empty = keys["keys"].as_array().is_none_or(Vec::is_empty);
    if args.purpose == Purpose::Test && left_out == 0 && is_empty {
        app.warning("there is no test key yet: the first `jeton token mint` makes it");
    }
    if left_out > 0 {
        app.warning("symmetric keys are left out: whoever could check with one could sign with it");
    }
    app.report(&KeySet(keys))
}

fn private(app: &mut App, kid: &str) -> Result<(), Failure> {
    let caller = app.caller()?;
    let key = authority::exportable(app.store()?, &caller, kid)?;
    let shown = key.spec.kid.shown();
    app.confirm(&format!("Print the private part of key {shown}?"))?;
    let act = app.act()?;
    let text = authority::private_text(app.store()?, &act, &caller, &key)?;
    if app.hand_out(&KeyText { key: text.expose_secret().to_owned() }) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the key could not be written"))
}
