//! Child process of `jeton run`, the only child process of jeton. A terminating signal that arrives
//! before the start of the command prevents the start. Later signals are forwarded to the command
//! until it exits, except signals that the command sent or has already received from the terminal.

use super::environment::{CREDENTIAL_VARIABLES, child_store_variable};
use crate::failure::{Code, Failure};
use crate::model::redact_for_error;
use crate::{signals, terminal};
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, wait, waitid,
};
#[cfg(target_os = "linux")]
use rustix_libc_wrappers::process::SignalExt;
use secrecy::{ExposeSecret, SecretString};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGQUIT, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Signals that a terminal sends to the whole foreground process group, that is, to the command and
/// to jeton.
const TERMINAL_SIGNALS: [i32; 3] = [SIGINT, SIGQUIT, SIGWINCH];

/// Collects signals for a command. After [`SignalForwarder::install`], none of these signals ends
/// the jeton process, even after the exit of the command: signal-hook does not restore default
/// actions.
pub(crate) struct SignalForwarder(SignalsInfo<WithOrigin>);

impl SignalForwarder {
    /// Installs the signal handlers. Signals other than `SIGCHLD` that were already ignored when
    /// jeton was started (by `nohup`, or as a background job of a script) remain ignored, in jeton
    /// and in the command.
    pub(crate) fn install() -> Result<Self, Failure> {
        let signal_numbers =
            signals::exclude_ignored(signals::terminating_signals().chain([SIGWINCH]));
        // `SIGCHLD` is handled even if it was ignored when jeton was started: otherwise, the exit
        // status of the child would be lost.
        let signal_stream = SignalsInfo::new(signal_numbers.chain([SIGCHLD]))
            .map_err(|error| supervision_error(&error))?;
        terminal::stop_handling_signals();
        Ok(Self(signal_stream))
    }

    /// Runs a command with tokens in environment variables; `variables` contains names and tokens.
    /// Returns the exit code as shells define it: 128 plus the number of the signal for a command
    /// that a signal ended. If a terminating signal arrived before the start, the command is not
    /// run, and the exit code reports this signal. The command does not get the credentials of
    /// jeton.
    pub(crate) fn run(
        mut self,
        argv: &[OsString],
        variables: &[(String, SecretString)],
    ) -> Result<u8, Failure> {
        let [program, arguments @ ..] = argv else {
            return Err(Failure::usage("command required"));
        };
        if let Some(origin) = self.0.pending().find(|origin| is_terminating(origin.signal)) {
            return Ok(signal_exit_code(origin.signal));
        }
        let mut command = Command::new(program);
        command.args(arguments);
        for (name, token) in variables {
            command.env(name, token.expose_secret());
        }
        for credential in CREDENTIAL_VARIABLES {
            command.env_remove(credential);
        }
        match child_store_variable() {
            Some(address) => command.env("JETON_STORE", address),
            None => command.env_remove("JETON_STORE"),
        };
        let mut child = command.spawn().map_err(|error| start_error(program, &error))?;
        let pid = Pid::from_child(&child);
        // Signals of the terminal are included: the terminal may have sent them before the child
        // was started, and then the child did not receive them.
        let early_signals = self.0.pending().filter(|origin| !is_sent_by(pid, origin));
        early_signals.for_each(|origin| send(pid, origin.signal));
        let result = self.forward_until_exit(pid);
        if result.is_err() {
            let _ = child.kill();
        }
        result.map(exit_code).map_err(|error| supervision_error(&error))
    }

    /// Forwards signals until the child exits, and returns its exit status.
    fn forward_until_exit(mut self, pid: Pid) -> io::Result<ExitStatus> {
        let signals_handle = self.0.handle();
        let recipient = Mutex::new(Some(pid));
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, || {
                let signals = self.0.forever();
                let signals_to_forward =
                    signals.filter(|origin| !is_sent_by(pid, origin) && !is_from_terminal(origin));
                for origin in signals_to_forward {
                    if let Some(pid) = *lock(&recipient) {
                        send(pid, origin.signal);
                    }
                }
            })?;
            let status = reap_until_exit(pid, &recipient);
            signals_handle.close();
            status
        })
    }
}

/// Reaps children until `pid` is reaped, and returns the exit status of `pid`. Other children exist
/// if jeton is process 1 of a container: process 1 becomes the parent of orphaned processes.
///
/// `recipient` is the process that gets forwarded signals. The child is reaped and `recipient` is
/// cleared under one lock, so that no signal is sent to another process that reuses the id.
fn reap_until_exit(pid: Pid, recipient: &Mutex<Option<Pid>>) -> io::Result<ExitStatus> {
    loop {
        // The lock is not held during the wait for an exit.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        retry_on_intr(|| waitid(WaitId::All, options))?;
        let mut recipient = lock(recipient);
        if let Some((reaped, status)) = wait(WaitOptions::NOHANG)?
            && reaped == pid
        {
            *recipient = None;
            return Ok(ExitStatus::from_raw(status.as_raw()));
        }
    }
}

fn lock(recipient: &Mutex<Option<Pid>>) -> MutexGuard<'_, Option<Pid>> {
    recipient.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_terminating(signal: i32) -> bool {
    signals::terminating_signals().any(|terminating| terminating == signal)
}

/// Returns whether the child sent the signal. A child that signals its process group has received
/// the signal already; forwarding would deliver the signal twice.
fn is_sent_by(pid: Pid, origin: &Origin) -> bool {
    origin.process.is_some_and(|sender| sender.pid == pid.as_raw_pid())
}

/// Returns whether the terminal sent the signal. The child shares the terminal and has received the
/// signal already; forwarding would deliver the signal twice.
fn is_from_terminal(origin: &Origin) -> bool {
    TERMINAL_SIGNALS.contains(&origin.signal) && !matches!(origin.cause, Cause::Sent(_))
}

fn send(pid: Pid, signal: i32) {
    if signal != SIGCHLD
        && let Some(signal) = signal_from_raw(signal)
    {
        // A child that has just exited cannot receive signals.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(target_os = "linux")]
fn signal_from_raw(signal: i32) -> Option<Signal> {
    Signal::from_raw(signal)
}
#[cfg(not(target_os = "linux"))]
fn signal_from_raw(signal: i32) -> Option<Signal> {
    Signal::from_named_raw(signal)
}

fn exit_code(status: ExitStatus) -> u8 {
    match status.code() {
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => signal_exit_code(status.signal().unwrap_or_default()),
    }
}

fn signal_exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

fn start_error(program: &OsStr, error: &io::Error) -> Failure {
    let display_name = redact_for_error(&program.to_string_lossy());
    if error.kind() == io::ErrorKind::NotFound {
        // A name without a directory is searched in `PATH`, not in the current directory.
        let path = Path::new(program);
        if path.components().nth(1).is_some() && path.exists() {
            let message = format!("interpreter of `{display_name}` not found");
            return Failure::new(Code::CommandNotFound, message);
        }
        let message = format!("command `{display_name}` not found");
        let failure = Failure::new(Code::CommandNotFound, message);
        return failure.with_hint("use `sh -c '…'` for shell syntax and built-in commands");
    }
    let message = format!("`{display_name}` cannot be executed: {error}");
    Failure::new(Code::NotExecutable, message)
}

fn supervision_error(error: &io::Error) -> Failure {
    Failure::new(Code::Internal, format!("command supervision failed: {error}"))
}
