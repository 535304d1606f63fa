//! Questions, asked on the terminal itself, so that they work with every stream redirected.

use super::guard::{Echo, Guard};
use super::{Error, Voice};
use crate::model::escaped;
use console::Term;
use dialoguer::Password;
use rustix::termios::OptionalActions;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use zeroize::Zeroizing;

/// The longest line that a terminal delivers, in bytes.
const LONGEST_LINE: usize = 4096;

/// A line that was typed.
pub(crate) type Answer = Zeroizing<String>;

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
        self.prompt(Echo::Nothing, |prompt| prompt.password(question))
    }

    /// Asks for a new password, twice.
    pub(crate) fn ask_new_password(&self, question: &str) -> Result<Answer, Error> {
        self.prompt(Echo::Nothing, |prompt| {
            let first = prompt.password(question)?;
            let second = prompt.password("Again")?;
            if *first == *second { Ok(first) } else { Err(Error::Mismatch) }
        })
    }

    /// Asks before something is destroyed. Only the whole line `y` or `yes` confirms. What was
    /// typed or pasted before the question or behind the answer is discarded.
    pub(crate) fn confirm(&self, question: &str) -> Result<Confirmed, Error> {
        let answer = self.prompt(Echo::On, |prompt| prompt.line(&format!("{question} [y/N] ")));
        match answer {
            Ok(line) => match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => Ok(Confirmed::Yes),
                _ => Ok(Confirmed::No),
            },
            Err(Error::Cancelled) => Ok(Confirmed::No),
            Err(error) => Err(error),
        }
    }

    fn prompt<T>(
        &self,
        echo: Echo,
        ask: impl FnOnce(&Prompt) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(|_| Error::NobodyToAsk)?;
        let guard = Guard::open(&terminal, echo, OptionalActions::Flush, self.last_words);
        ask(&Prompt { guard: guard.map_err(broken)?, terminal })
    }
}

/// A terminal that waits for lines.
struct Prompt {
    guard: Guard,
    terminal: File,
}

impl Prompt {
    fn password(&self, question: &str) -> Result<Answer, Error> {
        let question = escaped(question);
        self.guard.keep(format!("{question}: "));
        let terminal = || self.terminal.try_clone().map_err(broken);
        // An empty line must end the prompt: at the end of input dialoguer would ask for ever.
        let answer = Password::new()
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false)
            .interact_on(&Term::read_write_pair(terminal()?, terminal()?))
            .map(Answer::new)
            .map_err(|dialoguer::Error::IO(error)| {
                let is_text = error.kind() != io::ErrorKind::InvalidData;
                if is_text { broken(error) } else { Error::NotText }
            })?;
        if answer.is_empty() { Err(Error::Cancelled) } else { Ok(answer) }
    }

    /// Asks for a line and returns it without its line break. The terminal edits it: the prompts of
    /// the library read key by key, and take no signal and no paste as a shell would.
    fn line(&self, question: &str) -> Result<Answer, Error> {
        self.guard.show(escaped(question)).map_err(broken)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
        let mut part = Zeroizing::new([0; LONGEST_LINE]);
        while bytes.last() != Some(&b'\n') {
            match (&self.terminal).read(&mut *part) {
                // The line of a question that Ctrl-D answers is not ended yet.
                Ok(0) => {
                    self.guard.show("\n".to_owned()).map_err(broken)?;
                    return Err(Error::Cancelled);
                }
                Ok(read) if bytes.len() + read > LONGEST_LINE => return Err(Error::TooLong),
                Ok(read) => bytes.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
        bytes.pop();
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::NotText)?;
        Ok(Answer::new(text.to_owned()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn broken(error: io::Error) -> Error {
    Error::Broken(error.to_string())
}
