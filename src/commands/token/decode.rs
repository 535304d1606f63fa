//! `jeton token decode`

use super::TokenArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};

/// Print the header and payload of any token, without verification
///
/// Needs no store. Do not trust the output: anyone can create such a token. The times `iat`, `nbf`
/// and `exp` are also printed as dates, on standard error.
///
///   jeton token decode @token.txt --part payload
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    token: TokenArgs,

    /// Print only this part: header or payload
    #[arg(long, value_name = "PART", value_parser = ["header", "payload"])]
    part: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct DecodeOutput(Value);

impl Report for DecodeOutput {
    fn render(&self) -> Rendered {
        Rendered::Json(self.0.clone())
    }
}

impl Command for Args {
    const ACTION: &'static str = "token decode";
    const EFFECT: Effect = Effect::Reads;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        self.token.stdin_argument().into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let token = self.token.read(app)?;
        let (header, payload) = authority::verification::decode(token.expose_secret())?;
        app.console.print_status("token not verified");
        let shows_payload = self.part.as_deref() != Some("header");
        for name in ["iat", "nbf", "exp"].into_iter().filter(|_| shows_payload) {
            let time = payload.get(name).and_then(Value::as_i64).and_then(Timestamp::from_unix);
            if let Some(time) = time {
                app.console.print_status(&format!("{name}: {}", app.console.render_cell(time)));
            }
        }
        app.console.report(&DecodeOutput(match self.part.as_deref() {
            Some("header") => header,
            Some(_) => payload,
            None => json!({ "header": header, "payload": payload }),
        }))
    }
}
