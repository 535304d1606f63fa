//! What every measurement has: a home with a store of its own, and an end.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use tempfile::TempDir;

/// What a measurement comes to.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// A home with a store, its admin `ada` logged in, who has one token.
pub(crate) struct Home {
    pub(crate) home: TempDir,
    jeton: PathBuf,
}

impl Home {
    pub(crate) fn directory(prefix: &str) -> Outcome<TempDir> {
        Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
    }

    pub(crate) fn new(jeton: &Path) -> Outcome<Self> {
        let this = Self { home: Self::directory("bench-")?, jeton: jeton.to_owned() };
        this.must(&["init", "ada", "--password-stdin"])?;
        this.must(&["token", "create", "my-app"])?;
        Ok(this)
    }

    pub(crate) fn jeton(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.jeton);
        command.env_clear().env("HOME", self.home.path()).args(words);
        command
    }

    pub(crate) fn must(&self, words: &[&str]) -> Outcome<()> {
        let mut child =
            self.jeton(words).arg("--quiet").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        // Most commands end without reading it.
        let _ = child.stdin.take().ok_or("no standard input")?.write_all(b"lovelace");
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("{words:?} ended with {status}").into()) }
    }

    /// The directory of its store.
    pub(crate) fn store(&self) -> PathBuf {
        self.home.path().join(".local/share/jeton")
    }
}

/// Ends a measurement: well if every target is met.
pub(crate) fn end(result: Outcome<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the measurement failed: {error}");
            ExitCode::FAILURE
        }
    }
}
