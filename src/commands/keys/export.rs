//! `jeton keys export`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::Purpose;
use serde::Serialize;
use serde_json::Value;

/// Print the public keys of one purpose as a JWK Set
///
/// Services check tokens with it. Keys for test tokens and keys for app tokens never stand in the
/// same set, and a symmetric key (HS256) stands in none.
///
///   jeton keys export --jwks > jwks.json
///   jeton keys export --jwks --purpose test
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// As a JWK Set (RFC 7517)
    #[arg(long, required = true)]
    jwks: bool,

    /// For which tokens: app (and sessions) or test
    #[arg(long, default_value = "app", value_parser = Purpose::parse)]
    purpose: Purpose,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct KeySet(Value);

impl Report for KeySet {
    fn text(&self) -> Text {
        Text::Json(self.0.clone())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let (keys, left_out) = authority::jwks(app.store()?, args.purpose)?;
    let is_empty = keys["keys"].as_array().is_none_or(Vec::is_empty);
    if args.purpose == Purpose::Test && left_out == 0 && is_empty {
        app.warning("there is no test key yet: the first `jeton token mint` makes it");
    }
    if left_out > 0 {
        app.warning("symmetric keys are left out: whoever could check with one could sign with it");
    }
    app.report(&KeySet(keys))
}
