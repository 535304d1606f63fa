//! `jeton keys generate`

use crate::app::{App, Rendered, Report};
use crate::authority::{self, AddedKey};
use crate::failure::Failure;
use crate::model::{Algorithm, KeyState, KeyType, Purpose, RsaBits, Untrusted};
use serde::Serialize;

/// Make a key that stands by until it is activated (admins only)
///
/// Verifiers can fetch it before it signs. The first test key of an algorithm signs at once. Where
/// there is no store yet one is made, and without users nobody needs to be logged in.
///
///   jeton keys generate --alg EdDSA
///   jeton keys generate --alg RS256 --bits 4096 --purpose test
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA
    #[arg(
        long,
        default_value = "ES256",
        value_parser = Algorithm::parse,
        add = crate::commands::completers::algorithms()
    )]
    alg: Algorithm,

    /// For which tokens: app (and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// The size of an RSA key: 2048, 3072 or 4096 [default: 2048]
    #[arg(
        long,
        value_parser = RsaBits::parse,
        add = crate::commands::completers::fixed_values(&["2048", "3072", "4096"])
    )]
    bits: Option<RsaBits>,
}

#[derive(Debug, Serialize)]
struct KeyOutput {
    kid: Untrusted,
    purpose: Purpose,
    algorithm: Algorithm,
    state: KeyState,
}

impl Report for KeyOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.kid.as_str().to_owned()])
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let (algorithm, purpose) = (args.alg, args.purpose);
    if args.bits.is_some() && algorithm.key_type() != KeyType::Rsa {
        return Err(Failure::usage("`--bits` is for RSA keys"));
    }
    let bits = args.bits.unwrap_or_default();
    let generate = |_: &App| Ok(vec![authority::generate_key(algorithm, purpose, bits)?]);
    for AddedKey { key, .. } in super::add_keys(app, false, generate)? {
        let name = format!("a new {} key for {} tokens", algorithm.name(), purpose.name());
        super::print_state(app, &name, &key);
        app.report(&KeyOutput { kid: key.spec.kid, purpose, algorithm, state: key.state })?;
    }
    Ok(())
}
