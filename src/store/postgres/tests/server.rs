//! A PostgreSQL server with TLS certificates, which a test starts.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Running server with TLS. The server certificate is valid for `localhost`, but not for
/// `127.0.0.1`. The database user `ada` logs in with the password `lovelace`, and the database user
/// `carol` with the client certificate. Dropping the value stops the server.
pub(super) struct Server {
    directory: TempDir,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { directory: TempDir::new().unwrap(), port };
        server.create_certificates();
        let data = server.path("data");
        server.run_as_postgres("initdb", &["-N", "--locale=C.UTF-8", "-A", "trust", "-D", &data]);
        let settings = format!(
            "port={port}\nlisten_addresses='localhost'\nunix_socket_directories='{}'\nfsync=off\n\
             ssl=on\nssl_ca_file='{}'\nssl_cert_file='{}'\nssl_key_file='{}'\n",
            server.path(""),
            server.path("ca.crt"),
            server.path("server.crt"),
            server.path("server.key"),
        );
        fs::write(server.path("data/postgresql.auto.conf"), settings).unwrap();
        let authentication_rules = "local all postgres trust\nlocal all all scram-sha-256\n\
            hostssl all carol all cert\nhost all all all scram-sha-256\n";
        fs::write(server.path("data/pg_hba.conf"), authentication_rules).unwrap();
        server.run_as_postgres("pg_ctl", &["-D", &data, "-w", "-l", &server.path("log"), "start"]);
        server.execute("CREATE ROLE ada LOGIN PASSWORD 'lovelace'; CREATE ROLE carol LOGIN");
        server
    }

    /// Returns the path of a file in the directory of the server. For an empty name, returns the
    /// path of the directory. The directory also contains the socket.
    pub(super) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().trim_end_matches('/').to_owned()
    }

    /// Executes SQL as the database user `postgres`.
    pub(super) fn execute(&self, sql: &str) {
        let (socket, port) = (self.path(""), self.port.to_string());
        self.run_as_postgres("psql", &["-q", "-h", &socket, "-p", &port, "-c", sql, "postgres"]);
    }

    /// Creates the root certificates `ca` and `other`. Creates the certificates `server` and
    /// `client`, both issued by `ca`.
    fn create_certificates(&self) {
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            let arguments = arguments.split(' ').filter(|argument| !argument.is_empty());
            run(command.args(arguments).current_dir(self.directory.path()));
        };
        let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for name in ["ca", "other"] {
            openssl(&format!(
                "req -x509 {new_key} -subj /CN={name} -keyout {name}.key -out {name}.crt -days 9"
            ));
        }
        for (name, common_name) in [("server", "localhost"), ("client", "carol")] {
            openssl(&format!(
                "req -x509 {new_key} -CA ca.crt -CAkey ca.key -subj /CN={common_name} -days 9 \
                 -addext subjectAltName=DNS:{common_name} -addext basicConstraints=critical,CA:FALSE \
                 -keyout {name}.key -out {name}.crt"
            ));
        }
    }

    /// Runs a program of PostgreSQL as the operating system user `postgres`. A test must run as
    /// this user or as root. If the test runs as root, changes the owner of the files to
    /// `postgres`, because some of the programs refuse to run as root.
    fn run_as_postgres(&self, program: &str, arguments: &[&str]) {
        let path = program_directory().join(program);
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").args(["-R", "postgres", &self.path("")]));
            let mut command = Command::new("runuser");
            run(command.args(["-u", "postgres", "--"]).arg(path).args(arguments));
        } else {
            run(Command::new(path).args(arguments));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run_as_postgres("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "stop"]);
    }
}

/// Returns the directory with the programs of the newest PostgreSQL that a Debian package
/// installed.
fn program_directory() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let newest = versions.map(|entry| entry.unwrap().path()).max();
    newest.unwrap().join(Path::new("bin"))
}

fn run(command: &mut Command) {
    // Standard error is not captured through a pipe: a started server would keep the pipe open.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}
