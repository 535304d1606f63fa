//! `jeton refresh`

use super::login::LoginOutput;
use crate::app::{App, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::sessions::NewPairIds;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{Sid, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Exchange the session's refresh token for a new token pair
///
/// Commands refresh an expired access token in the session file automatically. A refresh token can
/// be used once: reuse ends the session.
///
///   jeton refresh
///   printf %s "$REFRESH" | jeton refresh --token-stdin -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Read the refresh token from standard input, keep the session file unchanged, and print the new
    /// pair; in text output, access token on the first line, refresh token on the second
    #[arg(long)]
    token_stdin: bool,
}

#[derive(Debug, Serialize)]
struct RefreshOutput {
    changed: bool,
    sid: Sid,
    access_expires_at: Timestamp,
}

impl Report for RefreshOutput {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// New token pair. Text output has two lines, one for each token. JSON output has the same members
/// as the result of `jeton login`.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct TokenPairOutput(LoginOutput);

impl Report for TokenPairOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.0.tokens.access.clone(), self.0.tokens.refresh.clone()])
    }
}

impl Command for Args {
    const ACTION: &'static str = "refresh";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.token_stdin.then_some("--token-stdin").into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if self.token_stdin {
            return refresh_stdin_token(app);
        }
        let caller = app.session.refresh_session(&mut app.store)?;
        app.console.print_status(&format!(
            "refreshed the session, access token expires {}",
            app.console.render_cell(caller.access_expires_at)
        ));
        app.console.report(&RefreshOutput {
            changed: true,
            sid: caller.session.sid,
            access_expires_at: caller.access_expires_at,
        })
    }
}

fn refresh_stdin_token(app: &mut App) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let token = app.console.read_token_argument("--token-stdin", Some("-"))?;
    let (store, audit) = app.store.open_with_audit()?;
    let pair_ids = NewPairIds::generate();
    let tokens = authority::sessions::refresh(store, &audit, token.expose_secret(), pair_ids)?;
    let (sid, access_token) = (tokens.sid, tokens.access.clone());
    let pair = TokenPairOutput(LoginOutput::new("Refreshed", tokens));
    app.deliver_secret(output, &pair, |app| {
        // The new pair is lost, and the old refresh token must not be used again: the session
        // cannot be continued, and is ended.
        let (store, audit) = app.store.open_with_audit()?;
        authority::sessions::end(store, &audit, access_token.expose_secret()).map_err(|error| {
            let cause = Failure::from(error).message;
            let message = format!(
                "the new token pair could not be written, and its session could not be ended: {cause}"
            );
            Failure::new(Code::Internal, message)
                .with_hint(format!("end the session: jeton sessions revoke {sid}"))
        })?;
        let message = "the new token pair could not be written; its session was ended";
        Ok(Failure::new(Code::Internal, message).with_hint("log in again: jeton login"))
    })
}
