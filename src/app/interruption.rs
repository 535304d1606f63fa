//! Ctrl-C during the output of many results.

use crate::failure::{Code, Failure};
use crate::signals;
use crate::terminal;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watch for Ctrl-C. The command ends between two batches of results, so that each printed result
/// is complete and stored. A second Ctrl-C ends the process at once.
pub(crate) struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Starts the watch, unless the signal was ignored when the process started.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let is_interrupted = Arc::new(AtomicBool::new(false));
        for signal in signals::exclude_ignored([SIGINT].into_iter()) {
            // The second signal is handled by the first of the two registrations.
            flag::register_conditional_default(signal, Arc::clone(&is_interrupted))
                .and_then(|_| flag::register(signal, Arc::clone(&is_interrupted)))
                .map_err(|error| watch_error(&error))?;
        }
        Ok(Self(is_interrupted))
    }

    /// Returns an error after Ctrl-C.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::Relaxed) {
            return Err(terminal::Error::Interrupted.into());
        }
        Ok(())
    }
}

fn watch_error(error: &io::Error) -> Failure {
    Failure::new(Code::Internal, format!("signals cannot be watched: {error}"))
}
