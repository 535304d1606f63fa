//! `jeton run` and signals: jeton forwards terminating signals and WINCH to the command. These
//! signals do not prevent the revocation of the token after the command exits.

use super::{JETON, RunProcess, assert_all_revoked, assert_revoked, shell_command};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use crate::write_lock::{self, WriteLock};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal};
#[cfg(target_os = "linux")]
use rustix_libc_wrappers::process::SignalExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

/// Endless loop of a shell. The shell handles a signal at the end of a `sleep`, within 20 ms.
const ENDLESS_LOOP: &str = "while :; do sleep 0.02; done";

fn wait_until(timeout_message: &str, is_met: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_met() {
        assert!(start.elapsed() < Duration::from_secs(60), "{timeout_message}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Returns whether the process has a handler for the signal.
fn catches(pid: Pid, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    mask >> (signal.as_raw() - 1) & 1 == 1
}

/// Returns whether the process uses the store. A process uses a store file if it has the file open.
/// A store on a server counts as used if any process waits for the write lock, so the test must
/// hold the lock.
fn uses_store(pid: Pid, sandbox: &Sandbox) -> bool {
    if sandbox.is_on_server() {
        return write_lock::is_awaited(sandbox);
    }
    let files = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid())).unwrap();
    let mut paths = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    paths.any(|target| target.ends_with("jeton.db"))
}

#[test]
fn signals_are_forwarded_once_and_leave_the_token_valid() {
    let sandbox = Sandbox::with_admin();
    let names = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM", "WINCH"];
    let traps = names.map(|name| format!("trap 'echo {name}' {name}")).join("; ");
    let line = format!("{traps}; echo \"$API_TOKEN\"; exec 2>&1; {ENDLESS_LOOP}");
    let mut run = RunProcess::start(shell_command(&sandbox, &[], &line));
    let token = run.read_line();
    for (signal, name) in [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
        (Signal::ALARM, "ALRM"),
        (Signal::WINCH, "WINCH"),
        (Signal::INT, "INT"),
    ] {
        run.signal(signal);
        assert_eq!(run.read_line(), name);
    }
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    let child_pid =
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.pid().as_raw_pid()));
    let shell = Pid::from_raw(child_pid.unwrap().trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(shell, Signal::KILL).unwrap();
    assert_eq!(run.finish(), (Some(137), String::new()));
    assert_revoked(&sandbox, &token);
}

#[test]
fn signal_that_the_command_does_not_handle_ends_the_command_and_revokes_the_token() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
        (Signal::USR1, 138),
        (Signal::ABORT, 134),
        (Signal::XCPU, 152),
        (Signal::XFSZ, 153),
        (Signal::VTALARM, 154),
        (Signal::PROF, 155),
        (Signal::IO, 157),
        (Signal::SYS, 159),
        (Signal::TRAP, 133),
        #[cfg(target_os = "linux")]
        (Signal::POWER, 158),
        #[cfg(target_os = "linux")]
        (Signal::STKFLT, 144),
        #[cfg(target_os = "linux")]
        (Signal::rt_min(), 162),
        #[cfg(target_os = "linux")]
        (Signal::rt_max(), 192),
    ] {
        let sandbox = Sandbox::with_admin();
        let mut run =
            RunProcess::start(shell_command(&sandbox, &[], "echo \"$API_TOKEN\"; exec sleep 600"));
        let token = run.read_line();
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
        run.signal(signal);
        assert_eq!(run.finish(), (Some(code), String::new()));
        assert_revoked(&sandbox, &token);
    }
}

#[test]
fn signal_that_the_command_sends_to_its_process_group_is_not_forwarded() {
    let sandbox = Sandbox::with_admin();
    // The shell sends USR1 to its process group, which also contains jeton.
    let line = "trap 'echo received' USR1; while read line && [ $line = again ]; do kill -USR1 0; \
                done; echo \"$API_TOKEN\"; exit 7";
    let mut command = shell_command(&sandbox, &[], line);
    command.process_group(0);
    let mut run = RunProcess::start(command);
    for _ in 0..20 {
        run.send_line("again");
        assert_eq!(run.read_line(), "received");
    }
    run.send_line("end");
    let token = run.read_line();
    finish_and_assert_revoked(run, &sandbox, 7, &token);
}

#[track_caller]
fn finish_and_assert_revoked(run: RunProcess, sandbox: &Sandbox, code: i32, token: &str) {
    assert_eq!(run.finish(), (Some(code), String::new()));
    assert_revoked(sandbox, token);
}

#[test]
fn signal_before_the_command_starts_cancels_the_run() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        for options in [&[][..], &["--app", "ci"]] {
            let sandbox = Sandbox::with_admin();
            // jeton waits for the lock before it creates the token and starts the command.
            let lock = WriteLock::acquire(&sandbox);
            let run = RunProcess::start(shell_command(&sandbox, options, "touch output"));
            let pid = run.pid();
            wait_until("no signal handler is installed", || catches(pid, signal));
            run.signal(signal);
            drop(lock);
            assert_eq!(run.finish(), (Some(code), String::new()));
            assert_all_revoked(&sandbox, 1);
            assert!(!sandbox.home().join("output").exists());
        }
    }
}

#[test]
fn signals_after_the_command_exits_do_not_stop_the_revocation() {
    let sandbox = Sandbox::with_admin();
    let mut run =
        RunProcess::start(shell_command(&sandbox, &[], "echo \"$API_TOKEN\"; read line; exit 3"));
    let (pid, token) = (run.pid(), run.read_line());
    let lock = WriteLock::acquire(&sandbox);
    let is_store_open = || uses_store(pid, &sandbox);
    assert!(!is_store_open(), "the store is open while the command runs");
    run.send_line("continue");
    wait_until("the store is not opened for the revocation", is_store_open);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT] {
        run.signal(signal);
    }
    drop(lock);
    finish_and_assert_revoked(run, &sandbox, 3, &token);
}

/// Runs the shell command `before`, and then in the same process `jeton run` with the shell line.
fn run_after(sandbox: &Sandbox, before: &str, line: &str) -> RunOutput {
    // The shell is Bash, because not every shell can ignore SIGCHLD.
    let mut command = Command::new("/bin/bash");
    let script = format!("{before}; exec \"$0\" run -- /bin/sh -c \"$1\"");
    command.args(["-c", &script, JETON, line]).env_clear();
    command.env("HOME", sandbox.home()).envs(sandbox.variables());
    RunOutput::capture(command)
}

#[test]
fn ignored_signals_stay_ignored() {
    let sandbox = Sandbox::with_admin();
    let line = "kill -HUP $$ $PPID; kill -INT $$ $PPID; echo alive; kill -TERM $$";
    let output = run_after(&sandbox, "trap '' HUP INT", line);
    assert_snapshot!(output, @"
    alive
    --- exit code 143, no stderr
    ");
    assert_all_revoked(&sandbox, 1);
}

#[test]
fn child_inherited_from_the_shell_is_reaped() {
    let sandbox = Sandbox::with_admin();
    // The shell process becomes jeton, so jeton has a child process that is not the command of
    // `run`.
    let before = "(until [ -e \"$HOME/go\" ]; do sleep 0.02; done) & export CHILD=$!";
    let line = "test -e /proc/$CHILD && touch \"$HOME/go\"; for n in $(seq 500); do \
                test -e /proc/$CHILD || exit 5; sleep 0.02; done; exit 6";
    // Exit code 5: jeton reaped the child while the command ran. Exit code 6: the child remained.
    let output = run_after(&sandbox, before, line);
    assert_eq!((output.code, output.stderr.as_str()), (5, ""));
    assert_all_revoked(&sandbox, 1);
}

#[test]
fn exit_of_the_command_is_detected_with_ignored_sigchld() {
    let sandbox = Sandbox::with_admin();
    assert_eq!(run_after(&sandbox, "trap '' CHLD", "exit 3").code, 3);
    assert_all_revoked(&sandbox, 1);
}
