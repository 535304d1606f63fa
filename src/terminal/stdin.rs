//! Standard input. If standard input is a terminal, a status message names the expected input, and
//! secrets are not echoed.

use super::signal_guard::{Echo, TerminalGuard};
use super::{Console, Error};
use rustix::termios::OptionalActions;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Stdin};
use std::os::fd::AsFd;

/// Standard input, open for reading.
pub(crate) struct StdinReader {
    stream: Stdin,
    /// Guard that restores the echo of the terminal, if the echo was changed.
    guard: Option<TerminalGuard>,
}

impl Console {
    /// Opens standard input. If standard input is a terminal, prints a status message with the
    /// `description` of the expected input, and applies `echo` until the reader is dropped.
    pub(crate) fn open_stdin(&self, description: &str, echo: Echo) -> Result<StdinReader, Error> {
        let stream = io::stdin();
        if !stream.is_terminal() {
            return Ok(StdinReader { stream, guard: None });
        }
        self.print_status(&format!(
            "reading {description} from standard input; press Ctrl-D on an empty line to finish"
        ));
        let guard = match echo {
            Echo::On => Ok(None),
            Echo::LineBreaksOnly | Echo::Nothing => stream
                .as_fd()
                .try_clone_to_owned()
                .and_then(|terminal| {
                    let terminal = File::from(terminal);
                    TerminalGuard::open(&terminal, echo, OptionalActions::Now, self.signal_report)
                })
                .map(Some),
        };
        let guard = guard.map_err(|error| Error::TerminalFailed(error.to_string()))?;
        Ok(StdinReader { stream, guard })
    }
}

impl StdinReader {
    /// Returns the stream, which another thread can then use, and the guard that restores the
    /// terminal when dropped.
    pub(crate) fn into_parts(self) -> (Stdin, Option<impl Sized + use<>>) {
        (self.stream, self.guard)
    }
}

impl Read for StdinReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}
