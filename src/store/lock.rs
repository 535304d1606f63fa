//! Waiting for locks of other processes, up to a deadline.

#[cfg(feature = "postgres")]
use super::postgres::ServerError;
use super::{Error, file};
use rustix::process::{Flock, FlockType, fcntl_getlk};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Interval between two attempts to acquire a lock. Most locks are held for 1 or 2 ms.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// Error of an attempt, with the decision whether to retry.
pub(crate) trait Retryable {
    /// Returns whether another attempt may succeed.
    fn is_retryable(&self) -> bool;
}

impl Retryable for Error {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Busy => true,
            #[cfg(feature = "postgres")]
            Self::Server(ServerError::ConnectionLost(_)) => true,
            _ => false,
        }
    }
}

/// Calls `attempt` until the result is not a retryable error, or until the deadline has passed.
/// Calls `attempt` at least once. Returns the last result.
pub(super) fn retry_until<T, E: Retryable>(
    deadline: Instant,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    loop {
        match attempt() {
            Err(error) if error.is_retryable() && Instant::now() < deadline => {
                std::thread::sleep(RETRY_INTERVAL);
            }
            other => return other,
        }
    }
}

/// Waits while another process builds the index of the write-ahead log (WAL) or changes its header.
/// Returns [`Error::Busy`] at the deadline. SQLite itself would wait up to ten seconds, regardless
/// of the busy timeout, and could not be interrupted.
///
/// Must not be called while this process has the store open: closing the index file would release
/// the locks of this process.
pub(super) fn wait_for_index(store: &Path, deadline: Instant) -> Result<(), Error> {
    let [_, index] = file::wal_paths(store);
    retry_until(deadline, || if is_index_being_built(&index) { Err(Error::Busy) } else { Ok(()) })
}

/// Returns whether another process is building the WAL index or changing its header. Such a process
/// either holds the truncate lock, or holds the writer lock while the header is incomplete.
/// Each of these locks covers one byte of the index file: byte 120 for the writer lock, byte 128
/// for the truncate lock (`wal.c` and `os_unix.c` of SQLite). The index file starts with two copies
/// of a 48-byte header. The header is complete if the copies are equal and byte 12 is not 0.
fn is_index_being_built(index: &Path) -> bool {
    const WRITER_LOCK: u64 = 120;
    const TRUNCATE_LOCK: u64 = 128;
    // If this process cannot open the index file, SQLite decides whether the store can be read.
    let Ok(file) = File::open(index) else { return false };
    let is_locked_exclusively = |start| {
        let lock = Flock { start, length: 1, ..Flock::from(FlockType::ReadLock) };
        fcntl_getlk(&file, &lock).is_ok_and(|held| held.is_some())
    };
    let mut header = [0; 96];
    let mut is_header_complete =
        || match file.read_exact_at(&mut header, 0).map(|()| header.split_at(48)) {
            Ok((first, second)) => first == second && first.get(12).is_some_and(|byte| *byte != 0),
            Err(_) => false,
        };
    is_locked_exclusively(TRUNCATE_LOCK)
        || (is_locked_exclusively(WRITER_LOCK) && !is_header_complete())
}
