//! Set-up shared by all benchmarks: a temporary home directory with a store, and the exit code.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use tempfile::TempDir;

/// Result of a benchmark step.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Home directory with a store, in which the admin `ada` is logged in and has one token.
pub(crate) struct Home {
    pub(crate) directory: TempDir,
    jeton: PathBuf,
}

impl Home {
    pub(crate) fn create_directory(prefix: &str) -> Outcome<TempDir> {
        Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
    }

    pub(crate) fn new(jeton: &Path) -> Outcome<Self> {
        let home = Self { directory: Self::create_directory("bench-")?, jeton: jeton.to_owned() };
        home.run(&["init", "ada", "--password-stdin"])?;
        home.run(&["token", "create", "my-app"])?;
        Ok(home)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.jeton);
        command.env_clear().env("HOME", self.directory.path()).args(args);
        command
    }

    /// Runs jeton; fails unless the exit code is 0.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome<()> {
        let mut child = self
            .command(args)
            .arg("--quiet")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        // Most commands exit without reading the password.
        let _ = child.stdin.take().ok_or("no standard input")?.write_all(b"lovelace");
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("{args:?} failed: {status}").into()) }
    }

    /// Returns the directory of the store.
    pub(crate) fn store_directory(&self) -> PathBuf {
        self.directory.path().join(".local/share/jeton")
    }
}

/// Returns the exit code of a benchmark: success if all targets are met.
pub(crate) fn exit_code(result: Outcome<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}
