//! The guide to a store for several machines, tested on a separate server, because the commands of
//! the guide change settings of the server and create databases and roles.

use crate::readme::{DOCUMENTS, assert_commands_print_the_shown_output};
use crate::required;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A server with TLS for the name `localhost`. The server stops at the end of the test.
struct Server {
    directory: TempDir,
    port: String,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("jeton-server-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        drop(listener);
        let server = Self { directory, port };
        let [key, certificate] = ["key.pem", "certificate.pem"]
            .map(|name| server.path().join(name).display().to_string());
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-days", "1", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &key, "-out", &certificate]);
        required::require(&mut openssl, "the program `openssl`");
        let mut start = server_script();
        start.arg("start").arg(server.path());
        for setting in [
            format!("port={}", server.port),
            "listen_addresses=localhost".to_owned(),
            "fsync=on".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_key_file={key}"),
            format!("ssl_cert_file={certificate}"),
        ] {
            start.args(["-c", &setting]);
        }
        // The server inherits the outputs of the script and keeps them open: reading a pipe would not end.
        let status = start.stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "the test needs a PostgreSQL server (tests/server start)");
        server
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let has_stopped = server_script()
            .arg("stop")
            .arg(self.path())
            .status()
            .is_ok_and(|status| status.success());
        // A second panic would abort the tests.
        assert!(has_stopped || std::thread::panicking(), "the server did not stop");
    }
}

fn server_script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server"))
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn many_machines_blocks_print_the_shown_output() {
    let server = Server::start();
    let document =
        DOCUMENTS.iter().find(|document| document.path == "src/guides/many-machines.md").unwrap();
    let variables = [("PGHOST", server.path().to_str().unwrap()), ("PGPORT", &server.port)];
    assert_commands_print_the_shown_output(document, None, &variables, |_| true);
}
