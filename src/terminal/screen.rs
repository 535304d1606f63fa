//! What a reader sees results on: how wide it is, whether it has colours, and what time it is there.

use super::should_colour;
use crate::model::Timestamp;
use std::io::{self, IsTerminal};

/// A terminal. Files and pipes have none, and get text without any addition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) has_colour: bool,
    pub(super) now: Option<Timestamp>,
}

impl Screen {
    /// The terminal that standard output is, if it is one.
    pub(super) fn from_stdout(now: Option<Timestamp>) -> Option<Self> {
        let stdout = io::stdout();
        stdout.is_terminal().then(|| Self {
            columns: usize::from(console::Term::stdout().size().1),
            has_colour: should_colour(&stdout, console::colors_enabled),
            now,
        })
    }
}
