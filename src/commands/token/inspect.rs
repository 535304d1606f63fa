//! `jeton token inspect`

use super::{TokenArgs, with_third_party_token_hint};
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::verification::{Expectations, ExpectedKind};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::TokenKind;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};

/// Print the claims of a valid app token
///
/// Invalid tokens, and tokens that are not app tokens of this store, are refused without output of
/// the claims. A session token is refused with the reason `blocked`.
///
///   jeton token create my-app | jeton token inspect -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,
}

/// Claims of the token.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct ClaimsOutput(Map<String, Value>);

impl Report for ClaimsOutput {
    fn render(&self) -> Rendered {
        Rendered::Json(Value::from(self.0.clone()))
    }
}

impl Command for Args {
    const ACTION: &'static str = "token inspect";
    const EFFECT: Effect = Effect::Reads;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.token.stdin_argument().into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let token = self.token.read(app)?;
        let (store, audit) = app.store.open_with_audit()?;
        let expectations = Expectations::new(ExpectedKind::Only(TokenKind::App), audit.now);
        let report = authority::verification::verify(store, token.expose_secret(), &expectations)?
            .into_accepted()
            .map_err(with_third_party_token_hint)?;
        app.console.report(&ClaimsOutput(report.claims.unwrap_or_default()))
    }
}
