//! `jeton token mint`

use super::{ClaimArgs, EndArgs};
use crate::app::{App, Report, Text};
use crate::authority::{self, Mint, Minted};
use crate::failure::{Failure, Kind};
use crate::model::{Algorithm, Foreign, TokenId};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Mint a test token: any claims, signed by a test key
///
/// A test token never logs in and never passes as an app token. Unless it is recorded nobody can
/// list it, and it can be revoked only by its value. Services check it with the keys of `jeton keys export --jwks --purpose test`. It lives an hour unless
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

    /// Record it, so that it can be listed, and revoked by its id
    #[arg(long)]
    record: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    token: String,
    jti: Option<Foreign>,
    id: Option<TokenId>,
}

impl Report for Line {
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
        record: args.record,
    };
    let minter = app.minter()?;
    let act = app.act()?;
    let Minted { token, jti, id } = authority::mint(app.store()?, &act, &minter, &wish)?;
    let token = token.expose_secret().to_owned();
    if app.hand_out(&Line { token, jti, id }) {
        app.status_if_any(id.map(|id| format!("recorded as token {id}")));
        return Ok(());
    }
    match id {
        Some(id) => Err(super::create::take_back(app, id)?),
        None => Err(Failure::new(Kind::Internal, "internal", "the token could not be written")),
    }
}
