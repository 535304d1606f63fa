//! TLS connections to a server, and the verification of its certificate.

use crate::required;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::test_server::{self, TestServer};
use insta::assert_snapshot;
use std::path::Path;
use std::process::Command;

/// Creates the certificates of two certificate authorities, `ca` and `other`. Also creates a server
/// certificate for the name `localhost`, signed by `ca`.
fn create_certificates(directory: &Path) {
    let create_certificate = |arguments: &str| {
        let request = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 1";
        let mut command = Command::new("openssl");
        command.args(request.split(' ')).args(arguments.split(' ')).current_dir(directory);
        required::require(&mut command, "the program `openssl`");
    };
    create_certificate("-subj /CN=ca -keyout ca.key -out ca.pem");
    create_certificate("-subj /CN=other -keyout other.key -out other.pem");
    create_certificate(
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -CA ca.pem -CAkey ca.key \
         -addext basicConstraints=critical,CA:FALSE -keyout server.key -out server.pem",
    );
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn certificate_of_the_server_is_verified_unless_tls_is_disabled() {
    let directory = test_server::create_directory();
    create_certificates(directory.path());
    let path = |name: &str| directory.path().join(name).display().to_string();
    let [ca, other_ca, key, certificate] =
        ["ca.pem", "other.pem", "server.key", "server.pem"].map(path);
    let port = test_server::free_port();
    let settings = [
        &format!("port={port}"),
        "listen_addresses=localhost",
        "ssl=on",
        &format!("ssl_key_file={key}"),
        &format!("ssl_cert_file={certificate}"),
    ];
    let server = TestServer::start_in(directory, &settings);
    let user = server.run_sql("SELECT current_user").remove(0);
    let sandbox = Sandbox::new();
    let run = |host: &str, parameters: &str, words: &[&str]| {
        let mut command = sandbox.command(words);
        let address = format!("postgres://{user}@{host}:{port}/postgres?{parameters}");
        RunOutput::capture(command.env("JETON_STORE", address).env("JETON_PASSWORD", "lovelace"))
    };
    let ca_parameter = format!("sslrootcert={ca}");
    run("localhost", &ca_parameter, &["init", "ada"]).ok();
    let token = run("localhost", &ca_parameter, &["token", "create", "shop"]).ok().stdout;
    for (host, parameters, uses_tls) in [
        ("localhost", ca_parameter.clone(), true),
        ("localhost", format!("{ca_parameter}&sslmode=require"), true),
        ("localhost", "sslmode=disable".to_owned(), false),
        ("127.0.0.1", "sslmode=disable".to_owned(), false),
    ] {
        run(host, &parameters, &["token", "verify", token.trim_end()]).ok();
        let info = run(host, &parameters, &["store", "info", "-o", "json"]).ok().stdout;
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        assert_eq!(info["server"]["tls"], uses_tls, "{host} {parameters}: {info}");
    }
    let mut refusals = String::new();
    for (host, parameters) in [
        ("localhost", format!("sslrootcert={other_ca}")),
        ("localhost", "sslrootcert=system".to_owned()),
        ("127.0.0.1", ca_parameter),
    ] {
        let output = run(host, &parameters, &["token", "verify", token.trim_end()]);
        refusals += &output.diagnostics();
    }
    assert_snapshot!(refusals, @r#"
    --- exit code 78, stderr
    error: cannot connect to the database: invalid peer certificate: UnknownIssuer
    hint: set `sslrootcert` to a file with the certificate of the certificate authority
    --- exit code 78, stderr
    error: cannot connect to the database: invalid peer certificate: UnknownIssuer
    hint: set `sslrootcert` to a file with the certificate of the certificate authority
    --- exit code 78, stderr
    error: cannot connect to the database: invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("localhost")
    hint: in the address, use a host name for which the server's certificate is valid
    "#);
}
