//! Standard output as the process was given it. Before `main`, Rust opens `/dev/null` in the place
//! of a closed standard output; what is written there is lost without an error.

use rustix::fs::{OFlags, fcntl_getfl};
use std::sync::atomic::{AtomicBool, Ordering};

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

ctor::declarative::ctor! {
    /// Runs before Rust opens anything.
    #[ctor(unsafe)]
    fn record_stdout_state() {
        IS_CLOSED.store(fcntl_getfl(rustix::stdio::stdout()).is_err(), Ordering::Relaxed);
    }
}

/// Returns whether standard output takes what is written to it: it was not closed, and is not open
/// for reading only.
pub(crate) fn is_stdout_writable() -> bool {
    let is_read_only = || {
        fcntl_getfl(rustix::stdio::stdout())
            .is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY)
    };
    !IS_CLOSED.load(Ordering::Relaxed) && !is_read_only()
}
