//! The only child process there is: the command that `run` starts. The signals that are meant for
//! it are kept from before it exists, and passed on while it lives.

use super::environment::CREDENTIALS;
use crate::failure::{Failure, Kind};
use crate::model::repeatable;
use crate::{signals, terminal};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
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
use std::process::{Command, ExitStatus};
use std::thread;

/// Signals that a terminal sends to all of the foreground, to the command as well as to us.
const OF_TERMINAL: [i32; 3] = [SIGINT, SIGQUIT, SIGWINCH];

/// Keeps the signals for a command. From its beginning to the end of the run none of them ends
/// this process: once somebody watches, their default action does not come back.
pub(crate) struct Watch(SignalsInfo<WithOrigin>);

impl Watch {
    /// Begins. What is ignored stays ignored, for the command too: `nohup`, a script's background.
    pub(crate) fn begin() -> Result<Self, Failure> {
        let heard = signals::without_ignored(signals::ending().chain([SIGWINCH]));
        // Where this one is ignored, nobody learns how a child ended.
        let watch = SignalsInfo::new(heard.chain([SIGCHLD])).map_err(|error| unforeseen(&error))?;
        terminal::leave_signals();
        Ok(Self(watch))
    }

    /// Runs a command with a token in that variable of its environment; its exit code, as shells
    /// count. If a signal has come that would have ended this process, nothing is run, and the
    /// exit code says so.
    pub(crate) fn run(
        mut self,
        words: &[OsString],
        variable: &str,
        token: &SecretString,
    ) -> Result<u8, Failure> {
        let [program, arguments @ ..] = words else {
            return Err(Failure::usage("a command to run is needed"));
        };
        if let Some(first) = self.0.pending().find(|origin| is_ending(origin.signal)) {
            return Ok(killed_by(first.signal));
        }
        let mut command = Command::new(program);
        command.args(arguments).env(variable, token.expose_secret());
        for credential in CREDENTIALS {
            command.env_remove(credential);
        }
        let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
        let pid = Pid::from_child(&child);
        // The terminal may have sent what has come since before there was a child to hear it.
        let early = self.0.pending().filter(|origin| !is_from(pid, origin));
        early.for_each(|origin| send(pid, origin.signal));
        let watched = self.pass_on_until_end(pid);
        if watched.is_err() {
            let _ = child.kill();
        }
        watched.and_then(|()| child.wait()).map(exit_code).map_err(|error| unforeseen(&error))
    }

    /// The child is not reaped before nobody sends it anything: its number stays its own.
    fn pass_on_until_end(mut self, pid: Pid) -> io::Result<()> {
        let stop = self.0.handle();
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, || {
                let signals = self.0.forever();
                let for_child = signals.filter(|it| !is_from(pid, it) && !is_from_terminal(it));
                for_child.for_each(|origin| send(pid, origin.signal));
            })?;
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let ended = retry_on_intr(|| waitid(WaitId::Pid(pid), options));
            stop.close();
            ended.map(drop).map_err(io::Error::from)
        })
    }
}

fn is_ending(signal: i32) -> bool {
    signals::ending().any(|ending| ending == signal)
}

/// Whether the child sent it, to all of its group and so to us. It has had its own.
fn is_from(pid: Pid, origin: &Origin) -> bool {
    origin.process.is_some_and(|sender| sender.pid == pid.as_raw_pid())
}

/// Whether it is the terminal that sent it. The child, which shares it, has had its own, and would
/// be interrupted twice.
fn is_from_terminal(origin: &Origin) -> bool {
    OF_TERMINAL.contains(&origin.signal) && !matches!(origin.cause, Cause::Sent(_))
}

fn send(pid: Pid, signal: i32) {
    if signal != SIGCHLD
        && let Some(signal) = of_number(signal)
    {
        // A child that has just ended hears nothing.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(target_os = "linux")]
fn of_number(signal: i32) -> Option<Signal> {
    Signal::from_raw(signal)
}
#[cfg(not(target_os = "linux"))]
fn of_number(signal: i32) -> Option<Signal> {
    Signal::from_named_raw(signal)
}

fn exit_code(status: ExitStatus) -> u8 {
    match status.code() {
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => killed_by(status.signal().unwrap_or_default()),
    }
}

fn killed_by(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

fn not_started(program: &OsStr, error: &io::Error) -> Failure {
    let shown = repeatable(&program.to_string_lossy());
    if error.kind() == io::ErrorKind::NotFound {
        let message = format!("there is no command `{shown}`");
        let failure = Failure::new(Kind::CommandNotFound, "command_not_found", message);
        return failure.with_hint("no shell is between: for its words and commands, `sh -c '…'`");
    }
    let message = format!("`{shown}` cannot be executed: {error}");
    Failure::new(Kind::NotExecutable, "not_executable", message)
}

fn unforeseen(error: &io::Error) -> Failure {
    Failure::new(Kind::Internal, "internal", format!("the command cannot be watched: {error}"))
}
