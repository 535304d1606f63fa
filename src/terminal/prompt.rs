//! Questions, asked on the terminal itself, so that they work with every stream redirected.

use super::guard::Guard;
use super::{Error, Voice};
use crate::model::escaped;
use console::{Key, Term};
use dialoguer::Password;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::time::Duration;

/// The end of input, as a key.
const CTRL_D: char = '\u{4}';

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
            let question = escaped(question);
            term.write_str(&format!("{question} [y/N] ")).map_err(broken)?;
            // The prompts of the library do not hear Ctrl-D.
            let answer = loop {
                let key = term.read_key().map_err(broken)?;
                if matches!(key, Key::Char('y' | 'Y')) {
                    break Confirmed::Yes;
                }
                if matches!(key, Key::Char('n' | 'N' | CTRL_D) | Key::Enter | Key::Escape) {
                    break Confirmed::No;
                }
            };
            term.clear_line().map_err(broken)?;
            let word = if answer == Confirmed::Yes { "yes" } else { "no" };
            term.write_line(&format!("{question} {word}")).map_err(broken)?;
            Ok(answer)
        })
    }

    fn ask<T>(&self, question: impl FnOnce(&Term) -> Result<T, Error>) -> Result<T, Error> {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(|_| Error::NobodyToAsk)?;
        let again = |file: &File| file.try_clone().map_err(|e| Error::Broken(e.to_string()));
        let _guard =
            Guard::over(&terminal, self.last_words).map_err(|e| Error::Broken(e.to_string()))?;
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
        .map_err(|dialoguer::Error::IO(error)| broken(error))?;
    if answer.is_empty() { Err(Error::Cancelled) } else { Ok(answer) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn broken(error: std::io::Error) -> Error {
    if error.kind() == ErrorKind::Interrupted {
        // A key that is a signal, Ctrl-C at a yes-or-no question: the guard is about to end the
        // program, and this thread must not be faster with an answer of its own.
        std::thread::sleep(GUARD_LEAVES_WITHIN);
        return Error::Interrupted;
    }
    Error::Broken(error.to_string())
}
