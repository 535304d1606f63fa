//! `jeton keys generate`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::keys::{NewKey, RequestedKey};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Algorithm, KeyState, KeyType, Purpose, RsaBits, Untrusted, parse_kid};
use serde::Serialize;

/// Create a standby key (admins only)
///
/// Verifiers can fetch a standby key before it is activated. A test key is activated immediately if no
/// test key of its algorithm is active, and an app key if it is the first key of a new store. Creates
/// the store if it does not exist; a store without users needs no login.
///
///   jeton keys generate --alg EdDSA
///   jeton keys generate --alg RS256 --bits 4096 --purpose test
///   jeton keys generate --purpose test --kid ci-2026
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Algorithm: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512,
    /// EdDSA or Ed25519 (the name in RFC 9864 for the same signatures)
    #[arg(
        long,
        default_value = "ES256",
        value_parser = Algorithm::parse_argument,
        add = crate::commands::completers::algorithms()
    )]
    alg: Algorithm,

    /// Purpose of the key: app (app tokens and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// Size of an RSA key in bits: 2048, 3072 or 4096 [default: 2048]
    #[arg(
        long,
        value_parser = RsaBits::parse,
        add = crate::commands::completers::fixed_values(&["2048", "3072", "4096"])
    )]
    bits: Option<RsaBits>,

    /// Key id (`kid`) [default: the RFC 7638 thumbprint; random for a shared secret]
    #[arg(long, value_name = "ID", allow_hyphen_values = true, value_parser = parse_kid)]
    kid: Option<Untrusted>,
}

#[derive(Debug, Serialize)]
struct KeyOutput {
    changed: bool,
    kid: Untrusted,
    purpose: Purpose,
    alg: Algorithm,
    status: KeyState,
}

impl Report for KeyOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.kid.as_str().to_owned()])
    }
}

impl Command for Args {
    const ACTION: &'static str = "keys generate";
    const EFFECT: Effect = Effect::Changes;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let (algorithm, purpose) = (self.alg, self.purpose);
        if self.bits.is_some() && algorithm.key_type() != KeyType::Rsa {
            return Err(Failure::usage("`--bits` is for RSA keys"));
        }
        let bits = self.bits.unwrap_or_default();
        let generate = |_: &App| {
            let key = authority::keys::generate(algorithm, purpose, bits)?;
            Ok(vec![NewKey::new(key, self.kid)])
        };
        let activate = false;
        for RequestedKey { key, .. } in super::add_keys(app, activate, generate)? {
            super::print_added_key(app, "created", &key);
            app.console.report(&KeyOutput {
                changed: true,
                kid: key.spec.kid,
                purpose,
                alg: algorithm,
                status: key.state,
            })?;
        }
        Ok(())
    }
}
