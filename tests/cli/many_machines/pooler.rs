//! The connection pooler `PgBouncer`, in transaction mode, between the program and a server.

use super::wait_until;
use crate::required;
use crate::test_server::TestServer;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

/// Port number of the pooler, which is part of the name of its socket.
const PORT: u16 = 6432;

/// A running pooler. Its configuration and its socket are in the directory of the server.
pub(super) struct Pooler {
    process: Child,
    address: String,
}

impl Pooler {
    pub(super) fn start(server: &TestServer) -> Self {
        required::require_program("pgbouncer");
        let directory = server.directory().to_str().unwrap();
        let user = server.run_sql("SELECT current_user").remove(0);
        let configuration_path = server.directory().join("pgbouncer.ini");
        let text = format!(
            "[databases]
             postgres = host={directory} user={user}
             [pgbouncer]
             listen_port = {PORT}
             unix_socket_dir = {directory}
             auth_type = any
             pool_mode = transaction
             default_pool_size = 20
             max_client_conn = 1000
             logfile = {directory}/pgbouncer.log"
        );
        std::fs::write(&configuration_path, text.replace("\n             ", "\n")).unwrap();
        // PgBouncer refuses to run as root. Under root, the owner of the directory runs PgBouncer.
        let directory_metadata = std::fs::metadata(server.directory()).unwrap();
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={}", directory_metadata.uid()));
            command.arg(format!("--regid={}", directory_metadata.gid()));
            command.args(["--clear-groups", "--", "pgbouncer"]);
            command
        } else {
            Command::new("pgbouncer")
        };
        let process = command.arg(configuration_path).stderr(Stdio::null()).spawn().unwrap();
        let socket = server.directory().join(format!(".s.PGSQL.{PORT}"));
        let pooler =
            Self { process, address: format!("postgres:///postgres?host={directory}&port={PORT}") };
        wait_until(|| UnixStream::connect(&socket).is_ok());
        pooler
    }

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
