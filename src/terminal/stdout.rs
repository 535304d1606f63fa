//! State of standard output at process start. Before `main`, Rust replaces a closed standard output
//! with `/dev/null`, where output is lost without an error.

use rustix::fs::{OFlags, fcntl_getfl};
use std::sync::atomic::{AtomicBool, Ordering};

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

ctor::declarative::ctor! {
    /// Runs before the Rust runtime opens `/dev/null`.
    #[ctor(unsafe)]
    fn record_stdout_state() {
        IS_CLOSED.store(fcntl_getfl(rustix::stdio::stdout()).is_err(), Ordering::Relaxed);
    }
}

/// Returns whether standard output was open at process start and is not read-only.
pub(crate) fn is_stdout_writable() -> bool {
    let is_read_only = || {
        fcntl_getfl(rustix::stdio::stdout())
            .is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY)
    };
    !IS_CLOSED.load(Ordering::Relaxed) && !is_read_only()
}
