//! `jeton token inspect`

use super::TokenArgs;
use crate::app::{App, Report, Text};
use crate::authority::{self, Checks, Wanted};
use crate::failure::Failure;
use crate::model::TokenKind;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};

/// Print the claims of an app token that verifies
///
/// Nothing is printed of a token that is not an app token of this store, or not valid any more. A
/// session's token is refused with reason `blocked`.
///
///   jeton token create my-app | jeton token inspect -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Claims(Map<String, Value>);

impl Report for Claims {
    fn text(&self) -> Text {
        Text::Json(Value::from(self.0.clone()))
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let token = app.token_argument(args.token.token.as_deref())?;
    app.store()?;
    let checks = Checks::only(Wanted::Only(TokenKind::App), app.now()?);
    let verdict = authority::verify(app.store()?, token.expose_secret(), &checks)?.accepted()?;
    app.report(&Claims(verdict.claims.unwrap_or_default()))
}
