//! `jeton sessions token`

use crate::app::{App, Rendered, Report, SecretOutput};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

/// Print an access token for other programs
///
/// If the access token of the session expires in less than a minute, the session is refreshed first.
/// If `--token-file`, `JETON_TOKEN` or `JETON_TOKEN_FILE` gives a token, prints that token.
///
///   curl -H "Authorization: Bearer $(jeton sessions token)" https://api.example.com
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct TokenOutput {
    token: String,
    expires_at: Timestamp,
}

impl Report for TokenOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.token.clone()])
    }
}

impl Command for Args {
    const ACTION: &'static str = "sessions token";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let output = SecretOutput::open()?;
        let (token, expires_at) = app.session.access_token(&mut app.store)?;
        let secret = TokenOutput { token: token.expose_secret().to_owned(), expires_at };
        app.deliver_secret(output, &secret, |_| Ok(Failure::undelivered("the token")))
    }
}
