//! `jeton token mint`

use super::{ClaimArgs, EndArgs};
use crate::app::{App, Report, Text};
use crate::authority::{self, Mint};
use crate::failure::{Failure, Kind};
use crate::model::{Algorithm, Foreign};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Mint a test token: any claims, signed by a test key
///
/// A test token never logs in and never passes as an app token. It is not recorded. Services
/// check it with the keys of `jeton keys export --jwks --purpose test`. It lives an hour unless
/// said. A claim given with `--claim` or `--claim-json` replaces what would stand there. A job
/// needs no login for it: an app token with the permission jeton:mint in `JETON_TOKEN` is enough.
///
///   jeton token mint --sub alice --aud api --claim-json 'roles=["admin"]'
///   jeton token mint --sub alice --expires-at 2020-01-01T00:00:00Z
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The subject [default: the uid of whoever mints]
    #[arg(long)]
    sub: Option<String>,

    /// For whom it is meant (the `aud` claim)
    #[arg(long, value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// The issuer [default: the setting `issuer`]
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,

    /// The algorithm, and so the test key that signs
    #[arg(long, default_value = "ES256", value_parser = Algorithm::parse)]
    alg: Algorithm,

    #[command(flatten)]
    claims: ClaimArgs,

    #[command(flatten)]
    end: EndArgs,
}

#[derive(Debug, Serialize)]
struct Minted {
    token: String,
    jti: Option<Foreign>,
}

impl Report for Minted {
    fn text(&self) -> Text {
        Text::Lines(vec![self.token.clone()])
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let wish = Mint {
        subject: args.sub,
        issuer: args.iss,
        algorithm: args.alg,
        audience: args.aud,
        end: args.end.end(),
        claims: args.claims.claims()?,
    };
    let minter = app.minter()?;
    let act = app.act()?;
    let (token, jti) = authority::mint(app.store()?, &act, &minter, &wish)?;
    let token = token.expose_secret().to_owned();
    if app.hand_out(&Minted { token, jti }) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the token could not be written"))
}
