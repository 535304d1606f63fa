//! `jeton token renew`

use super::create;
use crate::app::{App, SecretOutput};
use crate::authority::{self, Renewal, RenewedToken, TokenSelector};
use crate::failure::Failure;
use crate::model::Lifetime;
use secrecy::ExposeSecret;

/// Replace an app token by a new one with the same attributes
///
/// The new token is printed. The old one is revoked, or works beside it for a grace period and is
/// not counted meanwhile; one grace period at a time. The bearer of a token can renew it without
/// logging in: for its original lifetime at most, and until `token.max_ttl` after its first issue. A
/// token with the permission jeton:mint and a token of `jeton run` are not renewed by their bearer.
///
///   TOKEN=$(jeton token renew 7 --grace 1h)
///   jeton token renew - < token.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Its id, its `jti`, the token itself, `-` for standard input, or `@FILE`. Others on this
    /// machine can see arguments
    #[arg(
        value_name = "ID|JTI|TOKEN",
        add = clap_complete::ArgValueCandidates::new(crate::commands::completers::tokens)
    )]
    token: String,

    /// How long the new one lives [default: as long as the old one did]
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    ttl: Option<Lifetime>,

    /// How long the old one still works
    #[arg(long, value_name = "DURATION", value_parser = Lifetime::parse)]
    grace: Option<Lifetime>,
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let token = app.read_token_argument(Some(&args.token))?;
    let selector = TokenSelector::parse(token.expose_secret())?;
    app.store()?;
    let caller = if selector.needs_caller() { Some(app.caller()?) } else { None };
    let context = app.audit_context()?;
    let options = Renewal { ttl: args.ttl, grace: args.grace };
    let RenewedToken { issued, old, grace_until: grace, ended_predecessor: ended } =
        authority::renew_token(app.store()?, &context, caller.as_ref(), &selector, options)?;
    match grace {
        Some(until) => {
            app.print_status(&format!("token {old} works until {}", app.render_cell(until)));
        }
        None => app.print_status(&format!("token {old} is revoked")),
    }
    app.print_status_if_some(ended.map(|id| format!("token {id} is revoked: one grace at a time")));
    create::deliver(app, output, issued)
}
