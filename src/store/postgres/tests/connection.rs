//! Tests of connections to a server, with and without TLS.

use super::super::address::ServerAddress;
use super::super::connect::{ConnectFault, connect};
use super::super::environment::PostgresEnvironment;
use super::super::error::ConnectionError;
use super::server::Server;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

/// Port on which no process listens.
const CLOSED_PORT: u16 = 1;

/// Connects, and returns whether the connection uses TLS.
fn try_connect(address: &str) -> Result<bool, ConnectFault> {
    let address = ServerAddress::parse(OsStr::new(address)).unwrap();
    let config = address.connection_config(&PostgresEnvironment::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let limit = Duration::from_secs(5);
        let connection = connect(&config, Instant::now() + limit, limit).await?;
        let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Ok(connection.client.query_one(query, &[]).await.unwrap().get(0))
    })
}

/// Tries to connect, and returns the message and the hint of the permanent fault. The fault must
/// not contain the password `lovelace`.
fn connection_refusal(address: &str) -> String {
    let fault = try_connect(address).unwrap_err();
    assert!(!format!("{fault:?}").contains("lovelace"), "{fault:?}");
    let ConnectFault::Permanent(ConnectionError::Refused { message, hint }) = fault else {
        panic!("{address}: {fault:?}");
    };
    format!("{message}; {}", hint.unwrap_or_default())
}

#[test]
#[ignore = "needs PostgreSQL and openssl"]
fn connection_uses_tls_unless_disabled_or_over_unix_socket() {
    let server = Server::start();
    let (socket, port) = (server.path("").replace('/', "%2F"), server.port);
    let root = format!("sslrootcert={}", server.path("ca.crt"));
    let (certificate, key) = (server.path("client.crt"), server.path("client.key"));
    let tcp = format!("postgres://ada:lovelace@localhost:{port}/postgres");
    for (address, uses_tls) in [
        (format!("postgres://ada:lovelace@{socket}:{port}/postgres"), false),
        (format!("{tcp}?{root}"), true),
        (format!("{tcp}?{root}&sslmode=require"), true),
        (format!("{tcp}?{root}&channel_binding=require"), true),
        (format!("{tcp}?{root}&hostaddr=127.0.0.1"), true),
        (format!("{tcp}?sslmode=disable"), false),
        (format!("postgres://ada:lovelace@127.0.0.1:{port}/postgres?sslmode=disable"), false),
        (
            format!(
                "postgres://carol@localhost:{port}/postgres?{root}\
                 &sslcert={certificate}&sslkey={key}"
            ),
            true,
        ),
        // No process listens on the port of the first host; the second host is a Unix socket.
        (
            format!(
                "postgres://ada:lovelace@localhost:{CLOSED_PORT},{socket}:{port}/postgres?{root}"
            ),
            false,
        ),
    ] {
        assert_eq!(try_connect(&address).unwrap(), uses_tls, "{address}");
    }
}

#[test]
#[ignore = "needs PostgreSQL and openssl"]
fn unusable_server_and_refused_login_are_permanent_faults() {
    let server = Server::start();
    let port = server.port;
    let root = format!("sslrootcert={}", server.path("ca.crt"));
    let other_root = format!("sslrootcert={}", server.path("other.crt"));
    let tcp = format!("postgres://ada:lovelace@localhost:{port}/postgres");
    for (address, expected) in [
        (format!("{tcp}?{other_root}"), "UnknownIssuer; set `sslrootcert` to a file"),
        (format!("{tcp}?sslrootcert=system"), "UnknownIssuer; set `sslrootcert` to a file"),
        (
            format!("postgres://ada:lovelace@127.0.0.1:{port}/postgres?{root}"),
            "; in the address, use a host name for which the server's certificate is valid",
        ),
        (
            format!("postgres://ada:lovelace-2@localhost:{port}/postgres?{root}"),
            "password authentication failed for user \"ada\"; check the user name",
        ),
        (
            format!("postgres://ada@localhost:{port}/postgres?{root}"),
            "password missing; check the user name",
        ),
        (
            format!("postgres://ada:lovelace@localhost:{port}/none?{root}"),
            "database \"none\" does not exist; create the database with `createdb`",
        ),
        (
            format!("{tcp}?sslmode=disable&channel_binding=require"),
            "server did not use channel binding; ",
        ),
        (
            format!("postgres://ada@no-such-host.invalid/postgres?{root}"),
            "; use a host name that resolves to an IP address",
        ),
        (
            "postgres://ada@%2Fno-such-directory/postgres".to_owned(),
            "; start the server, or use the directory of its socket",
        ),
    ] {
        let text = connection_refusal(&address);
        assert!(text.contains(expected), "{address}: {text}");
    }
    server.execute("ALTER SYSTEM SET ssl = off");
    server.execute("SELECT pg_reload_conf()");
    let without_tls = "server does not support TLS; enable TLS on the server";
    let deadline = Instant::now() + Duration::from_secs(10);
    // The server applies the reloaded setting after a short time.
    while try_connect(&format!("{tcp}?{root}")).is_ok() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = connection_refusal(&format!("{tcp}?{root}"));
    assert!(text.starts_with(without_tls), "{text}");
}

#[test]
#[ignore = "needs PostgreSQL and openssl"]
fn unreachable_server_and_read_only_server_are_different_faults() {
    let server = Server::start();
    let port = server.port;
    let parameters = "postgres?sslmode=disable";
    let fault = try_connect(&format!("postgres://ada@localhost:{CLOSED_PORT}/{parameters}"));
    assert!(matches!(fault, Err(ConnectFault::Transient(_))), "{fault:?}");
    // The directory exists, but has no socket of a server.
    let directory = tempfile::tempdir().unwrap();
    let host = directory.path().to_str().unwrap().replace('/', "%2F");
    let fault = try_connect(&format!("postgres://ada@{host}/{parameters}"));
    assert!(matches!(fault, Err(ConnectFault::Transient(_))), "{fault:?}");
    server.execute("ALTER DATABASE postgres SET default_transaction_read_only = on");
    let read_only_host = format!("ada:lovelace@localhost:{port}");
    let fault = try_connect(&format!("postgres://{read_only_host},localhost:{port}/{parameters}"));
    assert!(matches!(fault, Err(ConnectFault::SessionAttributes)), "{fault:?}");
    // The first host is read-only, and the second host is unreachable. The fault is transient,
    // because the second host may become available and may accept writes.
    let hosts = format!("{read_only_host},localhost:{CLOSED_PORT}");
    let fault = try_connect(&format!("postgres://{hosts}/{parameters}"));
    assert!(matches!(fault, Err(ConnectFault::Transient(_))), "{fault:?}");
    // An address with one host accepts a read-only server. This connection does not use TLS.
    assert!(!try_connect(&format!("postgres://{read_only_host}/{parameters}")).unwrap());
}
