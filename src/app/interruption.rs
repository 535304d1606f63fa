//! Ctrl-C during a command that processes many items or a large file, and the progress of the
//! command.

use super::run_console::RunConsole;
use crate::failure::{Code, Failure};
use crate::signals::{self, Interrupted};
use crate::terminal::{self, Progress, Total};
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watch for Ctrl-C. After the first Ctrl-C, [`InterruptionWatch::check`] returns an error, and the
/// command ends at this point of its work. A second Ctrl-C ends the process at once.
#[derive(Debug, Clone)]
pub(crate) struct InterruptionWatch(Arc<AtomicBool>);

impl InterruptionWatch {
    /// Starts the watch, unless SIGINT was already ignored when the process started.
    pub(crate) fn start() -> Result<Self, Failure> {
        let is_interrupted = Arc::new(AtomicBool::new(false));
        let next_signal_ends_process = Arc::new(AtomicBool::new(false));
        for signal in signals::exclude_ignored([SIGINT].into_iter()) {
            // A signal runs three actions, in the order of their registration. The first action
            // sets `is_interrupted`. The second action ends the process, if an earlier signal has
            // set `next_signal_ends_process`. The third action sets `next_signal_ends_process`.
            let condition = &next_signal_ends_process;
            flag::register(signal, Arc::clone(&is_interrupted))
                .and_then(|_| flag::register_conditional_default(signal, Arc::clone(condition)))
                .and_then(|_| flag::register(signal, Arc::clone(condition)))
                .map_err(|error| watch_error(&error))?;
        }
        terminal::stop_handling_ctrl_c();
        Ok(Self(is_interrupted))
    }

    /// Returns an error after Ctrl-C.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.0.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// Starts the progress display of a command that prints no lines.
    pub(crate) fn monitor(
        self,
        console: &RunConsole,
        label: &'static str,
        total: Total,
    ) -> Monitor {
        let progress = console.terminal.start_progress(label, total, false);
        Monitor::new(console, progress, self)
    }
}

fn watch_error(error: &io::Error) -> Failure {
    Failure::new(Code::Internal, format!("signals cannot be watched: {error}"))
}

/// Progress and interruption of a command. Clones share the state.
#[derive(Debug, Clone)]
pub(crate) struct Monitor {
    progress: Arc<Progress>,
    interruption: InterruptionWatch,
    is_dry_run: bool,
}

impl Monitor {
    /// Starts the progress display of a command that prints no lines, and the watch for Ctrl-C.
    pub(crate) fn start(
        console: &RunConsole,
        label: &'static str,
        total: Total,
    ) -> Result<Self, Failure> {
        Ok(InterruptionWatch::start()?.monitor(console, label, total))
    }

    /// Starts the progress display of a command that prints lines, and the watch for Ctrl-C. No
    /// progress is displayed if the lines are printed to a terminal.
    pub(crate) fn start_with_line_output(
        console: &RunConsole,
        label: &'static str,
        total: Total,
    ) -> Result<Self, Failure> {
        let progress =
            console.terminal.start_progress(label, total, terminal::is_stdout_terminal());
        Ok(Self::new(console, progress, InterruptionWatch::start()?))
    }

    /// Starts the progress display of a command that reads lines from standard input and prints
    /// lines, and the watch for Ctrl-C. No progress is displayed if standard input or standard
    /// output is a terminal.
    pub(crate) fn start_filter(
        console: &RunConsole,
        label: &'static str,
        total: Total,
    ) -> Result<Self, Failure> {
        let has_terminal_lines = io::stdin().is_terminal() || terminal::is_stdout_terminal();
        let progress = console.terminal.start_progress(label, total, has_terminal_lines);
        Ok(Self::new(console, progress, InterruptionWatch::start()?))
    }

    fn new(console: &RunConsole, progress: Progress, interruption: InterruptionWatch) -> Self {
        let is_dry_run = console.is_dry_run.get();
        Self { progress: Arc::new(progress), interruption, is_dry_run }
    }

    /// Adds `amount` to the finished work. Returns an error after Ctrl-C.
    pub(crate) fn advance(&self, amount: usize) -> Result<(), Interrupted> {
        self.progress.advance(amount);
        self.check()
    }

    /// Sets the finished and the total amount of work. Returns an error after Ctrl-C.
    pub(crate) fn set(&self, done: usize, total: usize) -> Result<(), Interrupted> {
        self.progress.set(done, total);
        self.check()
    }

    /// Sets the label, which names the current part of the work.
    pub(crate) fn set_label(&self, label: &'static str) {
        self.progress.set_label(label);
    }

    /// Returns an error after Ctrl-C.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        self.interruption.check()
    }

    /// Ends the progress display, and converts the error of `result`. After Ctrl-C, the error
    /// message ends with the text from `describe`, which states the finished work or the stored
    /// changes. In a dry run, a note that nothing was changed replaces this text.
    pub(crate) fn finish<T, E: Into<Failure>>(
        &self,
        result: Result<T, E>,
        describe: impl FnOnce() -> String,
    ) -> Result<T, Failure> {
        self.progress.finish();
        let is_dry_run = self.is_dry_run;
        describe_interruption(result, || {
            if is_dry_run { "; nothing was changed".to_owned() } else { describe() }
        })
    }
}

/// Converts the error of `result`. If Ctrl-C is the cause, adds the text from `describe` to the
/// message.
pub(crate) fn describe_interruption<T, E: Into<Failure>>(
    result: Result<T, E>,
    describe: impl FnOnce() -> String,
) -> Result<T, Failure> {
    result.map_err(|error| {
        let failure = error.into();
        if failure.code != Code::Interrupted {
            return failure;
        }
        Failure { message: failure.message + &describe(), ..failure }
    })
}
