//! Questions, asked on the terminal itself, so that they work with every stream redirected.

use super::guard::Guard;
use super::{Error, Voice};
use crate::model::escaped;
use console::Term;
use dialoguer::{Confirm, Password};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::time::Duration;

/// Much longer than it takes.
const GUARD_LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// A line that was typed.
pub(crate) type Answer = zeroize::Zeroizing<String>;

/// What was answered to a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

impl Voice {
    /// Asks for a password that exists. Nothing is echoed.
    pub(crate) fn ask_password(&self, question: &str) -> Result<Answer, Error> {
        self.ask(|term| typed(term, question))
    }

    /// Asks for a new password, twice.
    pub(crate) fn ask_new_password(&self, question: &str) -> Result<Answer, Error> {
        self.ask(|term| {
            let first = typed(term, question)?;
            let second = typed(term, "Again")?;
            if *first == *second { Ok(first) } else { Err(Error::Mismatch) }
        })
    }

    /// Asks before something is destroyed; the answer without a word is no.
    pub(crate) fn confirm(&self, question: &str) -> Result<Confirmed, Error> {
        self.ask(|term| {
            let answer = Confirm::new()
                .with_prompt(escaped(question))
                .default(false)
                .interact_on_opt(term)
                .map_err(broken)?;
            Ok(if answer == Some(true) { Confirmed::Yes } else { Confirmed::No })
        })
    }

    #[expect(clippy::unused_self, reason = "nothing is asked without a voice")]
    fn ask<T>(&self, question: impl FnOnce(&Term) -> Result<T, Error>) -> Result<T, Error> {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(|_| Error::NobodyToAsk)?;
        let again = |file: &File| file.try_clone().map_err(|e| Error::Broken(e.to_string()));
        let _guard = Guard::over(&terminal).map_err(|e| Error::Broken(e.to_string()))?;
        question(&Term::read_write_pair(again(&terminal)?, again(&terminal)?))
    }
}

fn typed(term: &Term, question: &str) -> Result<Answer, Error> {
    // An empty line must end the prompt: at the end of input dialoguer would ask for ever.
    let answer = Password::new()
        .with_prompt(escaped(question))
        .allow_empty_password(true)
        .report(false)
        .interact_on(term)
        .map(Answer::new)
        .map_err(broken)?;
    if answer.is_empty() { Err(Error::Cancelled) } else { Ok(answer) }
}

fn broken(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == ErrorKind::Interrupted {
        // A key that is a signal, Ctrl-C at a yes-or-no question: the guard is about to end the
        // program, and this thread must not be faster with an answer of its own.
        std::thread::sleep(GUARD_LEAVES_WITHIN);
        return Error::Interrupted;
    }
    Error::Broken(error.to_string())
}
