//! `jeton sessions token`

use crate::app::{App, Rendered, Report, SecretOutput};
use crate::failure::{Code, Failure};
use crate::model::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

/// Print an access token that is valid for at least one minute
///
/// If the access token of the session expires earlier, the session is refreshed first.
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

pub(crate) fn run(app: &mut App, _: &Args) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let (token, expires_at) = app.access_token()?;
    if app.deliver_secret(
        output,
        &TokenOutput { token: token.expose_secret().to_owned(), expires_at },
    ) {
        return Ok(());
    }
    Err(Failure::new(Code::Internal, "the token could not be written"))
}
