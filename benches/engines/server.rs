//! A PostgreSQL server of the benchmark.

use crate::home::Outcome;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A running server, which stops when the value is dropped.
pub(super) struct Server {
    directory: TempDir,
    address: String,
}

impl Server {
    pub(super) fn start() -> Outcome<Self> {
        let permissions = std::fs::Permissions::from_mode(0o700);
        let directory =
            tempfile::Builder::new().prefix("bench-").permissions(permissions).tempdir()?;
        let mut start = script("start", directory.path());
        // By default, the script starts a server without `fsync`, whose commits are not durable. The
        // commits of the compared SQLite store are durable.
        start.args(["-c", "fsync=on"]).stderr(Stdio::inherit());
        let output = start.output()?;
        if !output.status.success() {
            return Err("the benchmark requires a PostgreSQL server".into());
        }
        let address = String::from_utf8(output.stdout)?.trim_end().to_owned();
        Ok(Self { directory, address })
    }

    /// Returns the directory of the socket.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the address of the database. The address has a query (`?…`), so that `&NAME=VALUE` can
    /// be appended.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn version(&self) -> Outcome<String> {
        let query =
            ["--no-psqlrc", "--tuples-only", "--no-align", "--command", "SHOW server_version"];
        let output = Command::new("psql").arg(&self.address).args(query).output()?;
        Ok(format!("PostgreSQL {}", String::from_utf8(output.stdout)?.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !script("stop", self.path()).status().is_ok_and(|status| status.success()) {
            println!("the server in {} did not stop", self.path().display());
        }
    }
}

/// Returns the command of the script that starts and stops servers.
fn script(action: &str, directory: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server"));
    command.arg(action).arg(directory);
    command
}
