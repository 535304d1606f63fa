//! Errors of output and prompts.

use super::{Failure, Kind};
use crate::terminal;
use serde_json::Value;

impl From<terminal::Error> for Failure {
    fn from(error: terminal::Error) -> Self {
        use terminal::Error;
        let message = error.to_string();
        match error {
            Error::Output(_) | Error::TerminalFailed(_) => {
                Self::new(Kind::Internal, "internal", message)
            }
            Error::Interrupted => Self::new(Kind::Interrupted, "interrupted", message),
            Error::NotUtf8 | Error::TooLong => Self::new(Kind::Usage, "invalid_input", message),
            Error::NoTerminal | Error::PasswordMismatch | Error::Cancelled => Self::usage(message),
        }
    }
}

impl Failure {
    /// Returns the JSON document of the error for a signal at a prompt, with the exit code for the
    /// signal.
    pub(crate) fn interrupted_json(exit_code: u8) -> Value {
        let mut json = Self::from(terminal::Error::Interrupted).to_json();
        json["error"]["exit_code"] = exit_code.into();
        json
    }
}
