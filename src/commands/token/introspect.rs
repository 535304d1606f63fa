//! `jeton token introspect`

use super::TokenArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

/// Introspect a token (RFC 7662 response)
///
/// Prints the response of an introspection endpoint: `active`, and for an active token also owner,
/// times and `token_use` (`app` for an app token, `access` for the access token of a session). For an
/// active app token, the response also has scope and application. The response for an inactive token
/// is `{"active": false}`, with exit code 0. Refresh tokens and test tokens are never active.
///
///   jeton token introspect - < token.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,
}

/// Introspection response, as defined in RFC 7662, section 2.2.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct IntrospectOutput(Value);

impl Report for IntrospectOutput {
    fn render(&self) -> Rendered {
        Rendered::Json(self.0.clone())
    }
}

impl Command for Args {
    const ACTION: &'static str = "token introspect";
    const EFFECT: Effect = Effect::Reads;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.token.stdin_argument().into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let token = self.token.read(app)?;
        let (store, audit) = app.store.open_with_audit()?;
        let response =
            authority::verification::introspect(store, token.expose_secret(), audit.now)?;
        app.console.report(&IntrospectOutput(response))
    }
}
