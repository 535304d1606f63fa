//! Waiting for the locks of other processes, until a deadline.

use super::{Error, file};
use rustix::process::{Flock, FlockType, fcntl_getlk};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Time between two attempts to get a lock, which mostly is held for a millisecond or two.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// An error that a second attempt may not meet.
pub(crate) trait Retryable {
    /// Returns whether another attempt may succeed.
    fn is_retryable(&self) -> bool;
}

impl Retryable for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// Repeats `attempt` while the store is busy, until the deadline.
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

/// Waits until no other process is in the middle of building or changing the index of the log.
/// SQLite itself waits for such a process for ten seconds, whatever the busy timeout says, and
/// cannot be interrupted. Not while this process has the store open: it would lose its locks.
pub(super) fn wait_for_index(store: &Path, deadline: Instant) -> Result<(), Error> {
    let [_, index] = file::wal_paths(store);
    retry_until(deadline, || if is_index_being_built(&index) { Err(Error::Busy) } else { Ok(()) })
}

/// Returns whether SQLite could not read the index now. The bytes of a lock are those of `wal.c` and
/// `os_unix.c`: eight locks from byte 120 on, of which the first is that of the writer, then the
/// lock of a process that truncates the file. The file begins with two copies of a header of 48
/// bytes, which a reader compares.
fn is_index_being_built(index: &Path) -> bool {
    const WRITER_LOCK: u64 = 120;
    const TRUNCATE_LOCK: u64 = 128;
    // Without an index, or without the right to read it, SQLite decides.
    let Ok(file) = File::open(index) else { return false };
    let is_locked = |start| {
        let lock = Flock { start, length: 1, ..Flock::from(FlockType::ReadLock) };
        fcntl_getlk(&file, &lock).is_ok_and(|held| held.is_some())
    };
    let mut header = [0; 96];
    let mut is_whole = || match file.read_exact_at(&mut header, 0).map(|()| header.split_at(48)) {
        Ok((first, second)) => first == second && first.get(12).is_some_and(|is_set| *is_set != 0),
        Err(_) => false,
    };
    is_locked(TRUNCATE_LOCK) || (is_locked(WRITER_LOCK) && !is_whole())
}
