//! Connection attempts, and the reasons why they fail.

use super::config::{ConnectionConfig, Server};
use super::connection_parameters::DEFAULT_PORT;
use super::error::ConnectionError;
use crate::model::escape;
use rustls::CertificateError;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls};

/// Maximum time in which a reachable server answers. At the deadline of a transaction, the server
/// itself ends a wait for a lock. If no answer arrives within `ANSWER_TIME` after this deadline,
/// the server must answer on a new connection within another `ANSWER_TIME`. Otherwise, the
/// connection counts as lost. Attempts to connect and commits have at least this time, even after a
/// deadline.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Message of tokio-postgres if the server asks for a password that the configuration lacks.
const MISSING_PASSWORD: &str = "password missing";
/// Message of tokio-postgres for a server without TLS.
const NO_TLS: &str = "server does not support TLS";
/// Beginning of the message of a failed look-up of a host name, which no `ErrorKind` identifies.
const FAILED_LOOKUP: &str = "failed to lookup address information";

/// Name of the server function that sends a notice if a commit ends without the confirmation of a
/// standby. This name identifies the notice, because its text depends on the server's language.
const STANDBY_WAIT_ROUTINE: &str = "SyncRepWaitForLSN";

/// A connection to one of the servers of an address. Dropping the value closes the connection.
pub(super) struct ServerConnection {
    pub(super) client: Client,
    /// The server, for further connections to the same server.
    pub(super) server: Server,
    /// Handle that ends the task of the connection.
    task: AbortHandle,
    is_commit_unconfirmed: Arc<AtomicBool>,
}

impl ServerConnection {
    /// Returns whether the server has sent the notice that a commit is complete without the
    /// confirmation of a standby. The next call returns `true` only after a new notice.
    pub(super) fn take_unconfirmed_commit(&self) -> bool {
        self.is_commit_unconfirmed.swap(false, Ordering::Relaxed)
    }
}

impl Drop for ServerConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects to the first server that accepts a connection, and spawns the task of the connection on
/// the current runtime. If no server accepts a connection, returns the first fault that may be
/// transient, or else the fault of the last server.
///
/// The servers share the time until the deadline. Each server has at most the `connect_timeout` of
/// the address or service. Without `connect_timeout`, each of several servers has at most
/// `host_limit`.
pub(super) async fn connect(
    config: &ConnectionConfig,
    deadline: Instant,
    host_limit: Duration,
) -> Result<ServerConnection, ConnectFault> {
    let mut fault = ConnectFault::Permanent(ConnectionError::Refused {
        message: "the address has no host".to_owned(),
        hint: None,
    });
    let mut servers_left = config.servers.len();
    for server in &config.servers {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let share = remaining / u32::try_from(servers_left).unwrap_or(u32::MAX);
        let limit = match server.config.get_connect_timeout() {
            Some(configured) => share.min(*configured),
            None if config.servers.len() == 1 => share,
            None => share.min(host_limit),
        };
        match connect_to(server, limit).await {
            Ok(connection) => return Ok(connection),
            Err(_) if matches!(fault, ConnectFault::Transient(_)) => {}
            Err(later_fault) => fault = later_fault,
        }
        servers_left -= 1;
    }
    Err(fault)
}

/// Connects to a server within `limit`, which includes the handshake.
async fn connect_to(server: &Server, limit: Duration) -> Result<ServerConnection, ConnectFault> {
    match timeout(limit, open(server, limit)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => {
            Err(missing_socket_fault(server, &error).unwrap_or_else(|| ConnectFault::from(&error)))
        }
        Err(_) => Err(ConnectFault::Transient(ConnectionError::Refused {
            message: "connection timed out".to_owned(),
            hint: None,
        })),
    }
}

/// Returns a fault if the error is a missing Unix socket. The fault is transient, because the
/// socket is missing while a server restarts. If its directory is missing too, the fault is
/// permanent.
fn missing_socket_fault(server: &Server, error: &Error) -> Option<ConnectFault> {
    let is_missing = io_error(error)?.kind() == io::ErrorKind::NotFound;
    let [Host::Unix(directory)] = server.config.get_hosts() else { return None };
    is_missing.then(|| {
        let port = server.config.get_ports().first().unwrap_or(&DEFAULT_PORT);
        let socket = directory.join(format!(".s.PGSQL.{port}"));
        let to_fault =
            if directory.is_dir() { ConnectFault::Transient } else { ConnectFault::Permanent };
        to_fault(ConnectionError::Refused {
            message: format!("socket `{}` not found", escape(&socket.to_string_lossy())),
            hint: Some("start the server, or use the directory of its socket as `host`"),
        })
    })
}

/// Returns whether the server answers on a new connection within `limit`. A refusal is an answer.
pub(super) async fn is_answering(server: &Server, limit: Duration) -> bool {
    // A new connection alone is no answer: a pooler accepts connections even if its server does not
    // answer. The answer to an empty statement comes from the server.
    let answer = async { open(server, limit).await?.client.simple_query(";").await };
    match timeout(limit, answer).await {
        Ok(Ok(_)) => true,
        // A pooler reports an unreachable server with a code of class 08 (connection exception).
        Ok(Err(error)) => {
            error.code().is_some_and(|state| !state.code().starts_with("08"))
                || violates_session_attributes(&error)
        }
        Err(_) => false,
    }
}

async fn open(server: &Server, limit: Duration) -> Result<ServerConnection, Error> {
    let mut config = server.config.clone();
    // A host name can have several IP addresses, the first of which may not answer.
    config.connect_timeout(limit / 2);
    let (client, task, is_commit_unconfirmed) = match &server.tls {
        Some(tls) => spawn_connection_task(config.connect(tls.clone()).await?),
        None => spawn_connection_task(config.connect(NoTls).await?),
    };
    Ok(ServerConnection { client, server: server.clone(), task, is_commit_unconfirmed })
}

/// Spawns the task that runs the connection. The task sets the returned flag when the server
/// reports that a commit is complete without the confirmation of a standby.
fn spawn_connection_task<S, T>(
    (client, mut connection): (Client, Connection<S, T>),
) -> (Client, AbortHandle, Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_commit_unconfirmed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_commit_unconfirmed);
    let task = tokio::spawn(async move {
        // An error ends the task, and is not reported here. The statement that waits for an answer
        // returns the error of a lost connection.
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message
                && notice.routine() == Some(STANDBY_WAIT_ROUTINE)
            {
                flag.store(true, Ordering::Relaxed);
            }
        }
    });
    (client, task.abort_handle(), is_commit_unconfirmed)
}

/// Reason why no connection was made, and whether a later attempt may succeed.
#[derive(Debug)]
pub(crate) enum ConnectFault {
    /// A later attempt may succeed.
    Transient(ConnectionError),
    /// The server does not fulfil `target_session_attrs`. By default, an address with several hosts
    /// requires a server that accepts writes.
    SessionAttributes,
    /// A later attempt fails too.
    Permanent(ConnectionError),
}

impl From<&Error> for ConnectFault {
    fn from(error: &Error) -> Self {
        let message = error_text(error);
        if is_transient(error) {
            return Self::Transient(ConnectionError::Refused { message, hint: None });
        }
        if violates_session_attributes(error) {
            return Self::SessionAttributes;
        }
        Self::Permanent(ConnectionError::Refused { message, hint: hint(error) })
    }
}

/// Returns whether the server is unreachable, is starting, is stopping, has no free connection, or
/// has ended the connection.
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
fn violates_session_attributes(error: &Error) -> bool {
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

/// Returns the message of the server, or else of the cause, or else of the error itself. The text
/// is limited to 300 characters and escaped, like other texts from a database.
pub(super) fn error_text(error: &Error) -> String {
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
    if message.starts_with(FAILED_LOOKUP) {
        return Some("use a host name that resolves to an IP address");
    }
    if message == NO_TLS {
        return Some("enable TLS on the server, or use `sslmode=disable` on a trusted network");
    }
    let Some(rustls::Error::InvalidCertificate(fault)) = tls_error(error) else { return None };
    // `BadSignature`: a trusted certificate has the name of the issuer, but another key.
    if matches!(fault, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return Some(
            "set `sslrootcert` to a file with the certificate of the certificate authority",
        );
    }
    let is_name_mismatch = matches!(
        fault,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    );
    is_name_mismatch
        .then_some("in the address, use a host name for which the server's certificate is valid")
}
