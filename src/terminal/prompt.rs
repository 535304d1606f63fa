//! Prompts on `/dev/tty`, which work even if all standard streams are redirected.

use super::signal_guard::{Echo, TerminalGuard};
use super::{Console, Error};
use crate::model::escape;
use anstream::StripStream;
use console::Term;
use dialoguer::Password;
use rustix::termios::OptionalActions;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use zeroize::Zeroizing;

/// Maximum length of a line that a terminal delivers, in bytes.
const MAX_LINE_BYTES: usize = 4096;

/// Maximum number of times that a prompt asks for a new password.
const MAX_ATTEMPTS: usize = 3;

/// Typed line without its line break.
pub(crate) type Answer = Zeroizing<String>;

/// Answer to a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The user confirmed the action.
    Yes,
    /// The user did not confirm the action.
    No,
}

impl Console {
    /// Prompts for an existing password, without echo.
    pub(crate) fn prompt_password(&self, question: &str) -> Result<Answer, Error> {
        self.with_prompt(Echo::Nothing, |prompt| prompt.read_password(question))
    }

    /// Prompts for a new password and its confirmation, without echo. `refusal` returns a message
    /// if the password is not acceptable. If the password is not acceptable, or if the confirmation
    /// differs, asks again, until the user has had [`MAX_ATTEMPTS`] attempts.
    pub(crate) fn prompt_new_password(
        &self,
        question: &str,
        refusal: impl Fn(&str) -> Option<String>,
    ) -> Result<Answer, Error> {
        self.with_prompt(Echo::Nothing, |prompt| {
            for _ in 1..MAX_ATTEMPTS {
                match prompt.read_new_password(question, &refusal) {
                    Err(error @ (Error::PasswordMismatch | Error::PasswordRefused(_))) => {
                        prompt.show_message(&error.to_string())?;
                    }
                    result => return result,
                }
            }
            prompt.read_new_password(question, &refusal)
        })
    }

    /// Prompts for a line of text.
    pub(crate) fn prompt_line(&self, question: &str) -> Result<Answer, Error> {
        self.with_prompt(Echo::On, |prompt| prompt.read_line(&format!("{question}: ")))
    }

    /// Asks for confirmation of an action. Only the line `y` or `yes` confirms (case-insensitive,
    /// with or without surrounding whitespace). Discards input that was typed or pasted before the
    /// question or after the answer.
    pub(crate) fn confirm(&self, question: &str) -> Result<Confirmation, Error> {
        let answer =
            self.with_prompt(Echo::On, |prompt| prompt.read_line(&format!("{question} [y/N] ")));
        match answer {
            Ok(line) => match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => Ok(Confirmation::Yes),
                _ => Ok(Confirmation::No),
            },
            Err(Error::Cancelled) => Ok(Confirmation::No),
            Err(error) => Err(error),
        }
    }

    /// Opens the terminal with the modes for a prompt, and calls `read`. Afterwards, restores the
    /// modes.
    fn with_prompt<T>(
        &self,
        echo: Echo,
        read: impl FnOnce(&Prompt) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(|_| Error::NoTerminal)?;
        let guard =
            TerminalGuard::open(&terminal, echo, OptionalActions::Flush, self.signal_report);
        read(&Prompt { guard: guard.map_err(terminal_error)?, terminal })
    }
}

/// Open terminal on which a prompt shows a question and reads the typed line.
struct Prompt {
    guard: TerminalGuard,
    terminal: File,
}

impl Prompt {
    /// Prompts once for a new password and its confirmation.
    fn read_new_password(
        &self,
        question: &str,
        refusal: impl Fn(&str) -> Option<String>,
    ) -> Result<Answer, Error> {
        let first = self.read_password(question)?;
        if let Some(message) = refusal(&first) {
            return Err(Error::PasswordRefused(message));
        }
        let second = self.read_password("Confirm password")?;
        if *first == *second { Ok(first) } else { Err(Error::PasswordMismatch) }
    }

    fn show_message(&self, message: &str) -> Result<(), Error> {
        let line = escape(message) + "\n";
        (&self.terminal).write_all(line.as_bytes()).map_err(terminal_error)
    }

    fn read_password(&self, question: &str) -> Result<Answer, Error> {
        let question = escape(question);
        self.guard.set_question(format!("{question}: "));
        let clone_terminal = || self.terminal.try_clone().map_err(terminal_error);
        // At the end of input, dialoguer reads an empty line. If empty passwords were not allowed,
        // dialoguer would then prompt again endlessly.
        let answer = Password::new()
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false)
            .interact_on(&Term::read_write_pair(
                clone_terminal()?,
                PlainTerminal::new(clone_terminal()?),
            ))
            .map(Answer::new)
            .map_err(|dialoguer::Error::IO(error)| {
                let is_utf8 = error.kind() != io::ErrorKind::InvalidData;
                if is_utf8 { terminal_error(error) } else { Error::NotUtf8 }
            })?;
        if answer.is_empty() { Err(Error::Cancelled) } else { Ok(answer) }
    }

    /// Prompts for a line. The user edits the line with the functions of the terminal. The prompts
    /// of dialoguer for visible text are not used, because they read single keys and handle neither
    /// signals nor pasted text.
    fn read_line(&self, question: &str) -> Result<Answer, Error> {
        self.guard.show_question(escape(question)).map_err(terminal_error)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES));
        let mut buffer = Zeroizing::new([0; MAX_LINE_BYTES]);
        while bytes.last() != Some(&b'\n') {
            match (&self.terminal).read(&mut *buffer) {
                // The end of input (Ctrl-D). The terminal does not echo a line break for it.
                Ok(0) => {
                    self.guard.show_question("\n".to_owned()).map_err(terminal_error)?;
                    return Err(Error::Cancelled);
                }
                Ok(count) if bytes.len() + count > MAX_LINE_BYTES => return Err(Error::TooLong),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(terminal_error(error)),
            }
        }
        bytes.pop();
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::NotUtf8)?;
        Ok(Answer::new(text.to_owned()))
    }
}

/// Terminal to which no escape sequence is written. dialoguer moves the cursor to erase an answered
/// question; a terminal with `TERM=dumb` would show the sequences.
#[derive(Debug)]
struct PlainTerminal(StripStream<File>);

impl PlainTerminal {
    fn new(terminal: File) -> Self {
        Self(StripStream::new(terminal))
    }
}

impl Write for PlainTerminal {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl AsRawFd for PlainTerminal {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_inner().as_raw_fd()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes the error by value")]
fn terminal_error(error: io::Error) -> Error {
    Error::TerminalFailed(error.to_string())
}
