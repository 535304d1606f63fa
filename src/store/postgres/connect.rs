//! Connection attempts, and the reasons why they fail.

use super::config::{ConnectionConfig, Server};
use super::error::ConnectionError;
use crate::model::escape;
use rustls::CertificateError;
use std::error::Error as _;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Connection, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Error of tokio-postgres if the server asks for a password, and the configuration has no password.
const MISSING_PASSWORD: &str = "password missing";
/// Error of tokio-postgres for a server without TLS.
const NO_TLS: &str = "server does not support TLS";
/// Beginning of the message of a failed look-up of a host name. The standard library has no `ErrorKind`
/// for this error.
const FAILED_LOOKUP: &str = "failed to lookup address information";

/// Connects to the first server that accepts a connection, and spawns the task of the connection on
/// the current runtime. The result includes the TLS set-up of this server, if any, for requests to
/// cancel. If no server accepts a connection, returns the first error that may be transient, or
/// else the error of the last server.
///
/// `timeout` limits each attempt to reach an address. The caller limits the whole call, because a
/// server may not answer.
pub(super) async fn connect(
    config: &ConnectionConfig,
    timeout: Duration,
) -> Result<(Client, Option<MakeRustlsConnect>), Error> {
    let Some((last, earlier_servers)) = config.servers.split_last() else {
        // An address has at least one server. This returns the error of a configuration without a
        // host.
        return tokio_postgres::Config::new()
            .connect(NoTls)
            .await
            .map(|(client, _)| (client, None));
    };
    let mut transient_error = None;
    for server in earlier_servers {
        match connect_to(server, timeout).await {
            Ok(connection) => return Ok(connection),
            Err(error) if transient_error.is_none() && is_transient(&error) => {
                transient_error = Some(error);
            }
            Err(_) => {}
        }
    }
    connect_to(last, timeout).await.map_err(|error| transient_error.unwrap_or(error))
}

async fn connect_to(
    server: &Server,
    timeout: Duration,
) -> Result<(Client, Option<MakeRustlsConnect>), Error> {
    let mut config = server.config.clone();
    let timeout =
        config.get_connect_timeout().map_or(timeout, |configured| timeout.min(*configured));
    config.connect_timeout(timeout);
    let client = match &server.tls {
        Some(tls) => spawn(config.connect(tls.clone()).await?),
        None => spawn(config.connect(NoTls).await?),
    };
    Ok((client, server.tls.clone()))
}

fn spawn<S, T>((client, connection): (Client, Connection<S, T>)) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The result is dropped, because the statement that waits for an answer also returns the error of a
    // lost connection.
    drop(tokio::spawn(async { drop(connection.await) }));
    client
}

/// Reason why no connection was made, and whether a later attempt may succeed.
#[derive(Debug)]
pub(crate) enum ConnectFault {
    /// A later attempt may succeed.
    Transient(ConnectionError),
    /// The server does not fulfil `target_session_attrs`. By default, an address with several hosts
    /// requires a server that accepts writes.
    ReadOnly,
    /// A later attempt fails too.
    Permanent(ConnectionError),
}

impl From<&Error> for ConnectFault {
    fn from(error: &Error) -> Self {
        let message = error_text(error);
        if is_transient(error) {
            return Self::Transient(ConnectionError::Refused { message, hint: None });
        }
        if is_read_only(error) {
            return Self::ReadOnly;
        }
        Self::Permanent(ConnectionError::Refused { message, hint: hint(error) })
    }
}

/// Returns whether the server is unreachable, starting, stopping, or has no free connection, or whether
/// the connection has ended.
pub(super) fn is_transient(error: &Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
        NetworkUnreachable, TimedOut, UnexpectedEof, WouldBlock,
    };
    const STATES: [SqlState; 4] = [
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
    ];
    if let Some(state) = error.code() {
        return STATES.contains(state);
    }
    let kinds = [
        BrokenPipe,
        ConnectionAborted,
        ConnectionRefused,
        ConnectionReset,
        HostUnreachable,
        NetworkUnreachable,
        TimedOut,
        UnexpectedEof,
        // The queue of a Unix socket is full.
        WouldBlock,
    ];
    error.is_closed() || io_error(error).is_some_and(|error| kinds.contains(&error.kind()))
}

/// Returns whether tokio-postgres refused a server that does not fulfil `target_session_attrs`.
fn is_read_only(error: &Error) -> bool {
    // An error of the same kind from the system has an error number.
    io_error(error).is_some_and(|error| {
        error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
    })
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

fn tls_error(error: &Error) -> Option<&rustls::Error> {
    io_error(error)?.get_ref()?.downcast_ref()
}

/// Returns the message of the server, of the cause, or of the error itself, limited like other text
/// from a database.
fn error_text(error: &Error) -> String {
    const MAX_CHARS: usize = 300;
    let text = match (error.as_db_error(), error.source()) {
        (Some(error), _) => error.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => error.to_string(),
    };
    escape(&text.chars().take(MAX_CHARS).collect::<String>())
}

fn hint(error: &Error) -> Option<&'static str> {
    let message = error_text(error);
    let is_state = |state: &SqlState| error.code() == Some(state);
    if is_state(&SqlState::INVALID_CATALOG_NAME) {
        return Some("create the database with `createdb`");
    }
    if is_state(&SqlState::INVALID_PASSWORD)
        || is_state(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || message == MISSING_PASSWORD
    {
        return Some(
            "check the user name, and the password in `PGPASSWORD`, `~/.pgpass` or `JETON_STORE`",
        );
    }
    if io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Some("start the server, or use the directory of its socket as `host`");
    }
    if message.starts_with(FAILED_LOOKUP) {
        return Some("use a host name that the network knows");
    }
    if message == NO_TLS {
        return Some("enable TLS on the server, or use `sslmode=disable` on a trusted network");
    }
    let Some(rustls::Error::InvalidCertificate(fault)) = tls_error(error) else { return None };
    // The signature is bad if another certificate has the name of the issuer.
    if matches!(fault, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return Some("set `sslrootcert` to a file with the certificate of the issuer");
    }
    let is_name_mismatch = matches!(
        fault,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    );
    is_name_mismatch.then_some("use a host name of the server's certificate in the address")
}
