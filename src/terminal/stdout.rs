//! Output formats, and the state of standard output at process start. Before `main`, Rust replaces a
//! closed standard output with `/dev/null`, where output is lost without an error.

use rustix::fs::{OFlags, fcntl_getfl};
use std::sync::atomic::{AtomicBool, Ordering};

/// Output format of results and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// Plain text for people and for `$(…)`.
    Text,
    /// One JSON document for programs.
    Json,
    /// One JSON document per line, for results of any length.
    JsonLines,
    /// CSV for spreadsheets.
    Csv,
}

impl OutputFormat {
    /// Returns the name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Returns whether results and failures are JSON.
    pub(crate) fn is_json(self) -> bool {
        match self {
            Self::Json | Self::JsonLines => true,
            Self::Text | Self::Csv => false,
        }
    }
}

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
