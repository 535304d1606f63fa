//! Repeated attempts to connect to a PostgreSQL server, until a deadline.

use super::config::ConnectionConfig;
use super::connect::{ANSWER_TIME, ConnectFault, ServerConnection, connect};
use super::{ConnectionError, ServerError};
use crate::store::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_postgres::config::TargetSessionAttrs;

/// Pause between the end of an attempt and the next attempt.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Connects to a server. After a fault that may be transient, tries again until the deadline. An
/// attempt may continue after the deadline, until [`ANSWER_TIME`] after its start.
pub(super) fn connect_until(
    runtime: &Runtime,
    config: &ConnectionConfig,
    deadline: Instant,
) -> Result<ServerConnection, Error> {
    let start = Instant::now();
    loop {
        let now = Instant::now();
        // An attempt tries the hosts of the address one after another. The time limit for each host
        // grows with the elapsed time: it is short at first, because a host that does not answer
        // delays the next hosts.
        let host_limit = (now - start).max(ANSWER_TIME);
        let attempt = connect(config, deadline.max(now + ANSWER_TIME), host_limit);
        match runtime.block_on(attempt) {
            Ok(connection) => return Ok(connection),
            Err(ConnectFault::Transient(error)) if Instant::now() >= deadline => {
                return Err(ServerError::Unavailable(error).into());
            }
            Err(ConnectFault::Transient(_)) => std::thread::sleep(RETRY_INTERVAL),
            Err(ConnectFault::SessionAttributes) => return Err(session_attributes_error(config)),
            Err(ConnectFault::Permanent(error)) => {
                return Err(ServerError::Connection(error).into());
            }
        }
    }
}

/// Returns the error for servers that do not fulfil `target_session_attrs`.
fn session_attributes_error(config: &ConnectionConfig) -> Error {
    let requires_read_only = config
        .servers
        .iter()
        .any(|server| server.config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly);
    if requires_read_only {
        let message = "the server accepts writes, but `target_session_attrs` is `read-only`";
        let refused = ConnectionError::Refused { message: message.to_owned(), hint: None };
        return ServerError::Connection(refused).into();
    }
    Error::ReadOnly
}
