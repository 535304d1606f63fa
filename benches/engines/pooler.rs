//! The connection pooler `PgBouncer` in transaction mode, between jeton and the PostgreSQL server.

use super::server::Server;
use crate::home::Outcome;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PORT: u16 = 6432;

/// A running pooler. Its socket is in the same directory as the socket of the server. The pooler
/// ends when the value is dropped.
pub(super) struct Pooler {
    process: Child,
    address: String,
}

impl Pooler {
    /// Returns an error if the pooler is not installed.
    pub(super) fn require_installed() -> Outcome<()> {
        Self::version().map(drop).map_err(|error| {
            format!("the benchmark requires `pgbouncer` (Debian package: pgbouncer): {error}")
                .into()
        })
    }

    pub(super) fn version() -> Outcome<String> {
        let output = Command::new("pgbouncer").arg("--version").output()?;
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Starts a pooler for the server, and waits until connections are possible.
    pub(super) fn start(server: &Server) -> Outcome<Self> {
        let directory = server.socket_directory().to_string_lossy();
        let os_user = Command::new("id").arg("-un").output()?.stdout;
        let os_user = String::from_utf8(os_user)?;
        let configuration = server.socket_directory().join("pgbouncer.ini");
        let lines = [
            "[databases]".to_owned(),
            format!("postgres = host={directory} user={}", os_user.trim_end()),
            "[pgbouncer]".to_owned(),
            format!("listen_port = {PORT}"),
            format!("unix_socket_dir = {directory}"),
            "auth_type = any".to_owned(),
            "pool_mode = transaction".to_owned(),
            format!("logfile = {directory}/pgbouncer.log"),
        ];
        std::fs::write(&configuration, lines.join("\n") + "\n")?;
        let mut command = Command::new("pgbouncer");
        if rustix::process::geteuid().is_root() {
            // PgBouncer refuses to run as root, so this command starts PgBouncer as the owner of
            // the directory.
            let directory_metadata = std::fs::metadata(server.socket_directory())?;
            command.uid(directory_metadata.uid()).gid(directory_metadata.gid());
        }
        command.arg("--quiet").arg(configuration).stderr(Stdio::null());
        let process = command.spawn()?;
        let address = format!("postgres:///postgres?host={directory}&port={PORT}");
        let pooler = Self { process, address };
        let socket = server.socket_directory().join(format!(".s.PGSQL.{PORT}"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while UnixStream::connect(&socket).is_err() {
            if Instant::now() > deadline {
                return Err("`pgbouncer` did not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(pooler)
    }

    /// Returns the address of the database through the pooler. The address has a query (`?…`), so
    /// that `&NAME=VALUE` can be appended.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
