//! Terminal modes while a prompt is open. Before a signal ends or suspends the program, the
//! terminal gets its original modes, and unread input is discarded. In this module, the input of a
//! secret on standard input, if that is a terminal, is also called a prompt.

use crate::model::escape_json;
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

/// Function that returns the JSON line to write if SIGINT, SIGTERM or SIGHUP ends the program
/// during or after a prompt; `None` if failures are not JSON. The argument of the function is the
/// exit code.
pub(super) type SignalReport = Option<fn(u8) -> Value>;

/// Echo of typed characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Typed characters are shown.
    On,
    /// Only line breaks are shown.
    LineBreaksOnly,
    /// Nothing is shown.
    Nothing,
}

/// Terminal with an open prompt.
struct OpenPrompt {
    terminal: File,
    original_modes: Termios,
    prompt_modes: Termios,
    /// Text that is written again when the program continues after a stop.
    question: String,
}

/// The open prompt, of which there is at most one.
static OPEN_PROMPT: Mutex<Option<OpenPrompt>> = Mutex::new(None);

/// Set when the command `run` starts to handle the signals that end the program.
static SIGNALS_RELEASED: AtomicBool = AtomicBool::new(false);

/// Set when a command that processes many items or a large file starts to handle Ctrl-C.
static CTRL_C_RELEASED: AtomicBool = AtomicBool::new(false);

/// Guard that restores the terminal when dropped.
pub(super) struct TerminalGuard(());

impl TerminalGuard {
    /// Sets the terminal modes for lines that the program reads from `terminal`. If `pending_input`
    /// is `Flush`, discards input that has not been read yet.
    ///
    /// The first call starts the handling of signals. Except for signals that are left to another
    /// handler, the handling continues until the program exits, because the default action of a
    /// signal cannot be restored.
    pub(super) fn open(
        terminal: &File,
        echo: Echo,
        pending_input: OptionalActions,
        signal_report: SignalReport,
    ) -> io::Result<Self> {
        // `tcgetpgrp` fails if the terminal is not the controlling terminal.
        if tcgetpgrp(terminal).is_ok_and(|foreground| foreground != getpgrp()) {
            // A background process must not change the modes, because the terminal belongs to
            // another process group. SIGTTIN stops the process until the user continues it in the
            // foreground.
            raise(SIGTTIN)?;
        }
        watch_signals(signal_report)?;
        let original_modes = tcgetattr(terminal)?;
        let prompt_modes = line_modes(original_modes.clone(), echo);
        let terminal = terminal.try_clone()?;
        let mut open_prompt = lock_open_prompt();
        let prompt = open_prompt.insert(OpenPrompt {
            terminal,
            original_modes,
            prompt_modes,
            question: String::new(),
        });
        let result = tcsetattr(&prompt.terminal, pending_input, &prompt.prompt_modes);
        drop(open_prompt);
        // If `tcsetattr` failed, dropping the guard restores the terminal.
        let guard = Self(());
        result?;
        Ok(guard)
    }

    /// Stores a question, which is written again when the program continues after a stop.
    #[expect(clippy::unused_self, reason = "the guard proves that a prompt is open")]
    pub(super) fn set_question(&self, question: String) {
        if let Some(prompt) = lock_open_prompt().as_mut() {
            prompt.question = question;
        }
    }

    /// Writes and stores a question.
    pub(super) fn show_question(&self, question: String) -> io::Result<()> {
        self.set_question(question);
        lock_open_prompt().as_ref().map_or(Ok(()), OpenPrompt::write_question)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        if let Some(prompt) = lock_open_prompt().take() {
            prompt.restore();
        }
    }
}

impl OpenPrompt {
    fn write_question(&self) -> io::Result<()> {
        (&self.terminal).write_all(self.question.as_bytes())
    }

    fn apply_prompt_modes(&self) -> io::Result<()> {
        Ok(tcsetattr(&self.terminal, OptionalActions::Flush, &self.prompt_modes)?)
    }

    /// Restores the original modes. Discards unread input, so that the shell receives no part of a
    /// password, and no further line of pasted text.
    fn restore(&self) {
        // A terminal that no longer exists needs no restoration, so errors are ignored.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.original_modes);
    }
}

fn lock_open_prompt() -> MutexGuard<'static, Option<OpenPrompt>> {
    OPEN_PROMPT.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Leaves the signals that end the program to another handler. Ctrl-Z still suspends the program
/// with the terminal restored.
pub(crate) fn stop_handling_signals() {
    SIGNALS_RELEASED.store(true, Ordering::Relaxed);
}

/// Leaves Ctrl-C to another handler.
pub(crate) fn stop_handling_ctrl_c() {
    CTRL_C_RELEASED.store(true, Ordering::Relaxed);
}

/// Returns whether `signal`, one of the signals that end the program, is left to another handler.
fn is_released(signal: i32) -> bool {
    SIGNALS_RELEASED.load(Ordering::Relaxed)
        || signal == SIGINT && CTRL_C_RELEASED.load(Ordering::Relaxed)
}

/// Starts the thread that handles the signals, unless it was already started.
fn watch_signals(signal_report: SignalReport) -> io::Result<()> {
    static IS_WATCHING: AtomicBool = AtomicBool::new(false);
    if IS_WATCHING.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let signal_numbers = signals::exclude_ignored(signals::terminating_signals().chain([SIGTSTP]));
    let mut signals = Signals::new(signal_numbers)?;
    std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTSTP {
                suspend();
            } else if !is_released(signal) {
                exit_on_signal(signal, signal_report);
            }
        }
    })?;
    Ok(())
}

/// Suspends the program with the terminal restored. When the program continues, shows the prompt
/// again.
fn suspend() {
    if let Some(prompt) = lock_open_prompt().as_ref() {
        prompt.restore();
    }
    // The handler replaced the default action of SIGTSTP. SIGTTOU has the same default action: stop
    // the process, except in an orphaned process group, which no shell could continue. SIGSTOP
    // would stop even an orphaned process group.
    let _ = raise(SIGTTOU);
    if let Some(prompt) = lock_open_prompt().as_ref() {
        // If the program was continued in the background, `tcsetattr` stops it again.
        let _ = prompt.apply_prompt_modes().and_then(|()| prompt.write_question());
    }
}

#[expect(clippy::exit, reason = "the main thread may be blocked in a read")]
fn exit_on_signal(signal: i32, signal_report: SignalReport) {
    // The lock is held until exit, so that the main thread opens no further prompt.
    let mut open_prompt = lock_open_prompt();
    if let Some(prompt) = open_prompt.take() {
        prompt.restore();
        let _ = (&prompt.terminal).write_all(b"\n");
    }
    let code = match signal {
        SIGINT => 130,
        SIGTERM | SIGHUP => 143,
        other => {
            // This call returns only if signal-hook does not know the signal. The exit code then
            // contains the number of the signal.
            let _ = emulate_default_handler(other);
            std::process::exit(128 + other);
        }
    };
    if let Some(report) = signal_report {
        let json = report(code).to_string();
        let line = escape_json(&json) + "\n";
        let _ = io::stderr().write_all(line.as_bytes());
    }
    std::process::exit(i32::from(code));
}
