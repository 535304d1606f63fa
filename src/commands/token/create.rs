//! `jeton token create`

use super::{ClaimArgs, EndArgs};
use crate::app::{App, Report, SecretOutput, Text};
use crate::authority::{self, End, Issued, Place, Request};
use crate::commands::shapes::ending;
use crate::failure::Failure;
use crate::model::{AppName, Foreign, Jti, Permission, Timestamp, TokenId, UserRef};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Create a token for an application
///
/// The token is printed on standard output and can never be shown again. It lives seven days
/// unless said, and a user has at most three live ones unless an admin set another quota.
///
///   TOKEN=$(jeton token create my-app --permission read,write)
///   jeton token create ci --ttl 1h --aud https://api.example.com
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The application
    #[arg(value_parser = AppName::parse)]
    app: AppName,

    /// What it may do; jeton:mint is the permission to mint test tokens (minters and admins only). The
    /// setting `token.permissions` lists those that users without a role may give
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', value_parser = Permission::parse)]
    permission: Vec<Permission>,

    #[command(flatten)]
    end: EndArgs,

    /// It never ends
    #[arg(long, conflicts_with_all = ["ttl", "expires_at"])]
    no_expiry: bool,

    /// For whom it is meant (the `aud` claim)
    #[arg(long, value_name = "AUDIENCE")]
    aud: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    /// For whom it is made (admins only)
    #[arg(
        long,
        value_parser = UserRef::parse,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::users)
    )]
    user: Option<UserRef>,
}

#[derive(Debug, Serialize)]
struct Created {
    token: String,
    id: TokenId,
    jti: Jti,
    app: AppName,
    permissions: Vec<Foreign>,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    quota: Option<Place>,
}

impl Report for Created {
    fn text(&self) -> Text {
        Text::Lines(vec![self.token.clone()])
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let end = if args.no_expiry { End::Never } else { args.end.end() };
    let request = Request {
        owner: args.user,
        app: args.app,
        permissions: args.permission,
        audience: args.aud,
        end,
        claims: args.claims.claims()?,
        for_run: false,
    };
    let output = SecretOutput::open()?;
    let caller = app.caller()?;
    let act = app.act()?;
    let issued = authority::issue(app.store()?, &act, &caller, &request)?;
    hand_out(app, output, issued)
}

/// Prints a token that was just recorded. One that nobody received is taken back.
pub(super) fn hand_out(app: &mut App, output: SecretOutput, issued: Issued) -> Result<(), Failure> {
    let id = issued.record.id;
    let talk = app.talks().then(|| talk(app, &issued));
    if app.hand_out(output, &created(issued)) {
        app.status_if_any(talk);
        return Ok(());
    }
    Err(super::delivery::take_back(app, "the token could not be written", &[id])?)
}

fn talk(app: &App, issued: &Issued) -> String {
    let place = issued.place.map(|Place { used, limit }| format!(", {used} of {limit} in use"));
    format!(
        "token {} for {}, expires {}{}",
        issued.record.id,
        issued.record.grant.app.shown(),
        app.said(ending(issued.record.expires_at)),
        place.unwrap_or_default(),
    )
}

fn created(issued: Issued) -> Created {
    Created {
        token: issued.token.expose_secret().to_owned(),
        id: issued.record.id,
        jti: issued.record.jti,
        app: issued.record.grant.app,
        permissions: issued.record.grant.permissions,
        issued_at: issued.record.issued_at,
        expires_at: issued.record.expires_at,
        quota: issued.place,
    }
}
