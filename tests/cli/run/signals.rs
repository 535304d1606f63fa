//! Signals: who hears them, and the token, which is revoked whenever they come.

use super::{JETON, Running, is_dead, nothing_lives, shell};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal};
#[cfg(target_os = "linux")]
use rustix_libc_wrappers::process::SignalExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

/// Goes on for ever, and hears a signal soon.
const WAIT: &str = "while :; do sleep 0.02; done";

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the process does something about it.
fn catches(pid: Pid, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    mask >> (signal.as_raw() - 1) & 1 == 1
}

fn has_open(pid: Pid, name: &str) -> bool {
    let files = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid())).unwrap();
    let mut targets = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    targets.any(|target| target.ends_with(name))
}

#[test]
fn they_reach_the_command_once() {
    let sandbox = Sandbox::with_admin();
    let names = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM", "WINCH"];
    let traps = names.map(|name| format!("trap 'echo {name}' {name}")).join("; ");
    let line = format!("{traps}; echo \"$API_TOKEN\"; exec 2>&1; {WAIT}");
    let mut run = Running::start(shell(&sandbox, &[], &line));
    let token = run.line();
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
        assert_eq!(run.line(), name);
    }
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    let shell =
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.pid().as_raw_pid()));
    let shell = Pid::from_raw(shell.unwrap().trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(shell, Signal::KILL).unwrap();
    assert_eq!(run.ends(), (Some(137), String::new()));
    is_dead(&sandbox, &token);
}

#[test]
fn a_command_that_does_nothing_about_them_ends_and_so_does_the_token() {
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
        let mut run = Running::start(shell(&sandbox, &[], "echo \"$API_TOKEN\"; exec sleep 600"));
        let token = run.line();
        sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
        run.signal(signal);
        assert_eq!(run.ends(), (Some(code), String::new()));
        is_dead(&sandbox, &token);
    }
}

#[test]
fn one_that_the_command_sends_to_its_group_is_not_sent_back() {
    let sandbox = Sandbox::with_admin();
    let line = "trap 'echo heard' USR1; while read line && [ $line = again ]; do kill -USR1 0; \
                done; echo \"$API_TOKEN\"; exit 7";
    let mut command = shell(&sandbox, &[], line);
    command.process_group(0);
    let mut run = Running::start(command);
    for _ in 0..20 {
        run.answer("again");
        assert_eq!(run.line(), "heard");
    }
    run.answer("end");
    let token = run.line();
    is_dead_after(run, &sandbox, 7, &token);
}

#[track_caller]
fn is_dead_after(run: Running, sandbox: &Sandbox, code: i32, token: &str) {
    assert_eq!(run.ends(), (Some(code), String::new()));
    is_dead(sandbox, token);
}

#[test]
fn one_that_comes_before_the_command_ends_the_run_and_the_token() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        for kind in [&[][..], &["--app", "ci"]] {
            let sandbox = Sandbox::with_admin();
            let other = rusqlite::Connection::open(sandbox.store()).unwrap();
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
            let run = Running::start(shell(&sandbox, kind, "touch output"));
            let pid = run.pid();
            until("it never watches", || catches(pid, signal));
            run.signal(signal);
            other.execute_batch("ROLLBACK").unwrap();
            assert_eq!(run.ends(), (Some(code), String::new()));
            nothing_lives(&sandbox, 1);
            assert!(!sandbox.home().join("output").exists());
        }
    }
}

#[test]
fn one_that_comes_after_the_command_does_not_stop_the_revocation() {
    let sandbox = Sandbox::with_admin();
    let mut run = Running::start(shell(&sandbox, &[], "echo \"$API_TOKEN\"; read line; exit 3"));
    let (pid, token) = (run.pid(), run.line());
    let other = rusqlite::Connection::open(sandbox.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(!has_open(pid, "jeton.db"), "the store is closed meanwhile");
    run.answer("go on");
    until("it never revokes", || has_open(pid, "jeton.db"));
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT] {
        run.signal(signal);
    }
    other.execute_batch("ROLLBACK").unwrap();
    is_dead_after(run, &sandbox, 3, &token);
}

/// Runs jeton with what that line of shell does before.
fn run_after(sandbox: &Sandbox, before: &str, line: &str) -> RunOutput {
    // Others refuse to ignore the end of children.
    let mut command = Command::new("/bin/bash");
    let begin = format!("{before}; exec \"$0\" run -- /bin/sh -c \"$1\"");
    command.args(["-c", &begin, JETON, line]).env_clear().env("HOME", sandbox.home());
    RunOutput::of(command)
}

#[test]
fn what_is_ignored_stays_ignored() {
    let sandbox = Sandbox::with_admin();
    let line = "kill -HUP $$ $PPID; kill -INT $$ $PPID; echo alive; kill -TERM $$";
    let output = run_after(&sandbox, "trap '' HUP INT", line);
    assert_snapshot!(output, @"
    alive
    --- exit code 143, no stderr
    ");
    nothing_lives(&sandbox, 1);
}

#[test]
fn the_end_of_the_command_is_noticed_where_the_end_of_children_is_ignored() {
    let sandbox = Sandbox::with_admin();
    assert_eq!(run_after(&sandbox, "trap '' CHLD", "exit 3").code, 3);
    nothing_lives(&sandbox, 1);
}
