//! `jeton token decode`

use super::TokenArgs;
use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::authority::verification::{DecodedPayload, DecodedToken};
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure};
use crate::model::{Timestamp, describe_numeric_date};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};

/// Print the header and payload of any token, without verification
///
/// Needs no store. Do not trust the output: the signature is not checked, and anyone can create a token
/// with any content. In text output, times such as `iat`, `nbf` and `exp` are also printed as dates, on
/// standard error. Only the header of an encrypted token (JWE) is readable; a payload that is not JSON
/// is printed as a string.
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

/// Claims with a `NumericDate`. They are defined in RFC 7519, `OpenID` Connect and RFC 8417, except
/// `orig_iat`: the issue time of the token before its first renewal. Some libraries copy this time
/// to each renewed token.
const TIME_CLAIMS: [&str; 7] = ["iat", "nbf", "exp", "auth_time", "updated_at", "toe", "orig_iat"];

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
        let DecodedToken { header, payload, header_defect, payload_defect } =
            authority::verification::decode(token.expose_secret())?;
        app.console.print_status("token not verified");
        app.console.print_status_if_some(header_defect.map(|defect| format!("header {defect}")));
        if self.part.as_deref() == Some("header") {
            return app.console.report(&DecodeOutput(header));
        }
        let (note, payload) = match payload {
            DecodedPayload::Json(value) => (None, value),
            DecodedPayload::Text(text) => {
                // If the payload has a defect, the defect is printed below instead of this note.
                let note = payload_defect.is_none().then_some("payload is text, not JSON");
                (note, text.into())
            }
            DecodedPayload::Base64(text) => {
                (Some("payload is neither JSON nor text: printed in base64url"), text.into())
            }
            DecodedPayload::Detached => (Some("no payload in the token (detached)"), Value::Null),
            DecodedPayload::Encrypted if self.part.is_some() => {
                return Err(encrypted_payload_error());
            }
            DecodedPayload::Encrypted => {
                (Some("token encrypted (JWE): only the header is readable"), Value::Null)
            }
        };
        app.console.print_status_if_some(note.map(str::to_owned));
        app.console.print_status_if_some(payload_defect.map(|defect| format!("payload {defect}")));
        print_dates(app, &payload);
        app.console.report(&DecodeOutput(match self.part {
            Some(_) => payload,
            None => json!({ "header": header, "payload": payload }),
        }))
    }
}

/// Prints the date of each claim in [`TIME_CLAIMS`] as a status message. Skips claims that are not
/// numbers.
fn print_dates(app: &App, payload: &Value) {
    for name in TIME_CLAIMS {
        let Some(Value::Number(number)) = payload.get(name) else { continue };
        let date = match number.as_i64().and_then(Timestamp::from_unix) {
            Some(time) => app.console.render_cell(time),
            None => describe_numeric_date(number),
        };
        app.console.print_status(&format!("{name}: {date}"));
    }
}

/// Returns the error for `--part payload` with an encrypted token.
fn encrypted_payload_error() -> Failure {
    let message = "token encrypted (JWE): the payload is not readable";
    let mut failure = Failure::new(Code::InvalidToken, message)
        .with_hint("print the header: use `--part header`");
    failure.details.insert("reason".to_owned(), json!(authority::RejectReason::Malformed));
    failure
}
