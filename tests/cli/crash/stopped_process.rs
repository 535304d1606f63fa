//! A process that SIGSTOP stops while it opens or reads the store: other processes wait as long as
//! `--wait` allows and not longer, whichever locks the stopped process holds.

use super::{read_or_empty, require_strace};
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A jeton process stopped after one of its system calls.
struct StoppedProcess {
    strace: Child,
    /// Path of the file to which strace writes the calls of the process.
    trace: PathBuf,
}

impl StoppedProcess {
    /// Starts `jeton users list` and stops the process after its `nth` system call named `call`.
    /// Returns `None` if the process made fewer calls.
    fn stop_after(sandbox: &Sandbox, call: &str, nth: usize) -> Option<Self> {
        let trace = sandbox.home().join("trace");
        let _ = std::fs::remove_file(&trace);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-o"])
            .arg(&trace)
            .args(["-e", &format!("trace={call}")])
            .args(["-e", &format!("inject={call}:signal=SIGSTOP:when={nth}")])
            .arg(env!("CARGO_BIN_EXE_jeton"))
            .args(["users", "list"])
            .env_clear()
            .env("HOME", sandbox.home())
            .current_dir(sandbox.home())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let mut stopped = Self { strace: command.spawn().unwrap(), trace };
        loop {
            if read_or_empty(&stopped.trace).contains("stopped by SIGSTOP") {
                return Some(stopped);
            }
            if stopped.strace.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the process, and waits until strace has ended.
    fn kill(mut self) {
        let trace = read_or_empty(&self.trace);
        let pid = trace.split_whitespace().next().unwrap();
        assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
        self.strace.wait().unwrap();
    }
}

/// Runs a command with the option `--wait`. Returns the output and the duration.
fn run_timed(sandbox: &Sandbox, words: &[&str], wait: &str) -> (RunOutput, Duration) {
    let start = Instant::now();
    let output = sandbox.run(&[words, &["--wait", wait]].concat());
    (output, start.elapsed())
}

#[test]
#[ignore = "needs strace"]
fn zero_wait_returns_promptly_despite_stopped_process() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let mut blocked_runs = 0;
    for call in ["ftruncate", "fcntl"] {
        for nth in 1.. {
            let Some(stopped) = StoppedProcess::stop_after(&sandbox, call, nth) else { break };
            let (output, elapsed) = run_timed(&sandbox, &["users", "list"], "0s");
            stopped.kill();
            assert!(elapsed < Duration::from_secs(5), "{call} {nth}: {elapsed:?}");
            if output.code != 0 {
                allow_duplicates!(assert_snapshot!(output, @"
                --- exit code 75, stderr
                error: timed out waiting for a lock
                hint: try again, or wait longer with `--wait`
                "));
                blocked_runs += 1;
            }
        }
    }
    assert!(blocked_runs > 3, "only {blocked_runs} runs were blocked");
    sandbox.run(&["users", "list"]).ok();
}

/// SQLite itself would return an error after ten seconds. Nevertheless, a `--wait` of 12 seconds
/// must end after 12 seconds, with the message of jeton.
#[test]
#[ignore = "needs strace"]
fn wait_for_stopped_process_times_out() {
    require_strace();
    let sandbox = Sandbox::with_admin();
    let stopped = StoppedProcess::stop_after(&sandbox, "ftruncate", 1).unwrap();
    for words in [
        &["users", "list"][..],
        &["token", "create", "x"],
        &["keys", "list"],
        &["init"],
        &["logout"],
        &["store", "info"],
        &["store", "check"],
        &["store", "migrate"],
        &["store", "backup", "copy.db"],
    ] {
        let (output, elapsed) = run_timed(&sandbox, words, "0s");
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 75, stderr
        error: timed out waiting for a lock
        hint: try again, or wait longer with `--wait`
        "));
        assert!(elapsed < Duration::from_secs(5), "{words:?}: {elapsed:?}");
    }
    for (wait, seconds) in [("1s", 1), ("12s", 12)] {
        let (output, elapsed) = run_timed(&sandbox, &["users", "list"], wait);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 75, stderr
        error: timed out waiting for a lock
        hint: try again, or wait longer with `--wait`
        "));
        let minimum = Duration::from_secs(seconds);
        assert!(elapsed >= minimum && elapsed < minimum + Duration::from_secs(5), "{elapsed:?}");
    }
    stopped.kill();
    sandbox.run(&["users", "list"]).ok();
}
