//! The file that `GITHUB_ENV` names: each line `NAME=VALUE` sets a variable for the next steps of a
//! job in GitHub Actions.

use super::environment::read_variable;
use crate::failure::{Code, Failure};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

/// The file that `GITHUB_ENV` names, open for appending.
pub(crate) struct GithubEnvFile {
    file: File,
    /// Set if the last line of the file has no line break.
    needs_line_break: bool,
}

impl GithubEnvFile {
    /// Opens the file. Called before a token is created, because without the file, the token could
    /// not be delivered.
    pub(crate) fn open() -> Result<Self, Failure> {
        let Some(path) = read_variable("GITHUB_ENV") else {
            return Err(Failure::usage("`GITHUB_ENV` is not set")
                .with_hint("outside of GitHub Actions, use `-o dotenv`"));
        };
        let open_file = || {
            let mut options = OpenOptions::new();
            let mut file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
            let needs_line_break = !ends_with_line_break(&mut file)?;
            Ok(Self { file, needs_line_break })
        };
        open_file().map_err(|error: io::Error| {
            Failure::usage(format!("the file in `GITHUB_ENV` cannot be opened: {error}"))
        })
    }

    /// Appends `lines`, which end with a line break.
    pub(crate) fn append(&mut self, lines: &str) -> Result<(), Failure> {
        let line_break = if self.needs_line_break { "\n" } else { "" };
        // A single write, so that lines of other processes do not mix with these lines.
        self.file.write_all(format!("{line_break}{lines}").as_bytes()).map_err(|error| {
            let message = format!("the file in `GITHUB_ENV` cannot be written: {error}");
            Failure::new(Code::Internal, message)
        })
    }
}

/// Returns whether the last line of a file ends with a line break. Also returns `true` for an empty
/// file, and for a file without a length, such as a pipe.
fn ends_with_line_break(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last_byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last_byte)?;
    Ok(last_byte == *b"\n")
}
