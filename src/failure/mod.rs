//! User-visible errors: the code, message, hint and details for every error of a command.

mod address;
mod authority;
mod code;
mod crypto;
mod directory;
mod key_failure;
mod key_hint;
mod store;
mod unrevoked_tokens;
pub(crate) use code::{Code, Kind};
pub(crate) use key_hint::{KeySource, unused_file_name};

use crate::authority::RejectReason;
use crate::model::{InvalidLine, InvalidLines, InvalidValue, redact_for_error};
use crate::parallel::ThreadError;
use crate::session_file;
use crate::signals::Interrupted;
use crate::terminal;
use serde_json::{Map, Value, json};

/// Error of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Code for programs, which determines the kind and the exit code.
    pub(crate) code: Code,
    /// Message: lower case, no period.
    pub(crate) message: String,
    /// Instruction for the user to resolve the error.
    pub(crate) hint: Option<String>,
    /// Members of `details` in the JSON document of the error.
    pub(crate) details: Map<String, Value>,
    /// Store or directory that the failure is about, if the message does not yet contain its
    /// address or path.
    pub(crate) location: Option<Location>,
}

/// Store or directory that a failure is about. The module `app` knows the address or path of the
/// location, and adds it to the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    /// The store.
    Store,
    /// The directory of session files.
    Sessions,
}

impl Failure {
    /// Hint for a store file that another user owns.
    pub(crate) const OWNER_HINT: &str = "run jeton as the owner of the file";

    /// Hint for a right that the database user lacks.
    const DATABASE_RIGHTS_HINT: &str =
        "list the rights and addresses of database users: jeton store roles --help";

    /// Returns a failure without a hint, details and a location.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let message = without_error_numbers(&message.into());
        Self { code, message, hint: None, details: Map::new(), location: None }
    }

    /// Returns the error for incorrect usage, such as conflicting options.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Returns the error for a URL where a path is expected. `argument` is the name, in backticks,
    /// of the flag, argument or variable with the URL. The message repeats only the scheme of the
    /// URL, because the URL may contain a password.
    pub(crate) fn unsupported_url(argument: &str, scheme: &str) -> Self {
        let message = format!("{argument}: unsupported URL scheme `{}`", redact_for_error(scheme));
        Self::new(Code::InvalidInput, message)
            .with_hint("use a path; if the path looks like a URL, put `./` before the path")
    }

    /// Returns the error for a missing login.
    pub(crate) fn not_logged_in() -> Self {
        Self::new(Code::NotLoggedIn, "not logged in").with_hint("log in: jeton login")
    }

    /// Returns the error for secret output that could not be written, such as a token.
    /// `description` names the output in the message, for example `the token`.
    pub(crate) fn undelivered(description: &str) -> Self {
        Self::new(Code::Internal, format!("{description} could not be written"))
    }

    /// Returns the error for a full disk.
    pub(crate) fn disk_full(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).with_hint("free disk space and retry")
    }

    /// Inserts the source of the key into the hint. Output files of a command in the hint get names
    /// that no existing file has.
    pub(crate) fn with_key_source(self, source: &KeySource<'_>) -> Self {
        let insert_source = |hint: String| key_hint::insert_key_source(&hint, source);
        Self { hint: self.hint.map(insert_source), ..self }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn with_location(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds the file and the line number to the message, and the line number to the details. `file`
    /// is the name of the file as the message displays it.
    pub(crate) fn at_line(self, file: &str, line: u64) -> Self {
        let message = format!("{file}: line {line}: {}", self.message);
        Self { message, ..self.with_line(line) }
    }

    /// Adds the line number in a file to the details.
    fn with_line(mut self, line: u64) -> Self {
        self.details.insert("line".to_owned(), json!(line));
        self
    }

    /// Returns whether this failure is the rejection of a token or session with `reason` as the
    /// first reason.
    pub(crate) fn has_reason(&self, reason: RejectReason) -> bool {
        self.details.get("reason").and_then(Value::as_str) == Some(reason.code())
    }

    /// Returns whether this failure is a refusal: jeton rejected the command, for example because
    /// of a missing right. Usage errors, timeouts and interruptions, for example, are not refusals.
    /// The audit log records the refusal of a command that would otherwise change the store.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(
            self.kind(),
            Kind::Usage
                | Kind::Internal
                | Kind::OutcomeUnknown
                | Kind::Busy
                | Kind::NotExecutable
                | Kind::CommandNotFound
                | Kind::Interrupted
        )
    }

    pub(crate) fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// Returns the JSON document of the error.
    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.kind().name(),
            "code": self.code.as_str(),
            "exit_code": self.kind().exit_code(),
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }})
    }

    /// Returns the JSON document of the error for a signal during or after a prompt. `exit_code` is
    /// the exit code for the signal.
    pub(crate) fn interrupted_json(exit_code: u8) -> Value {
        let mut json = Self::from(terminal::Error::Interrupted).to_json();
        json["error"]["exit_code"] = exit_code.into();
        json
    }
}

/// Removes the error numbers that the standard library adds to the texts of OS errors.
fn without_error_numbers(message: &str) -> String {
    let mut parts = message.split(" (os error ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.push_str(rest);
            }
            _ => {
                text.push_str(" (os error ");
                text.push_str(part);
            }
        }
    }
    text
}

impl From<ThreadError> for Failure {
    fn from(error: ThreadError) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}

impl From<InvalidValue> for Failure {
    fn from(invalid: InvalidValue) -> Self {
        Self { hint: invalid.hint.clone(), ..Self::new(Code::InvalidInput, invalid.to_string()) }
    }
}

impl From<InvalidLine> for Failure {
    fn from(bad_line: InvalidLine) -> Self {
        Self::new(Code::BadData, bad_line.to_string()).with_line(bad_line.line)
    }
}

impl From<InvalidLines> for Failure {
    fn from(bad_lines: InvalidLines) -> Self {
        let message = bad_lines.to_string();
        let lines = bad_lines.lines.iter();
        let lines: Vec<_> =
            lines.map(|line| json!({"line": line.line, "reason": line.reason})).collect();
        let first_line = bad_lines.lines.first().map_or(0, |line| line.line);
        let mut failure = Self::new(Code::BadData, message).with_line(first_line);
        failure.details.insert("lines".to_owned(), json!(lines));
        failure
    }
}

impl From<session_file::Error> for Failure {
    fn from(error: session_file::Error) -> Self {
        use session_file::Error;
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone()).with_location(Location::Sessions);
        match error {
            Error::Io(_) => failure(Code::Internal),
            Error::DiskFull => Self::disk_full(message),
            Error::Unusable(_) => failure(Code::SessionUnusable)
                .with_hint("set `JETON_CONFIG_DIR` to another directory"),
            Error::InsecureFile(_) => failure(Code::InsecurePermissions)
                .with_hint("set `JETON_CONFIG_DIR` to another directory"),
            Error::InsecureDirectory(insecure) => Self::insecure_directory(&insecure),
            Error::Damaged => failure(Code::NotLoggedIn).with_hint("log in again: jeton login"),
            Error::Busy => failure(Code::Busy).with_hint("try again, or wait longer with `--wait`"),
            Error::NoDirectory => failure(Code::Usage).with_hint("set `JETON_CONFIG_DIR`"),
        }
    }
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        Self::new(Code::Interrupted, interrupted.to_string())
    }
}

impl From<terminal::Error> for Failure {
    fn from(error: terminal::Error) -> Self {
        use terminal::Error;
        let message = error.to_string();
        match error {
            Error::Output(_) | Error::TerminalFailed(_) => Self::new(Code::Internal, message),
            Error::Interrupted => Self::new(Code::Interrupted, message),
            Error::NotUtf8 | Error::TooLong | Error::PasswordRefused(_) => {
                Self::new(Code::InvalidInput, message)
            }
            Error::NoTerminal | Error::PasswordMismatch | Error::Cancelled => Self::usage(message),
        }
    }
}
