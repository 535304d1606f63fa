//! A PostgreSQL server for a single test. The script `tests/server` starts and stops the server.

use crate::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A running server, which stops at the end of the test.
pub(crate) struct TestServer {
    directory: TempDir,
    address: String,
}

impl TestServer {
    /// Starts a server. Each setting has the format `NAME=VALUE`.
    pub(crate) fn start(settings: &[&str]) -> Self {
        Self::start_in(create_directory(), settings)
    }

    /// Starts a server in a directory from [`create_directory`]. The directory may already contain
    /// files that the settings name. Its subdirectory `data` may already contain a copy of the data
    /// of another server.
    pub(crate) fn start_in(directory: TempDir, settings: &[&str]) -> Self {
        let mut start = server_script();
        start.arg("start").arg(directory.path()).stderr(Stdio::inherit());
        for setting in settings {
            start.args(["-c", setting]);
        }
        let output = start.output().unwrap();
        assert!(
            output.status.success(),
            "`tests/server start` failed, and the test needs a PostgreSQL server"
        );
        let address = String::from_utf8(output.stdout).unwrap().trim_end().to_owned();
        Self { directory, address }
    }

    /// Returns the directory of the server. The server listens on a socket in this directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the address of the server, for connections through its socket.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Runs SQL and returns the lines that `psql` prints. Panics if the SQL fails.
    #[track_caller]
    pub(crate) fn run_sql(&self, sql: &str) -> Vec<String> {
        run_psql(&self.address, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Sends a signal to all processes of the server. Unless the signal is `CONT`, first stops the
    /// main process (postmaster) with `STOP`, because a stopped postmaster starts no process.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = std::fs::read_to_string(self.directory().join("data/postmaster.pid")).unwrap();
        let postmaster = Pid::from_raw(pid.lines().next().unwrap().parse().unwrap()).unwrap();
        if signal != Signal::CONT {
            kill_process(postmaster, Signal::STOP).unwrap();
        }
        for child in children_of(postmaster) {
            // The process may have ended in the meantime.
            let _ = kill_process(child, signal);
        }
        kill_process(postmaster, signal).unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let result = server_script().arg("stop").arg(self.directory()).status();
        let stopped = result.is_ok_and(|status| status.success());
        // A panic during another panic would abort the test process.
        assert!(stopped || std::thread::panicking(), "the server did not stop");
    }
}

/// Creates a directory in which a server can start.
pub(crate) fn create_directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("jeton-server-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

/// Returns a free port of `localhost`.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("localhost:0").unwrap().local_addr().unwrap().port()
}

/// Runs SQL with `psql`, up to the first error. Returns the lines that `psql` prints, or its error
/// message.
pub(crate) fn run_psql(server_address: &str, sql: &str) -> Result<Vec<String>, String> {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
        .args(["--dbname", server_address, "--set", "ON_ERROR_STOP=1", "--file", "-"])
        .env("PGOPTIONS", "--client-min-messages=warning")
        .stdin(Stdio::piped());
    let output = Sandbox::run_command_with_input(psql, sql);
    if output.code != 0 {
        return Err(output.stderr);
    }
    Ok(output.stdout.lines().map(str::to_owned).collect())
}

/// Returns a command that runs `tests/server`.
fn server_script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server"))
}

/// Returns the child processes of a process.
fn children_of(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().to_string();
    let names = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        // The process may have ended in the meantime.
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent_field = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        parent_field.is_some_and(|field| field.trim() == parent)
    })
    .map(|pid| Pid::from_raw(pid).unwrap())
    .collect()
}
