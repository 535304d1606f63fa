//! Input from files and standard input. Rows of users or of claims are streamed; all other input is
//! read at once, up to a maximum size.

use super::App;
use crate::failure::{Code, Failure};
use crate::files::read_limited;
use crate::model::redact_for_error;
use crate::terminal::{Echo, StdinReader};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
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
    Key,
    Claims,
    /// One user or the claims of one token per row.
    Rows,
}

impl InputKind {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordChange => "current and new password",
            Self::Token => "token",
            Self::Key => "key",
            Self::Claims => "claims",
            Self::Rows => "rows",
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::Password | Self::PasswordChange | Self::Token | Self::Key => true,
            Self::Claims | Self::Rows => false,
        }
    }

    /// Returns the description of a file for messages. The name of a file with a secret is omitted,
    /// because the user may have typed the secret instead of the name.
    fn describe_file(self, path: &Path) -> String {
        if self.is_secret() {
            format!("the file with the {}", self.name())
        } else {
            format!("`{}`", redact_for_error(&path.to_string_lossy()))
        }
    }
}

impl App {
    /// Reads a file, or standard input for `-`. Reads at most `max_bytes + 1` bytes, so that the
    /// caller can detect larger input.
    pub(super) fn read_file(
        &self,
        kind: InputKind,
        path: &Path,
        max_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if path.as_os_str() == "-" {
            return self.read_stdin(kind, max_bytes);
        }
        let to_failure = |error: io::Error| read_error(&kind.describe_file(path), &error);
        read_limited(File::open(path).map_err(to_failure)?, max_bytes).map_err(to_failure)
    }

    /// Opens a file with rows, without a size limit, or standard input for `-`.
    pub(crate) fn open_rows_file(&self, path: &Path) -> Result<impl BufRead, Failure> {
        let kind = InputKind::Rows;
        let (name, input): (_, Box<dyn Read>) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), Box::new(self.open_stdin(kind)?))
        } else {
            let name = kind.describe_file(path);
            let file = File::open(path).map_err(|error| read_error(&name, &error))?;
            (name, Box::new(file))
        };
        Ok(BufReader::with_capacity(BUFFER_BYTES, NamedReader { name, input }))
    }

    /// Reads standard input. A second read in the same process is refused.
    pub(super) fn read_stdin(
        &self,
        kind: InputKind,
        max_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        read_limited(self.open_stdin(kind)?, max_bytes).map_err(stdin_error)
    }

    fn open_stdin(&self, kind: InputKind) -> Result<StdinReader, Failure> {
        static IS_READ: AtomicBool = AtomicBool::new(false);
        if IS_READ.swap(true, Ordering::Relaxed) {
            return Err(Failure::usage("standard input has already been read"));
        }
        let echo = if kind.is_secret() { Echo::LineBreaksOnly } else { Echo::On };
        Ok(self.console.open_stdin(&format!("the {}", kind.name()), echo)?)
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
pub(super) fn stdin_error(error: io::Error) -> Failure {
    Failure::new(Code::InvalidInput, format!("standard input cannot be read: {error}"))
}
