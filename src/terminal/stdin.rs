//! Standard input. Where a terminal is behind it, users are told that it is awaited, and secrets are
//! not echoed.

use super::guard::{Echo, Guard};
use super::{Error, Voice};
use rustix::termios::OptionalActions;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Stdin};
use std::os::fd::AsFd;

/// Standard input, open for reading.
pub(crate) struct Input {
    stdin: Stdin,
    _guard: Option<Guard>,
}

impl Voice {
    /// Opens standard input to read `what` from it. With `Echo::Off` a terminal does not echo until
    /// the input is dropped.
    pub(crate) fn stdin(&self, what: &str, echo: Echo) -> Result<Input, Error> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Ok(Input { stdin, _guard: None });
        }
        self.status(&format!(
            "reading {what} from standard input; Ctrl-D on an empty line ends it"
        ));
        let guard = match echo {
            Echo::On => Ok(None),
            Echo::Off | Echo::Nothing => stdin
                .as_fd()
                .try_clone_to_owned()
                .and_then(|terminal| {
                    let terminal = File::from(terminal);
                    Guard::open(&terminal, echo, OptionalActions::Now, self.last_words)
                })
                .map(Some),
        };
        let guard = guard.map_err(|error| Error::Broken(error.to_string()))?;
        Ok(Input { stdin, _guard: guard })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdin.read(buffer)
    }
}
