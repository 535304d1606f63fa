//! Input from files and standard input. Rows of users or of claims, and lines of tokens, are
//! streamed; all other input is read at once, up to a maximum size.

use super::run_console::RunConsole;
use crate::failure::{Code, Failure};
use crate::files::read_limited;
use crate::model::{NonFileValue, quote_shell_word, redact_for_error};
use crate::terminal::{Echo, Progress, StdinReader, Total};
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Buffer size for a stream of rows in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Kind of content of a file or of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    Password,
    /// Current and new password, one per line.
    PasswordChange,
    Token,
    /// One token per line.
    TokenLines,
    /// A key or a JWK Set.
    Key,
    Claims,
    Toml,
    /// Rows: each row describes one user, or contains the claims of one token.
    Rows,
}

impl InputKind {
    /// Returns a noun phrase for messages.
    fn name(self) -> &'static str {
        match self {
            Self::Password => "the password",
            Self::PasswordChange => "the current and new password",
            Self::Token => "the token",
            Self::TokenLines => "tokens",
            Self::Key => "the key",
            Self::Claims => "the claims",
            Self::Toml => "the TOML document",
            Self::Rows => "the rows",
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::Password | Self::PasswordChange | Self::Token | Self::TokenLines | Self::Key => {
                true
            }
            Self::Claims | Self::Toml | Self::Rows => false,
        }
    }

    /// Returns the description of a file for messages. The path of a file with a secret is omitted
    /// unless the path names an existing parent directory: without a directory, the user may have
    /// typed the secret instead of the path.
    fn describe_file(self, argument: &str, path: &Path) -> String {
        let display_path = redact_for_error(&path.to_string_lossy());
        let is_variable = argument.starts_with("JETON_");
        let has_directory = path.parent().is_some_and(|directory| directory.is_dir());
        if self.is_secret() && !has_directory {
            if argument.starts_with("--") || is_variable {
                format!("the file with {} (value of `{argument}`)", self.name())
            } else {
                format!("the file with {}", self.name())
            }
        } else if is_variable {
            format!("`{display_path}` in `{argument}`")
        } else {
            format!("`{display_path}`")
        }
    }
}

impl RunConsole {
    /// Reads the file `path`; `-` is standard input. `argument` is the command-line argument or
    /// variable with this path. Reads at most `max_bytes + 1` bytes, so that the caller can detect
    /// larger input.
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
        let file = open_file(kind, argument, path)?;
        let to_failure = |error: io::Error| read_error(&kind.describe_file(argument, path), &error);
        read_limited(file, max_bytes).map_err(to_failure)
    }

    /// Opens the file `path`, and passes a reader without a size limit to `read`; `-` is standard
    /// input. `argument` is the command-line argument with this path. Shows the progress of `read`.
    pub(crate) fn read_rows<T>(
        &self,
        argument: &'static str,
        path: &Path,
        read: impl FnOnce(RowsReader) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.clock.reset();
        let kind = InputKind::Rows;
        let (name, total, input): (_, _, Box<dyn Read + Send>) = if path.as_os_str() == "-" {
            let stdin = self.open_stdin(kind, argument)?.into_parts().0;
            ("standard input".to_owned(), total_of_file(stdin.as_fd()), Box::new(stdin))
        } else {
            let file = open_file(kind, argument, path)?;
            (kind.describe_file(argument, path), total_of_file(file.as_fd()), Box::new(file))
        };
        let reads_terminal = path.as_os_str() == "-" && io::stdin().is_terminal();
        let total = total.unwrap_or(Total::Bytes(0));
        let progress = Arc::new(self.terminal.start_progress("reading", total, reads_terminal));
        let reader = NamedReader { name, input, progress: Arc::clone(&progress) };
        let result = read(BufReader::with_capacity(BUFFER_BYTES, reader));
        // The progress display must end here, and not when the reader is dropped: after an error,
        // another thread may still own the reader.
        progress.finish();
        result
    }

    /// Reads standard input for `argument`, at most `max_bytes + 1` bytes: see [`Self::read_file`].
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

/// Buffered reader of a file with rows, or of standard input.
pub(crate) type RowsReader = BufReader<NamedReader>;

/// Stream that adds the name of the input to read errors, and shows the progress.
pub(crate) struct NamedReader {
    name: String,
    input: Box<dyn Read + Send>,
    progress: Arc<Progress>,
}

impl Read for NamedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer).map_err(|error| {
            // The error kind is kept: callers retry an interrupted read.
            let message = format!("{} cannot be read: {error}", self.name);
            io::Error::new(error.kind(), message)
        })?;
        self.progress.advance(count);
        Ok(count)
    }
}

/// Returns the length of a regular file in bytes; `None` for other kinds of files, such as a pipe.
pub(super) fn total_of_file(file: BorrowedFd<'_>) -> Option<Total> {
    let metadata = file.try_clone_to_owned().map(File::from).and_then(|file| file.metadata());
    let metadata = metadata.ok().filter(|metadata| metadata.is_file())?;
    Some(Total::Bytes(usize::try_from(metadata.len()).unwrap_or(usize::MAX)))
}

/// Opens a file. If `path` is not the name of a file, but another kind of value, such as a URL or a
/// token, the error names this kind.
fn open_file(kind: InputKind, argument: &'static str, path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        let value = NonFileValue::recognize(path.as_os_str()).filter(|_| is_missing(&error));
        let failure = value.and_then(|value| not_a_file_failure(kind, argument, path, value));
        failure.unwrap_or_else(|| {
            let failure = read_error(&kind.describe_file(argument, path), &error);
            if kind == InputKind::Key && is_missing(&error) && argument.starts_with("--key") {
                return failure.with_hint(match argument {
                    "--key-file" => {
                        "for a test key of the store, use `--key KID`; for a secret, `--secret-env NAME`"
                    }
                    _ => "for a secret, use `--secret-env NAME`",
                });
            }
            failure
        })
    })
}

/// Returns the canonical form of `path`, which a TOML file in `directory` contains. The path must
/// be relative, without `..`, and below `directory` even after symbolic links are followed. An
/// error states the reason without the path.
pub(crate) fn resolve_below(directory: &Path, path: &Path) -> Result<PathBuf, String> {
    let is_allowed = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(is_allowed) {
        return Err("expected a relative path without `..`".to_owned());
    }
    let resolve = |path: &Path| {
        path.canonicalize().map_err(|error| format!("the file cannot be read: {error}"))
    };
    let base = resolve(&Path::new(".").join(directory))?;
    let target = resolve(&base.join(path))?;
    if target.starts_with(&base) {
        Ok(target)
    } else {
        Err("path outside the directory of the TOML file".to_owned())
    }
}

/// Returns whether the error means that the file does not exist, or that its name is invalid.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput
    )
}

/// Returns the error for a value in place of a file name; `None` if the value may be a file name.
fn not_a_file_failure(
    kind: InputKind,
    argument: &'static str,
    path: &Path,
    value: NonFileValue,
) -> Option<Failure> {
    let text = path.to_string_lossy();
    let stdin_hint = |noun| format!("use `-` and pass the {noun} on standard input");
    let is_claims_array = matches!(value, NonFileValue::Json)
        && kind == InputKind::Claims
        && text.trim_start().starts_with('[');
    let (found, hint) = match value {
        NonFileValue::Url => ("URL", stdin_hint("document")),
        NonFileValue::Json if is_claims_array => {
            ("JSON array", "pass an object: '{\"NAME\":\"VALUE\"}'".to_owned())
        }
        NonFileValue::Json => ("JSON", stdin_hint("JSON")),
        NonFileValue::Pem => ("PEM", stdin_hint("PEM")),
        NonFileValue::Token if !matches!(kind, InputKind::Token | InputKind::TokenLines) => {
            ("token", stdin_hint("document"))
        }
        NonFileValue::Token if argument.starts_with('-') => ("token", stdin_hint("token")),
        NonFileValue::Token if argument == "JETON_TOKEN_FILE" => {
            ("token", "use `JETON_TOKEN` for the token itself".to_owned())
        }
        NonFileValue::Token => ("token", "omit the `@` before the token".to_owned()),
        NonFileValue::AtSign if kind.is_secret() => ("`@`", "omit the `@`".to_owned()),
        NonFileValue::AtSign => {
            let name = redact_for_error(text.trim_start().trim_start_matches('@'));
            ("`@`", format!("omit the `@`: {}", quote_shell_word(&name)))
        }
        NonFileValue::Home => ("`~`", "use `$HOME` in place of `~`".to_owned()),
        NonFileValue::Assignment if kind == InputKind::Claims => {
            ("`NAME=VALUE`", "use `--claim NAME=VALUE`".to_owned())
        }
        NonFileValue::Assignment => return None,
    };
    let expected =
        if is_claims_array { "a JSON object or the name of a file" } else { "the name of a file" };
    let message = format!("`{argument}`: {found} found, expected {expected}");
    Some(Failure::usage(message).with_hint(hint))
}

fn read_error(name: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("{name} cannot be read: {error}"))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` needs")]
pub(super) fn stdin_error(error: io::Error) -> Failure {
    Failure::new(Code::InvalidInput, format!("standard input cannot be read: {error}"))
}
