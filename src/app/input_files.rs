//! Input from files and standard input. Rows of users or of claims are streamed; all other input is
//! read at once, up to a maximum size.

use super::environment::INVALID_UTF8_TOKEN;
use super::run_console::RunConsole;
use crate::crypto::MAX_TOKEN_BYTES;
use crate::failure::{Code, Failure};
use crate::files::read_limited;
use crate::model::redact_for_error;
use crate::terminal::{Echo, StdinReader};
use secrecy::SecretString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Buffer size for streams in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Kind of content of a file or standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    Password,
    /// Current and new password, one per line.
    PasswordChange,
    Token,
    /// One token per line.
    TokenLines,
    Key,
    Claims,
    /// One user or the claims of one token per row.
    Rows,
}

impl InputKind {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "the password",
            Self::PasswordChange => "the current and new password",
            Self::Token => "the token",
            Self::TokenLines => "tokens",
            Self::Key => "the key",
            Self::Claims => "the claims",
            Self::Rows => "the rows",
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::Password | Self::PasswordChange | Self::Token | Self::TokenLines | Self::Key => {
                true
            }
            Self::Claims | Self::Rows => false,
        }
    }

    /// Returns the description of a file for messages. The name of a file with a secret is omitted,
    /// because the user may have typed the secret instead of the name, unless its directory exists.
    fn describe_file(self, argument: &str, path: &Path) -> String {
        let display_path = redact_for_error(&path.to_string_lossy());
        let is_variable = argument.starts_with("JETON_");
        let is_path = path.parent().is_some_and(|directory| directory.is_dir());
        if self.is_secret() && !is_path {
            match argument.starts_with("--") || is_variable {
                true => format!("the file with {} in `{argument}`", self.name()),
                false => format!("the file with {}", self.name()),
            }
        } else if is_variable {
            format!("`{display_path}` in `{argument}`")
        } else {
            format!("`{display_path}`")
        }
    }
}

impl RunConsole {
    /// Reads the file that `argument` names, or standard input for `-`. Reads at most
    /// `max_bytes + 1` bytes, so that the caller can detect larger input.
    pub(super) fn read_file(
        &self,
        kind: InputKind,
        argument: &'static str,
        path: &Path,
        max_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if path.as_os_str() == "-" {
            return self.read_stdin(kind, argument, max_bytes);
        }
        self.clock.reset();
        let to_failure = |error: io::Error| read_error(&kind.describe_file(argument, path), &error);
        read_limited(File::open(path).map_err(to_failure)?, max_bytes).map_err(to_failure)
    }

    /// Opens the file with rows that `argument` names, without a size limit, or standard input for
    /// `-`.
    pub(crate) fn open_rows_file(
        &self,
        argument: &'static str,
        path: &Path,
    ) -> Result<impl BufRead + use<>, Failure> {
        self.clock.reset();
        let kind = InputKind::Rows;
        let (name, input): (_, Box<dyn Read>) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), Box::new(self.open_stdin(kind, argument)?))
        } else {
            let name = kind.describe_file(argument, path);
            let file = File::open(path).map_err(|error| read_error(&name, &error))?;
            (name, Box::new(file))
        };
        Ok(BufReader::with_capacity(BUFFER_BYTES, NamedReader { name, input }))
    }

    /// Reads standard input for `argument`.
    pub(super) fn read_stdin(
        &self,
        kind: InputKind,
        argument: &'static str,
        max_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        read_limited(self.open_stdin(kind, argument)?, max_bytes).map_err(stdin_error)
    }

    /// Opens standard input for `argument`.
    pub(super) fn open_stdin(
        &self,
        kind: InputKind,
        argument: &'static str,
    ) -> Result<StdinReader, Failure> {
        self.stdin_guard.claim(argument)?;
        self.clock.reset();
        let echo = if kind.is_secret() { Echo::LineBreaksOnly } else { Echo::On };
        Ok(self.terminal.open_stdin(kind.name(), echo)?)
    }
}

/// Tokens on standard input, one per line.
pub(crate) struct TokenLines(BufReader<StdinReader>);

impl TokenLines {
    pub(super) fn new(input: StdinReader) -> Self {
        Self(BufReader::new(input))
    }

    /// Returns the next token; `None` at the end. A line longer than the limit is truncated; the
    /// truncated line is still too long for a token and therefore refused.
    pub(crate) fn next(&mut self) -> Result<Option<SecretString>, Failure> {
        let mut line = Zeroizing::new(Vec::new());
        let limit = u64::try_from(2 * MAX_TOKEN_BYTES).unwrap_or(u64::MAX);
        let length = (&mut self.0).take(limit).read_until(b'\n', &mut line).map_err(stdin_error)?;
        if length == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            self.0.skip_until(b'\n').map_err(stdin_error)?;
        }
        Ok(Some(normalize_token(&line)))
    }
}

/// Stream that adds the name of the input to read errors.
struct NamedReader {
    name: String,
    input: Box<dyn Read>,
}

impl Read for NamedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer).map_err(|error| {
            // The error kind is kept: callers retry an interrupted read.
            let message = format!("{} cannot be read: {error}", self.name);
            io::Error::new(error.kind(), message)
        })
    }
}

fn read_error(name: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("{name} cannot be read: {error}"))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` needs")]
fn stdin_error(error: io::Error) -> Failure {
    Failure::new(Code::InvalidInput, format!("standard input cannot be read: {error}"))
}

/// Removes surrounding whitespace and the prefix `Bearer `.
pub(super) fn normalize_token(bytes: &[u8]) -> SecretString {
    let text = std::str::from_utf8(bytes).unwrap_or(INVALID_UTF8_TOKEN).trim();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    };
    SecretString::from(token)
}
