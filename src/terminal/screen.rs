//! Terminal on standard output: width, colours and the time for relative times.

use super::should_colour;
use crate::model::Timestamp;
use std::io::{self, IsTerminal};

/// Terminal that shows results. Output to files and pipes has no screen and is plain text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) has_colour: bool,
    pub(super) now: Option<Timestamp>,
}

impl Screen {
    /// Returns the terminal on standard output; `None` for a file or pipe.
    pub(super) fn from_stdout(now: Option<Timestamp>) -> Option<Self> {
        let stream = io::stdout();
        stream.is_terminal().then(|| Self {
            columns: usize::from(console::Term::stdout().size().1),
            has_colour: should_colour(&stream, console::colors_enabled),
            now,
        })
    }
}
