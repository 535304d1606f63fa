//! `jeton token renew`

use super::create;
use super::parse_token_target;
use crate::app::{App, SecretOutput};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::tokens::{RenewalOptions, RenewalOutcome};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::{Lifetime, TokenSelector};
use secrecy::ExposeSecret;

/// Replace an app token with a new token with the same attributes
///
/// Prints the new token. The old token is revoked. With `--grace`, the old token instead remains valid
/// for a grace period, and counts towards the quota only if the new token is revoked or has expired.
/// If the new token is renewed with `--grace` too, the grace period of the old token ends.
///
/// If the argument is the token itself, its bearer renews it: a login is neither required nor used. The
/// new lifetime is then at most the lifetime of the old token. The new token expires at most
/// `token.max_ttl` after the issue of the token with which the bearer's chain of renewals began. Tokens
/// with the permission `jeton:mint` and tokens of `jeton run` cannot be renewed by their bearer.
///
///   TOKEN=$(jeton token renew 7 --grace 1h)
///   jeton token renew - < token.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Token id, `jti` or token; `-` for a token on standard input, `@FILE` for a token in a file.
    /// Other users of the machine can see arguments
    #[arg(
        value_name = "ID|JTI|TOKEN",
        add = crate::commands::completers::tokens_and_token_files()
    )]
    token: String,

    /// Lifetime of the new token [default: lifetime of the old token]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    ttl: Option<Lifetime>,

    /// Grace period for the old token, at most until its expiry [default: none]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Lifetime::parse)]
    grace: Option<Lifetime>,
}

impl Command for Args {
    const ACTION: &'static str = "token renew";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        (self.token == "-").then_some("ID|JTI|TOKEN").into_iter().collect()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        parse_token_target(&self.token)
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let output = SecretOutput::open()?;
        let token = app.console.read_token_argument("ID|JTI|TOKEN", Some(&self.token))?;
        let selector = TokenSelector::parse(token.expose_secret())?;
        app.store.get()?;
        // The bearer of a token can renew it. A token given by value therefore needs no caller.
        let caller = if selector.requires_login() { Some(app.caller()?) } else { None };
        let (store, audit) = app.store.open_with_audit()?;
        let options = RenewalOptions { ttl: self.ttl, grace: self.grace };
        let RenewalOutcome { issued: new_token, old_id, grace_until, revoked_predecessor_id } =
            authority::tokens::renew(store, &audit, caller.as_ref(), &selector, options)?;
        match grace_until {
            Some(until) => {
                app.console.print_status(&format!(
                    "token {old_id} stays valid until {}",
                    app.console.render_cell(until)
                ));
            }
            None => app.console.print_status(&format!("revoked token {old_id}")),
        }
        app.console.print_status_if_some(revoked_predecessor_id.map(|id| {
            format!("revoked token {id}: this renewal ended the grace period of that token")
        }));
        create::deliver(app, output, new_token)
    }
}
