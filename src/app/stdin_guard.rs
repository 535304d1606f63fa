//! Refusal of two arguments that read standard input.

use crate::failure::Failure;
use std::cell::Cell;
use std::path::Path;

/// Guard that lets only one argument read standard input.
#[derive(Debug)]
pub(super) struct StdinGuard {
    /// Argument that has claimed or reserved standard input.
    reader: Cell<Option<&'static str>>,
    /// `true` while standard input is reserved for `reader`, and not claimed yet.
    is_reserved: Cell<bool>,
}

impl StdinGuard {
    /// Creates a guard, and reserves standard input for `--token-file` if its value is `-`, even
    /// for a command that needs no login.
    pub(super) fn new(token_file: Option<&Path>) -> Self {
        let is_reserved = token_file == Some(Path::new("-"));
        let reader = is_reserved.then_some("--token-file");
        Self { reader: Cell::new(reader), is_reserved: Cell::new(is_reserved) }
    }

    /// Reserves standard input for `argument`, such as `--jwks`. Called before any input is read,
    /// so that two arguments that need standard input are refused before it is read.
    pub(super) fn reserve(&self, argument: &'static str) -> Result<(), Failure> {
        if let Some(reader) = self.reader.replace(Some(argument)) {
            return Err(stdin_conflict(reader, argument));
        }
        self.is_reserved.set(true);
        Ok(())
    }

    /// Gives standard input to `argument`. Refuses a second argument, and a second read.
    pub(super) fn claim(&self, argument: &'static str) -> Result<(), Failure> {
        match self.reader.replace(Some(argument)) {
            Some(reader) if reader != argument || !self.is_reserved.take() => {
                Err(stdin_conflict(reader, argument))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn stdin_conflict(reader: &str, argument: &str) -> Failure {
    Failure::usage(format!(
        "standard input can be read only once, but is requested by `{reader}` and `{argument}`"
    ))
    .with_hint("use standard input for one input only, and files for the other inputs")
}
