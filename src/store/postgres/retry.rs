//! Repeated attempts to connect to a PostgreSQL server, until a deadline.

use super::ServerError;
use super::config::ConnectionConfig;
use super::connect::{ANSWER_TIME, ConnectFault, ServerConnection, connect};
use crate::store::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Pause between the end of an attempt and the next attempt.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Connects to a server. After a fault that may be transient, tries again until the deadline.
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
            Err(ConnectFault::ReadOnly) => return Err(Error::ReadOnly),
            Err(ConnectFault::Permanent(error)) => {
                return Err(ServerError::Connection(error).into());
            }
        }
    }
}
