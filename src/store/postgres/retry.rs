//! Repeated attempts to connect, up to a deadline.

use super::ServerError;
use super::client::{ANSWER_TIME, Client};
use super::config::ConnectionConfig;
use super::connect::{ConnectFault, connect};
use crate::store::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// Interval between two attempts.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Connects. Tries again until the deadline after faults that may be transient.
pub(super) fn connect_until(config: &ConnectionConfig, deadline: Instant) -> Result<Client, Error> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::Failed(error.to_string()))?;
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now()).max(ANSWER_TIME);
        let attempt = async { tokio::time::timeout(remaining, connect(config, remaining)).await };
        let fault = match runtime.block_on(attempt) {
            Ok(Ok(connection)) => return Ok(Client::new(runtime, connection)),
            Ok(Err(error)) => ConnectFault::from(&error),
            Err(_) => return Err(Error::Busy),
        };
        match fault {
            ConnectFault::Transient(error) if Instant::now() >= deadline => {
                return Err(ServerError::Unavailable(error).into());
            }
            ConnectFault::Transient(_) => std::thread::sleep(RETRY_INTERVAL),
            ConnectFault::ReadOnly => return Err(Error::ReadOnly),
            ConnectFault::Permanent(error) => return Err(ServerError::Connection(error).into()),
        }
    }
}
