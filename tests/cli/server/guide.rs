//! Test of the guide `many-machines.md`, which explains a store for several machines. The test
//! starts a separate server, because the commands of the guide change settings of the server and
//! create databases and roles.

use crate::readme::{DOCUMENTS, assert_commands_print_the_shown_output};
use crate::required;
use crate::test_server::{self, TestServer};
use std::process::Command;

/// Starts a server on the port, with a TLS certificate for the name `localhost`.
fn start_server(port: &str) -> TestServer {
    let directory = test_server::create_directory();
    let [key, certificate] = ["key.pem", "certificate.pem"]
        .map(|name| directory.path().join(name).display().to_string());
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-days", "1", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate]);
    required::require(&mut openssl, "the program `openssl`");
    let settings = [
        &format!("port={port}"),
        "listen_addresses=localhost",
        "fsync=on",
        "ssl=on",
        &format!("ssl_key_file={key}"),
        &format!("ssl_cert_file={certificate}"),
    ];
    TestServer::start_in(directory, &settings)
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn commands_of_the_many_machines_guide_print_the_shown_output() {
    let port = test_server::free_port().to_string();
    let server = start_server(&port);
    let document =
        DOCUMENTS.iter().find(|document| document.path == "src/guides/many-machines.md").unwrap();
    let variables = [("PGHOST", server.directory().to_str().unwrap()), ("PGPORT", &port)];
    assert_commands_print_the_shown_output(document, None, &variables, |_| true);
}
