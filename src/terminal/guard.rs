//! The terminal's modes while a prompt is open. Every signal that ends or stops the program gives
//! the terminal back first: echo on, half-typed input discarded.

use crate::model::escaped_json;
use crate::signals;
use rustix::process::getpgrp;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, raise};
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The JSON line for programs when a signal ends a prompt, by exit code.
pub(super) type LastWords = Option<fn(u8) -> Value>;

/// Echo of typed characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Typed characters are shown.
    On,
    /// Only line breaks are shown.
    Off,
    /// Nothing is shown.
    Nothing,
}

/// A terminal with an open prompt.
struct Open {
    terminal: File,
    before: Termios,
    during: Termios,
    question: String,
}

/// The open prompt, of which there is at most one.
static OPEN: Mutex<Option<Open>> = Mutex::new(None);

/// Set when `run` takes over the signals that end the program.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Restores the terminal when it is dropped.
pub(super) struct Guard(());

impl Guard {
    /// Sets the modes for reading lines from `terminal`. `Flush` discards what was typed before.
    ///
    /// Signals are watched from the first prompt to the end of the run, because their default
    /// action cannot be restored.
    pub(super) fn open(
        terminal: &File,
        echo: Echo,
        typed_before: OptionalActions,
        last_words: LastWords,
    ) -> io::Result<Self> {
        // A terminal that is not the controlling one has no foreground.
        if tcgetpgrp(terminal).is_ok_and(|foreground| foreground != getpgrp()) {
            // A background job stops here: the modes are those of the shell until it continues.
            raise(SIGTTIN)?;
        }
        watch(last_words)?;
        let before = tcgetattr(terminal)?;
        let during = line_modes(before.clone(), echo);
        let terminal = terminal.try_clone()?;
        let mut open = lock();
        let opened = open.insert(Open { terminal, before, during, question: String::new() });
        let set = tcsetattr(&opened.terminal, typed_before, &opened.during);
        drop(open);
        let guard = Self(());
        set?;
        Ok(guard)
    }

    /// Keeps a question, which is written when the program continues after a stop.
    #[expect(clippy::unused_self, reason = "there is no question without an open prompt")]
    pub(super) fn keep(&self, question: String) {
        if let Some(open) = lock().as_mut() {
            open.question = question;
        }
    }

    /// Writes a question, and keeps it.
    pub(super) fn show(&self, question: String) -> io::Result<()> {
        self.keep(question);
        lock().as_ref().map_or(Ok(()), Open::show)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(open) = lock().take() {
            open.restore();
        }
    }
}

impl Open {
    fn show(&self) -> io::Result<()> {
        (&self.terminal).write_all(self.question.as_bytes())
    }

    fn hide(&self) -> io::Result<()> {
        Ok(tcsetattr(&self.terminal, OptionalActions::Flush, &self.during)?)
    }

    /// Restores the modes and discards what was typed and not read: nothing of a password and no
    /// second pasted line is left for the shell.
    fn restore(&self) {
        // Nothing is left to do if the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

fn lock() -> MutexGuard<'static, Option<Open>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the modes in which the terminal edits a line and delivers it whole.
fn line_modes(mut modes: Termios, echo: Echo) -> Termios {
    modes.input_modes |= InputModes::ICRNL;
    modes.input_modes -= InputModes::IGNCR | InputModes::INLCR;
    modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG;
    modes.local_modes.set(LocalModes::ECHONL, echo != Echo::Nothing);
    modes.local_modes.set(LocalModes::ECHO, echo == Echo::On);
    modes
}

/// Leaves the signals that end the program to another watcher. Ctrl-Z still stops it.
pub(crate) fn leave_signals() {
    LEFT.store(true, Ordering::Relaxed);
}

fn watch(last_words: LastWords) -> io::Result<()> {
    static WATCHES: AtomicBool = AtomicBool::new(false);
    if WATCHES.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let watched = signals::without_ignored(signals::ending().chain([SIGTSTP]));
    let mut signals = Signals::new(watched)?;
    std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTSTP {
                stop();
            } else if !LEFT.load(Ordering::Relaxed) {
                end(signal, last_words);
            }
        }
    })?;
    Ok(())
}

/// Stops the program with the terminal restored, and shows the prompt again when it continues.
fn stop() {
    if let Some(open) = lock().as_ref() {
        open.restore();
    }
    // The default action of SIGTSTP cannot be had. That of this signal is the same: it stops, but
    // not without a shell to continue. SIGSTOP would stop for ever there.
    let _ = raise(SIGTTOU);
    if let Some(open) = lock().as_ref() {
        // Continued in the background, this stops again.
        let _ = open.hide().and_then(|()| open.show());
    }
}

#[expect(clippy::exit, reason = "the main thread is inside a read that cannot be woken")]
fn end(signal: i32, last_words: LastWords) {
    // Held to the end: the main thread asks nothing more.
    let mut open = lock();
    if let Some(open) = open.take() {
        open.restore();
        let _ = (&open.terminal).write_all(b"\n");
    }
    let code = match signal {
        SIGINT => 130,
        SIGTERM | SIGHUP => 143,
        other => {
            // It returns for signals that it does not know: then the exit code names the signal.
            let _ = emulate_default_handler(other);
            std::process::exit(128 + other);
        }
    };
    if let Some(words) = last_words {
        let line = escaped_json(&words(code).to_string()) + "\n";
        let _ = io::stderr().write_all(line.as_bytes());
    }
    std::process::exit(i32::from(code));
}
