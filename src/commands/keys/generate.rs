//! `jeton keys generate`

use crate::app::{App, Report, Text};
use crate::authority;
use crate::failure::Failure;
use crate::model::{Algorithm, Family, Foreign, KeyState, Purpose, RsaBits};
use serde::Serialize;

/// Make a key that stands by until it is activated (admins only)
///
/// Verifiers can fetch it before it signs. The first test key of an algorithm signs at once.
///
///   jeton keys generate --alg EdDSA
///   jeton keys generate --alg RS256 --bits 4096 --purpose test
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA
    #[arg(long, default_value = "ES256", value_parser = Algorithm::parse)]
    alg: Algorithm,

    /// For which tokens: app (and sessions) or test
    #[arg(long, default_value = "app", value_parser = Purpose::parse)]
    purpose: Purpose,

    /// The size of an RSA key: 2048, 3072 or 4096 [default: 2048]
    #[arg(long, value_parser = RsaBits::parse)]
    bits: Option<RsaBits>,
}

#[derive(Debug, Serialize)]
struct Made {
    kid: Foreign,
    purpose: Purpose,
    algorithm: Algorithm,
    state: KeyState,
}

impl Report for Made {
    fn text(&self) -> Text {
        Text::Lines(vec![self.kid.as_str().to_owned()])
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let (algorithm, purpose) = (args.alg, args.purpose);
    if args.bits.is_some() && algorithm.family() != Family::Rsa {
        return Err(Failure::usage("`--bits` is for RSA keys"));
    }
    let bits = args.bits.unwrap_or_default();
    let caller = app.caller()?;
    let act = app.act()?;
    let key = authority::generate_key(app.store()?, &act, &caller, algorithm, purpose, bits)?;
    let name = format!("{} key for {} tokens", algorithm.name(), purpose.name());
    if key.state == KeyState::Active {
        app.status(&format!("a new {name} signs now"));
    } else {
        app.status(&format!("a new {name} stands by"));
        app.hint(&format!("let it sign: jeton keys activate {}", key.spec.kid.shown()));
    }
    app.report(&Made { kid: key.spec.kid, purpose, algorithm, state: key.state })
}
