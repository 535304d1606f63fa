//! The PostgreSQL server that the benchmark starts.

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
        let mut command = server_script("start", directory.path());
        // The script sets `fsync=off` by default. With `fsync=on`, commits are durable, as in the
        // SQLite store of the comparison.
        command.args(["-c", "fsync=on"]).stderr(Stdio::inherit());
        let output = command.output()?;
        if !output.status.success() {
            return Err("the benchmark requires a PostgreSQL server".into());
        }
        let address = String::from_utf8(output.stdout)?.trim_end().to_owned();
        Ok(Self { directory, address })
    }

    /// Returns the directory of the socket.
    pub(super) fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the address of the database. The address has a query (`?…`), so that `&NAME=VALUE`
    /// can be appended.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn version(&self) -> Outcome<String> {
        let options =
            ["--no-psqlrc", "--tuples-only", "--no-align", "--command", "SHOW server_version"];
        let output = Command::new("psql").arg(&self.address).args(options).output()?;
        Ok(format!("PostgreSQL {}", String::from_utf8(output.stdout)?.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !server_script("stop", self.socket_directory())
            .status()
            .is_ok_and(|status| status.success())
        {
            println!("the server in {} did not stop", self.socket_directory().display());
        }
    }
}

/// Returns the command that runs the script `tests/server` with an action, `start` or `stop`, on a
/// server with the given directory.
fn server_script(action: &str, directory: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server"));
    command.arg(action).arg(directory);
    command
}
